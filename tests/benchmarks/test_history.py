"""A past that is made up by a few statements leaves books that the audit after the test finds right."""

import asyncpg
from benchmarks.spends.history import make_history

from brimful.usecases.answers import SpendDone
from tests.builders.world import World

SPENDS = 300


async def test_a_made_up_past_is_a_past(world: World, dsn: str) -> None:
    """It is spent and numbered, and spends go on behind it."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=10_000)
    for name in ("One", "Two"):
        await world.open(name, "Agency")
        await world.stock(name, credits=1_000)
    connection = await asyncpg.connect(dsn)
    accounts = [world.names["One"], world.names["Two"]]
    await make_history(connection, accounts, SPENDS)
    entries = await connection.fetchval(
        "select count(*) from entry where account_id = any ($1::uuid[]) and kind = 'spend'",
        accounts,
    )
    await connection.close()
    assert entries == 2 * SPENDS
    done = await world.spend("One", 100)
    assert isinstance(done, SpendDone) and done.balance_after == 1_000 - SPENDS - 100
    assert (await world.credits("Two")).free == 1_000 - SPENDS
