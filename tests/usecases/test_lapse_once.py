"""R36: what ends with its month lapses once, whoever comes upon it first."""

import asyncio

import asyncpg

from brimful.usecases.answers import Bought, SpendDone
from tests.builders.calendar import Calendar, subscribers
from tests.builders.held import blocked, until
from tests.usecases.test_renewals import NEXT

_SETTLE = "select settle_v1($1, $2, $3)"


async def test_r36_a_delivery_that_meets_a_spend_at_the_end_of_a_lot_lapses_it_once(
    calendar: Calendar, dsn: str
) -> None:
    """The spend has let the rest of the month lapse and is not committed: the renewal, which saw it
    unlapsed, waits for it and finds nothing left. Additional credits are what they were."""
    world = calendar.world
    await subscribers(calendar, "Anna", credits=1_000, stock=50_000)
    pack = await world.package("Agency", 2_500, credits=3_000)
    assert isinstance(await world.buy("Anna", pack), Bought)
    assert isinstance(await world.spend("Anna", 700), SpendDone)
    tenant_id, anna = world.names["Agency"], world.names["Anna"]
    await world.db.execute(_SETTLE, tenant_id, anna, calendar.clock.at)
    spender = await asyncpg.connect(dsn)
    try:
        async with spender.transaction():
            await spender.execute(_SETTLE, tenant_id, anna, NEXT)
            renewing = asyncio.create_task(calendar.go_to(NEXT))
            async with world.db.transaction() as tx:
                await until(lambda: blocked(tx, 1))
        await renewing
    finally:
        await spender.close()
    credits = await world.credits("Anna")
    assert (credits.free, credits.lapsed) == (4_000, 300)
