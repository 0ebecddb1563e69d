"""Spends over HTTP, one a request, on one hot account and spread over many.

``brimful serve``, PostgreSQL and the load generator are processes of this machine. The rival is one SQL
call a spend on the same PostgreSQL, without HTTP.
"""

import asyncio

from benchmarks.figure import Figure
from benchmarks.spends.load import Load
from benchmarks.spends.measured import Measured, tell
from benchmarks.spends.rival import Rival, rivals
from benchmarks.spends.sizes import sizes
from benchmarks.spends.stage import stage
from benchmarks.spends.world import make_world

FULL_P99_LIMIT_MS = 60.0
HALF_P99_LIMIT_MS = 15.0


def run() -> list[Figure]:
    """Rates with the rival's, and latency at full and at half load."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        figures: list[Figure] = []
        async with at.serving(chosen.servers) as (addresses, meter):
            load = Load(
                stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter
            )  # fmt: skip
            rival = await rivals(at, chosen, meter)
            for name, accounts in (("hot", [world.hot]), ("spread", world.many)):
                theirs = await rival.measure(hot=name == "hot")
                full, half = await load.full_and_half(accounts, 10 * len(figures))
                figures += [tell(one) for one in _figures(f"spend_http_{name}", full, half, theirs)]
        await at.check_books()
        return figures


def _figures(name: str, full: Measured, half: Measured, rival: Rival) -> list[Figure]:
    details = {
        **full.details(),
        "rivals": {by: measured.details() for by, measured in rival.runs.items()},
    }
    limits = (
        ("p99_ms", full, FULL_P99_LIMIT_MS),
        ("half_p99_ms", half, HALF_P99_LIMIT_MS),
    )
    return [
        Figure(
            name=name,
            value=full.per_second,
            unit="spends/s",
            rival=rival.name,
            rival_value=rival.best.per_second,
            more_is_better=True,
            details=details,
        ),
        *(
            Figure(
                name=f"{name}_{what}",
                value=measured.outcome.p99_ms,
                unit="ms",
                rival="limit",
                rival_value=limit,
                details=measured.details(),
            )
            for what, measured, limit in limits
        ),
    ]
