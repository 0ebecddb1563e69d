"""Renewals of an agency and its clients that are due in the same instant (R35)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from brimful.usecases.answers import Bought
from brimful.usecases.renew import Begun, renew_due
from tests.builders.calendar import Calendar
from tests.builders.held import SOON_S
from tests.usecases.test_renewals import NEXT


@pytest.fixture
async def both_due(calendar: Calendar) -> AsyncIterator[Calendar]:
    """The agency's plan and its client's are due now; in the end both are renewed."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    wholesale = await world.package(None, 9_900, credits=12_000, interval="month", name="Wholesale")
    plan = await world.package("Agency", 4_900, credits=10_000, interval="month", name="Plan")
    await world.open("Anna", "Agency")
    await world.card("Anna")
    assert isinstance(await world.buy("Agency", wholesale), Bought)
    assert isinstance(await world.buy("Anna", plan), Bought)
    calendar.clock.at = NEXT
    yield calendar
    await calendar.work()
    assert (await world.credits("Anna")).received == 20_000
    assert (await world.credits("Agency")).received == 24_000


async def begin(calendar: Calendar, seller: str) -> Begun:
    """Begin what is due of a seller's buyers; an answer that takes long is an error."""
    account = await calendar.world.account(seller)
    async with asyncio.timeout(SOON_S):
        return await renew_due(
            calendar.world.engine.ctx,
            tenant_id=account.tenant_id,
            seller_id=account.account_id,
            moment=calendar.world.engine.clock.moment(),
        )


async def test_r35_who_comes_after_an_ancestor_takes_no_lock(both_due: Calendar, dsn: str) -> None:
    """The agency's pool is locked by its own renewal, or soon will be: its clients' neither wait for
    that nor stand in its way."""
    agency = await both_due.world.account("Agency")
    other = await asyncpg.connect(dsn)
    async with other.transaction():
        await other.execute("select from pool where account_id = $1 for update", agency.account_id)
        assert await begin(both_due, "Agency") == Begun(0)
    await other.close()
