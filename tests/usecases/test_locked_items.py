"""R24: of what a scan does, one whose rows others keep is left for the next, and the rest is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from brimful.db.address import DatabaseGone, LockedByOthers
from brimful.db.limits import Limits
from brimful.db.transaction import connect
from brimful.domain.effect import Effect, MailDue
from brimful.usecases.close_account import close_account, empty_closed
from brimful.usecases.context import Context
from brimful.usecases.end_hold import end_holds
from brimful.usecases.one_by_one import Due, one_by_one
from brimful.usecases.suspend import suspend_overdue
from tests.builders.calendar import DAY, Calendar, subscribers
from tests.builders.holds import held, is_over, state
from tests.builders.world import World, small_world


@asynccontextmanager
async def kept(world: World, dsn: str, name: str) -> AsyncIterator[Context]:
    """While somebody else, who says nothing, keeps all rows of an account: a process that waits for a
    lock for half a second."""
    db = await connect(dsn, size_max=2, limits=Limits(lock_s=0.5))
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            for table in ("pool", "balance", "credit_hold", "subscription"):
                await other.execute(
                    f"select from {table} where account_id = $1 for update", world.names[name]
                )
            yield replace(world.engine.ctx, db=db)
    finally:
        await other.close()
        await db.close()


async def test_r24_a_hold_that_others_keep_holds_up_no_other(world: World, dsn: str) -> None:
    """Two of one account and one of another are over: the other's is ended, and the two are next."""
    await small_world(world, clients=2)
    await world.stock("Agency", credits=200)
    for name in ("Client 1", "Client 2"):
        await world.stock(name, credits=100)
    kept_ones = [await held(world, "Client 1", credits) for credits in (10, 20)]
    free = await held(world, "Client 2", 30)
    for hold_id in (*kept_ones, free):
        await is_over(world, hold_id)
    async with kept(world, dsn, "Client 1") as ctx:
        await end_holds(ctx, moment=world.engine.now())
        assert [(await state(world, one))[0] for one in kept_ones] == ["standing", "standing"]
        assert (await state(world, free))[0] == "expired"
    await end_holds(world.engine.ctx, moment=world.engine.now())
    assert [(await state(world, one))[0] for one in kept_ones] == ["expired", "expired"]


async def test_r35_a_subscriber_that_others_keep_is_suspended_later(
    calendar: Calendar, dsn: str
) -> None:
    """Both are past due for seven days; each owner is told once, when it is so."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben")
    moment = world.engine.now()
    await world.db.execute(
        "update subscription set state = 'past_due', past_due_since = $1", moment.at - 8 * DAY
    )

    async def suspended() -> list[str]:
        names = ("Anna", "Ben")
        states = {name: (await calendar.subscription(name))["state"] for name in names}
        told = [n["kind"] for name in names for n in await world.notices(name)]
        assert told.count("suspended") == list(states.values()).count("suspended")
        return [name for name in names if states[name] == "suspended"]

    async with kept(world, dsn, "Anna") as ctx:
        assert await suspend_overdue(ctx, moment=moment) == (MailDue(),)
        assert await suspended() == ["Ben"]
    assert await suspend_overdue(world.engine.ctx, moment=moment) == (MailDue(),)
    assert await suspended() == ["Anna", "Ben"]


async def test_r46_a_closed_account_that_others_keep_is_emptied_later(
    world: World, dsn: str
) -> None:
    """Of two that are to be looked at again, the other is emptied at once."""
    await small_world(world, clients=2)
    moment = world.engine.now()
    for name in ("Client 1", "Client 2"):
        account = await world.account(name)
        await close_account(
            world.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            given_by="test",
            moment=moment,
        )
    await world.db.execute("update account set emptied_at = null where state = 'closed'")

    async def emptied() -> list[str]:
        rows = await world.db.fetch("select account_id from account where emptied_at is not null")
        ids = {row["account_id"] for row in rows}
        return [name for name in ("Client 1", "Client 2") if world.names[name] in ids]

    async with kept(world, dsn, "Client 1") as ctx:
        await empty_closed(ctx, moment=moment)
        assert await emptied() == ["Client 2"]
    await empty_closed(world.engine.ctx, moment=moment)
    assert await emptied() == ["Client 1", "Client 2"]


def due(done: list[int], number: int, lock: int, problem: Exception | None = None) -> Due:
    """One that is done, or raises."""

    async def do() -> tuple[Effect, ...]:
        done.append(number)
        if problem is not None:
            raise problem
        return (MailDue(),)

    return Due(UUID(int=number), UUID(int=lock), do)


REFUSED = asyncpg.CheckViolationError("refused")
HELD = LockedByOthers("held")
AWAY = DatabaseGone("away")


@pytest.mark.parametrize(
    ("problem", "tried"), [(REFUSED, [1, 2, 3]), (HELD, [1, 3])], ids=["refused", "held"]
)
async def test_r24_one_that_cannot_be_done_is_skipped(problem: Exception, tried: list[int]) -> None:
    """And what needs the same lock with it, when that is why: it would wait as long again."""
    done: list[int] = []
    items = [due(done, 1, 7, problem), due(done, 2, 7), due(done, 3, 8)]
    effects = await one_by_one("not_done", items)
    assert (done, len(effects)) == (tried, len(tried) - 1)


async def test_r24_a_database_that_is_away_ends_the_scan() -> None:
    """Nothing else could be done either."""
    done: list[int] = []
    with pytest.raises(DatabaseGone):
        await one_by_one("not_done", [due(done, 1, 7, AWAY), due(done, 2, 8)])
    assert done == [1]
