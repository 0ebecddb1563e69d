"""R46: moves that meet something else: purchases, new periods, what is owed, closings, other moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import asyncpg
import pytest

from brimful.db.sqlfile import load
from brimful.domain.effect import Renew
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.close_account import Closed
from brimful.usecases.set_move import MoveSet
from brimful.usecases.set_overdraft import set_overdraft
from brimful.usecases.steps import Step
from tests.builders.clock import ShiftedClock
from tests.builders.held import SOON_S, blocked, until
from tests.builders.moving import (
    HOUR,
    JUNE,
    MAY,
    client_of_north,
    merchant,
    move,
    pack_of,
    seller_of,
    told,
    two_sellers,
)
from tests.builders.year import Year, held_up


async def test_r46_chatbots_of_clients_that_the_new_seller_does_not_have(year: Year) -> None:
    """At once it is refused; at period end it does not happen, North renews where it is, and the new
    seller alone hears why."""
    await client_of_north(year)
    await year.open("East", "Agency", sells=True)
    answer = await move(year, "North", "East")
    assert isinstance(answer, Refuse) and answer.reason is Reason.insufficient_chatbots
    plan = await year.package("Agency", 4_000, credits=100, interval="month")
    assert isinstance(await year.buy("North", plan), Bought)
    assert isinstance(await move(year, "North", "East"), MoveSet)
    await year.until(MAY)
    assert await seller_of(year, "North") == "Agency"
    assert (await year.account("North")).moves_at is None
    assert (await year.subscription("North"))["period_ends_at"] == JUNE
    assert (await told(year, "East"))[-1] == "client_coming_dropped"
    why = "There are not enough chatbots."
    assert why in (await year.notices("East"))[-1]["body"]
    [dropped] = [n for n in await year.notices("North") if n["kind"] == "move_dropped"]
    assert why not in dropped["body"]


async def test_r46_a_purchase_under_way_is_waited_for(year: Year) -> None:
    """Its card is being charged when the period ends: it is delivered by North first, nothing renews
    there meanwhile, and then the account moves."""
    await client_of_north(year)
    await move(year, "Client", "South")
    await year.until(MAY - HOUR)
    async with held_up(year, Step.before_confirm, "Client") as reached:
        buying = asyncio.create_task(year.buy("Client", await pack_of(year, "North")))
        await asyncio.wait_for(reached.wait(), SOON_S)
        cast(ShiftedClock, year.engine.clock).advance(HOUR)
        await year.engine.take_up_due_work()
        renew = Renew(year.names["Agency"], year.names["North"])
        await asyncio.wait_for(year.engine.renewing.renew(renew), SOON_S)
        assert await seller_of(year, "Client") == "North"
    assert isinstance(await buying, Bought)
    await year.settle()
    await year.engine.take_up_due_work()
    await year.settle()
    assert await seller_of(year, "Client") == "South"
    assert year.taken(await merchant(year, "North")) == [3_000, 2_500, 2_500]
    assert isinstance(await year.spend("Client", 6_500), SpendDone)


async def test_r46_at_once_means_after_the_purchase_that_is_under_way(year: Year) -> None:
    """Its card is being charged when the move is asked for: it has not moved, and the next look for
    work after the delivery moves it."""
    await two_sellers(year)
    await year.open("Client", "North")
    await year.card("Client")
    async with held_up(year, Step.before_confirm, "Client") as reached:
        buying = asyncio.create_task(year.buy("Client", await pack_of(year, "North")))
        await asyncio.wait_for(reached.wait(), SOON_S)
        answer = await move(year, "Client", "South", wait=False)
        assert isinstance(answer, MoveSet) and not answer.moved
        assert await seller_of(year, "Client") == "North"
    assert isinstance(await buying, Bought)
    await year.engine.take_up_due_work()
    await year.settle()
    assert await seller_of(year, "Client") == "South"
    assert (await year.credits("Client")).free == 3_000


async def test_r46_a_period_that_began_since_is_waited_for(year: Year) -> None:
    """A plan bought after the move was set, by the quarter: what is paid for is had to its end."""
    await two_sellers(year)
    quarter = await year.package("North", 9_000, credits=1_000, chatbots=2, interval="quarter")
    await year.open("Client", "North")
    await year.card("Client")
    assert isinstance(await year.buy("Client", await year.plan_of("North")), Bought)
    await move(year, "Client", "South")
    await year.change("Client", quarter)
    ends_at = (await year.subscription("Client"))["period_ends_at"]
    assert ends_at > MAY
    await year.until(MAY)
    assert await seller_of(year, "Client") == "North"
    assert (await year.account("Client")).moves_at == ends_at
    await year.until(ends_at)
    assert await seller_of(year, "Client") == "South"


async def test_r46_what_is_owed_to_one_seller_is_not_collected_by_another(year: Year) -> None:
    """30 cents owed to North stay owed to North, and are no part of what South charges (R26)."""
    await two_sellers(year)
    small = await year.package("North", 30, credits=10)
    await year.open("Client", "North")
    await year.card("Client")
    assert isinstance(await year.buy("Client", small), Bought)
    await year.settle()
    await move(year, "Client", "South")
    await year.card("Client")
    assert isinstance(await year.buy("Client", await pack_of(year, "South")), Bought)
    assert isinstance(await year.buy("Client", await year.plan_of("South")), Bought)
    await year.until(MAY)
    assert year.taken(await merchant(year, "South")) == [2_500, 3_000, 3_000]
    owed = await year.db.fetchval("select amount_minor from receivable where collected_by is null")
    assert owed == 30


async def test_r46_what_the_old_seller_allowed_ends(year: Year) -> None:
    """An overdraft, and a limit of what the client may cost."""
    await client_of_north(year)
    account = await year.account("Client")
    await set_overdraft(
        year.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        limit_credits=50,
        moment=year.engine.clock.moment(),
    )
    await year.db.execute(
        "insert into child_limit values ($1, $2, $3, 5)",
        account.tenant_id,
        year.names["North"],
        account.account_id,
    )
    await move(year, "Client", "South")
    await year.until(MAY)
    assert await year.db.fetchval("select limit_credits from overdraft") == 0
    assert await year.db.fetchval("select count(*) from child_limit") == 0


async def test_r46_its_clients_moved_an_agency_closes_and_credits_find_their_way_back(
    year: Year,
) -> None:
    """North closes once its client is South's. Closed itself later, the client gives 3,500 credits
    back to North, which sold them, and from there they go on to the agency."""
    await client_of_north(year)
    refused = await year.close("North")
    assert isinstance(refused, Refuse) and refused.reason is Reason.has_clients
    await move(year, "Client", "South")
    await year.until(MAY)
    before = (await year.credits("Agency")).free
    assert isinstance(await year.close("North"), Closed)
    freed = (await year.credits("Agency")).free - before
    assert isinstance(await year.close("Client"), Closed)
    await year.engine.take_up_due_work()
    await year.settle()
    assert (await year.credits("North")).free == 0
    assert (await year.credits("Agency")).free == before + freed + 3_500
    assert (await year.chatbots("South")).free == 9


async def test_r46_two_sellers_that_move_below_each_other_make_no_circle(year: Year) -> None:
    """Both set for the end of May's period: the first has moved when the second is looked at."""
    await two_sellers(year)
    plan = await year.package("Agency", 4_000, credits=100, interval="month")
    for name in ("North", "South"):
        assert isinstance(await year.buy(name, plan), Bought)
    assert isinstance(await move(year, "North", "South"), MoveSet)
    assert isinstance(await move(year, "South", "North"), MoveSet)
    await year.until(MAY)
    sellers = {await seller_of(year, "North"), await seller_of(year, "South")}
    assert "Agency" in sellers and len(sellers) == 2
    dropped = await year.db.fetchval("select count(*) from notice where kind = 'move_dropped'")
    assert dropped == 1


async def test_r46_closing_drops_a_move(year: Year) -> None:
    """A closed account goes nowhere."""
    await client_of_north(year)
    await move(year, "Client", "South")
    assert isinstance(await year.close("Client"), Closed)
    await year.until(MAY)
    assert await seller_of(year, "Client") == "North"


@contextlib.asynccontextmanager
async def moving_by_hand(year: Year, dsn: str, name: str, to: str) -> AsyncIterator[None]:
    """A move whose locks are held inside, and which is committed when one statement waits for them."""
    tenant_id = year.names["Agency"]
    mover = await asyncpg.connect(dsn)
    try:
        async with mover.transaction():
            await mover.execute(load("brimful.ledger", "lock_tree"), tenant_id)
            await mover.execute(load("brimful.ledger", "lock_pools"), tenant_id, [year.names[name]])
            await mover.execute(
                load("brimful.billing", "place_below"), tenant_id, year.names[name], year.names[to]
            )
            yield
            await until(lambda: blocked(year.db, 1))
    finally:
        await mover.close()


async def test_r46_who_waits_for_a_pool_that_moves_begins_anew(year: Year, dsn: str) -> None:
    """It had asked for the old seller's pool, and would decide on the new one's without its lock."""
    await two_sellers(year)
    await year.open("Client", "North")

    async def lock() -> None:
        async with year.db.transaction() as tx:
            await demands.lock_buyer(tx, year.names["Agency"], year.names["Client"])

    async with moving_by_hand(year, dsn, "Client", "South"):
        locking = asyncio.create_task(lock())
    with pytest.raises(asyncpg.SerializationError):
        await locking
    await lock()


async def test_r46_an_account_opened_below_one_that_moves_stands_where_that_is(
    year: Year, dsn: str
) -> None:
    """The place of its seller was read before the move, and is read again after it."""
    await two_sellers(year)
    await year.open("West", "Agency", sells=True)
    await year.open("East", "West", sells=True)
    async with moving_by_hand(year, dsn, "West", "South"):
        opening = asyncio.create_task(year.open("Client", "East"))
    client, south = await opening, await year.account("South")
    between = [year.names["West"], year.names["East"]]
    assert client.ancestors == [*south.ancestors, *between, client.account_id]
