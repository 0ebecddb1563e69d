"""Batches of spends, over HTTP and within a process, with refusals and keys that come again. The rival is one SQL call a spend, on as many accounts."""

import asyncio

from benchmarks.figure import Figure
from benchmarks.spends import batches
from benchmarks.spends.load import Load, answered
from benchmarks.spends.measured import Measured, measure, tell
from benchmarks.spends.meters import Meter
from benchmarks.spends.plan import Plan
from benchmarks.spends.rival import Rival, rivals
from benchmarks.spends.sizes import Sizes, sizes
from benchmarks.spends.stage import Stage, stage
from benchmarks.spends.world import World, make_world

LIMITS = {
    "spend_batch_http": 40_000.0,
    "spend_batch_inproc": 60_000.0,
    "spend_batch_inproc_hot": 60_000.0,
}


def run() -> list[Figure]:
    """Spends a second in batches, with the rival's, and with the limits."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        meter = Meter(at.connection, {"postgres": [at.postmaster]})
        theirs = await rivals(at, chosen, meter)
        rival = await theirs.measure(hot=False)
        # Before anything was used, so that no worker has sums of it to carry.
        figures = _figures("spend_batch_http", await _http(at, chosen, world), rival)
        spread = await _inproc(at, chosen, world, meter, world.many)
        figures += _figures("spend_batch_inproc", spread, rival)
        hot = await _inproc(at, chosen, world, meter, [world.hot])
        figures += _figures("spend_batch_inproc_hot", hot, await theirs.measure(hot=True))
        await at.check_books()
        return figures


async def _inproc(
    at: Stage, chosen: Sizes, world: World, meter: Meter, accounts: list[str]
) -> Measured:
    plan = Plan(
        seconds=chosen.seconds,
        warm_up_s=chosen.warm_up_s,
        connections=chosen.batches_at_once,
        # Keys are drawn: those of another run would be answered, not done.
        seed=chosen.seed + len(accounts),
        accounts=accounts,
        poor=world.poor,
        batch=chosen.batch,
        dsn=at.dsn,
        bank_url=at.bank_url,
    )
    await at.calm()
    return answered(await measure("benchmarks.spends.inproc", plan, meter, "engine"))


async def _http(at: Stage, chosen: Sizes, world: World) -> Measured:
    async with at.serving(chosen.servers) as (addresses, meter):
        load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
        plan = load.plan(
            world.many,
            seed=100,
            connections=chosen.batches_at_once,
            path=batches.path_of(world.platform),
            batch=chosen.batch,
            poor=world.poor,
        )
        return await load.run(plan)


def _figures(name: str, measured: Measured, rival: Rival) -> list[Figure]:
    limit = LIMITS[name]
    beside = ((name, rival.name, rival.best.per_second), (f"{name}_limit", "limit", limit))
    return [
        tell(
            Figure(
                name=called,
                value=measured.per_second,
                unit="spends/s",
                rival=other,
                rival_value=value,
                more_is_better=True,
                details=measured.details(),
            )
        )
        for called, other, value in beside
    ]
