"""Two processes that serve the API beside one, on the same database: full load on one hot account and
spread over many. Where the limit lies, the CPU seconds by process tell."""

import asyncio

from benchmarks.figure import Figure
from benchmarks.spends.load import Load
from benchmarks.spends.measured import Measured, tell
from benchmarks.spends.sizes import Sizes, sizes
from benchmarks.spends.stage import Stage, stage
from benchmarks.spends.world import World, make_world


def run() -> list[Figure]:
    """The rate with two, with that of one."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        one, two = [await _measured(at, chosen, world, servers) for servers in (1, 2)]
        await at.check_books()
    return [
        tell(
            Figure(
                name=f"spend_http_two_{name}",
                value=two[name].per_second,
                unit="spends/s",
                rival="one process",
                rival_value=one[name].per_second,
                more_is_better=True,
                details={"two": two[name].details(), "one": one[name].details()},
            )
        )
        for name in one
    ]


async def _measured(at: Stage, chosen: Sizes, world: World, servers: int) -> dict[str, Measured]:
    """By name, with so many processes."""
    async with at.serving(servers) as (addresses, meter):
        load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
        seed = 10 * servers
        return {
            "hot": await load.run(load.plan([world.hot], seed=seed)),
            "spread": await load.run(load.plan(world.many, seed=seed + 1)),
        }
