"""Renewals of an agency and its clients that are due in the same instant (R35)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from brimful.billing import disconnections, renewals
from brimful.usecases.answers import Bought
from brimful.usecases.renew import Begun, renew_due
from brimful.usecases.steps import Step
from tests.builders.calendar import Calendar, subscribers
from tests.builders.held import SOON_S, held_at, until
from tests.usecases.test_renewals import NEXT

MOVE = "update purchase set state = $1 where state = $2 and buyer_id = $3"


async def is_held_up(calendar: Calendar, name: str) -> bool:
    """Whether something of the account, or of one above it, has to renew before what is below it."""
    account = await calendar.world.account(name)
    async with calendar.world.db.transaction() as tx:
        return await renewals.is_renewing_above(tx, account.tenant_id, account.account_id, NEXT)


async def test_r35_a_hold_that_is_given_back_holds_up_nobody_below(calendar: Calendar) -> None:
    """A renewal whose card is held waits for its seller; once it is given back, which a gateway that is
    closed to us may refuse for ever, what is due below its buyer begins."""
    world = calendar.world
    await subscribers(calendar, "Anna", credits=1_000)
    anna, agency = world.names["Anna"], world.names["Agency"]
    calendar.clock.at = NEXT

    async def waits() -> bool:
        return bool(
            await world.db.fetchval("select count(*) from purchase where state = 'waiting'")
        )

    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        await world.engine.take_up_due_work()
        await until(waits)
        assert await is_held_up(calendar, "Anna") is True
        await world.db.execute(MOVE, "canceling", "waiting", anna)
        assert await is_held_up(calendar, "Anna") is False
        await world.db.execute(MOVE, "waiting", "canceling", anna)
        held.go.set()
    await calendar.work()
    assert (await world.credits("Anna")).received == 2_000


async def test_r35_a_charge_at_a_closed_account_holds_up_nobody_below(calendar: Calendar) -> None:
    """What may have been charged is waited for while it is cancelled: it may come out as paid. Not
    where the seller's account is closed to us, so that it can be neither cancelled nor read."""
    world = calendar.world
    await subscribers(calendar, "Anna", credits=1_000, stock=1_000)
    anna, agency = world.names["Anna"], await world.account("Agency")
    calendar.clock.at = NEXT
    seller = (agency.tenant_id, agency.account_id)
    async with held_at(Step.before_create, lambda purchase: purchase.buyer_id == anna) as held:
        await world.engine.take_up_due_work()
        await held.arrived.wait()
        await world.db.execute(MOVE, "canceling", "planned", anna)
        assert await is_held_up(calendar, "Anna") is True
        async with world.db.transaction() as tx:
            await disconnections.note(tx, *seller, world.engine.now())
        assert await is_held_up(calendar, "Anna") is False
        async with world.db.transaction() as tx:
            await disconnections.end(tx, *seller, world.engine.now().real_at)
        await world.db.execute(MOVE, "planned", "canceling", anna)
        held.go.set()
    await calendar.work()
    assert (await world.credits("Anna")).received == 2_000


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
