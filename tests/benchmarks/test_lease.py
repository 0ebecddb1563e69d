"""What the benchmark of leases spends is charged."""

import asyncio

from benchmarks.spends.lease import spend_for

from brimful.client import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World


async def test_what_is_spent_of_leases_is_charged(world: World) -> None:
    """The last lease in part; the rest is back."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=1_000_000_000)
    async with serving_api(world, with_worker=False) as url:
        api = Api(url=url, key=await key_for(world, None))
        spent = await asyncio.to_thread(spend_for, api, acc(world, "Agency"), 0.2, 30_000)
    stock = await world.credits("Agency")
    assert spent.leases >= 1 and spent.spends >= 10_000
    assert (stock.used, stock.held) == (spent.spends, 0)
