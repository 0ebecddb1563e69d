"""R24: of what a scan does, one whose rows others keep is left for the next, and the rest is done."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from brimful.db.address import DatabaseGone, LockedByOthers
from brimful.domain.effect import Drive, Effect, MailDue
from brimful.effects.due_work import begin_due_work
from brimful.usecases.answers import Bought
from brimful.usecases.buy_package import buy_package
from brimful.usecases.close_account import close_account, empty_closed
from brimful.usecases.end_hold import end_holds
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.set_move import MoveSet
from brimful.usecases.suspend import suspend_overdue
from tests.builders.calendar import DAY, Calendar, subscribers
from tests.builders.clock import ShiftedClock
from tests.builders.holds import held, is_over, state
from tests.builders.kept import kept
from tests.builders.moving import MAY, move, pack_of, seller_of, two_sellers
from tests.builders.world import World, small_world
from tests.builders.year import Year


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


async def test_r24_a_tree_that_others_keep_holds_up_nothing_that_a_dead_process_left(
    year: Year, dsn: str
) -> None:
    """Somebody keeps a tenant's root, and three of its accounts are due to move. What a process began
    and left is taken up before anything is waited for, and the third is not waited for; the root let
    go, the next scan moves all."""
    await two_sellers(year)
    movers = [f"Client {number}" for number in range(3)]
    for name in movers:
        await year.open(name, "North")
        await year.card(name)
        assert isinstance(await year.buy(name, await year.plan_of("North")), Bought)
        assert isinstance(await move(year, name, "South"), MoveSet)
    await year.open("Buyer", "South")
    await year.card("Buyer")
    cast(ShiftedClock, year.engine.clock).advance(MAY - year.now)
    buyer = await year.account("Buyer")
    begun = await buy_package(
        year.engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        package_id=await pack_of(year, "South"),
        quantity=1,
        key="left",
        body_hash=b"left",
        moment=year.engine.now(),
    )
    assert isinstance(begun, Bought)
    left = Drive(buyer.tenant_id, begun.purchase_id)
    waited: list[int] = []

    def run(effects: Iterable[Effect]) -> None:
        if left in effects:
            waited.append(len(told))

    root = "select from account where account_id = $1 for no key update"
    with capture_logs() as told:
        async with kept(year, dsn, "Agency", only=root) as ctx:
            await begin_due_work(ctx, now=year.engine.now, run=run, limit=200)
    assert waited == [0]
    assert [one["event"] for one in told] == ["account_not_moved"] * 2
    await year.engine.take_up_due_work()
    await year.settle()
    assert [await seller_of(year, name) for name in movers] == ["South"] * 3


def due(
    done: list[int],
    number: int,
    lock: int,
    problem: Exception | None = None,
    shares: UUID | None = None,
) -> Piece:
    """One that is done, or raises."""

    async def do() -> tuple[Effect, ...]:
        done.append(number)
        if problem is not None:
            raise problem
        return (MailDue(),)

    return Piece(UUID(int=number), UUID(int=lock), do, shares)


REFUSED = asyncpg.CheckViolationError("refused")
HELD = LockedByOthers("held")
AWAY = DatabaseGone("away")
FAULT = AssertionError("of ours")
TREE = UUID(int=9)


@pytest.mark.parametrize(
    ("problem", "tried"),
    [(REFUSED, [1, 2, 3]), (FAULT, [1, 2, 3]), (HELD, [1, 3])],
    ids=["refused", "fault", "held"],
)
async def test_r24_one_that_cannot_be_done_is_skipped(problem: Exception, tried: list[int]) -> None:
    """And what needs the same lock with it, when that is why: it would wait as long again."""
    done: list[int] = []
    items = [due(done, 1, 7, problem), due(done, 2, 7), due(done, 3, 8)]
    effects = await one_by_one("not_done", items)
    assert (done, len(effects)) == (tried, len(tried) - 1)


async def test_r24_two_in_a_row_that_are_held_share_what_is_held() -> None:
    """One may be so by itself, and the next goes on; after two it is the tenant's tree, and the rest of
    the tenant is left for the next scan, not others."""
    done: list[int] = []
    problems = [HELD, None, HELD, HELD, None]
    items = [due(done, n, n, problem, TREE) for n, problem in enumerate(problems)]
    await one_by_one("not_done", [*items, due(done, 5, 5, None, UUID(int=8)), due(done, 6, 6)])
    assert done == [0, 1, 2, 3, 5, 6]


async def test_r24_a_database_that_is_away_ends_the_scan() -> None:
    """Nothing else could be done either."""
    done: list[int] = []
    with pytest.raises(DatabaseGone):
        await one_by_one("not_done", [due(done, 1, 7, AWAY), due(done, 2, 8)])
    assert done == [1]
