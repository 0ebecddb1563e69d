"""Short, paid, resumed: what brimful adds to the gateway's own time, with other accounts spending
meanwhile, and what that does to them."""

import asyncio
from functools import partial

from benchmarks.figure import Figure
from benchmarks.spends.load import Load
from benchmarks.spends.measured import Measured, tell
from benchmarks.spends.plan import quantile_ms
from benchmarks.spends.shorts import PER_SECOND, Resumed, make_shorts, resume
from benchmarks.spends.sizes import sizes
from benchmarks.spends.stage import stage
from benchmarks.spends.world import make_world

P50_LIMIT_MS, P99_LIMIT_MS = 10.0, 40.0
# Of the gateway: made and confirmed; made, held and captured around the purchase of the seller.
CALLS = {"resume_overhead": 2, "resume_cascade": 5}


def run() -> list[Figure]:
    """Milliseconds beside the gateway's, for one level and for a cascade of two."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, sandbox = await make_world(at, engine, chosen.accounts)
            shorts = await make_shorts(sandbox)
        figures: list[Figure] = []
        async with at.serving(chosen.servers) as (addresses, meter):
            load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
            seconds = chosen.resumes / PER_SECOND
            plan = partial(load.plan, world.many, rate=chosen.background, seconds=seconds)
            alone = await load.run(plan(seed=1))
            levels = (
                ("resume_overhead", shorts.one_level, 1),
                ("resume_cascade", shorts.cascade, 2),
            )
            for name, accounts, depth in levels:
                found: list[Resumed] = []

                async def during(
                    accounts: list[str] = accounts, name: str = name, found: list[Resumed] = found
                ) -> None:
                    found.append(
                        await resume(
                            accounts,
                            CALLS[name],
                            address=addresses[0],
                            key=world.key,
                            bank_url=at.bank_url,
                            within_s=seconds,
                        )
                    )

                beside = await load.run(plan(seed=1 + depth), during)
                made = _figures(name, depth, found[0], alone, beside)
                figures += [tell(one) for one in made]
        await at.check_books()
        return figures


def _figures(
    name: str, depth: int, resumed: Resumed, alone: Measured, beside: Measured
) -> list[Figure]:
    details = {
        "resumed": len(resumed.ours_s),
        "with_gateway_ms_p50": quantile_ms(resumed.total_s, 50),
        "with_gateway_ms_p99": quantile_ms(resumed.total_s, 99),
        "background": beside.details(),
    }
    parts = ((50, P50_LIMIT_MS), (99, P99_LIMIT_MS))
    return [
        *(
            Figure(
                name=f"{name}_ms_p{percent}",
                value=quantile_ms(resumed.ours_s, percent),
                unit="ms",
                rival="limit",
                rival_value=limit * depth,
                details=details,
            )
            for percent, limit in parts
        ),
        Figure(
            name=f"{name}_background_ms_p99",
            value=beside.outcome.p99_ms,
            unit="ms",
            rival="twice that without",
            rival_value=2 * alone.outcome.p99_ms,
            details={"without": alone.details()},
        ),
    ]
