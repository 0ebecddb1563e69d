"""What is refused for many at once is refused as it would have been one by one (R16, R18, R27)."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from brimful.db.transaction import Database
from brimful.domain.reason import Refuse
from brimful.effects import spending
from brimful.ledger.spends import NewSpend
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.refuse_without_buying import refuse_without_buying
from brimful.usecases.steps import Step
from tests.builders.clock import ShiftedClock
from tests.builders.holds import held
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world
from tests.builders.year import Year, held_up

CLIENT = "Client 1"


@pytest.fixture
async def client(world: World) -> World:
    """A client with 10 credits, whose owner has not switched auto-billing on."""
    await small_world(world)
    await world.stock("Agency", credits=10)
    await world.stock(CLIENT, credits=10)
    await world.auto_billing(CLIENT, enabled=False)
    await world.settle()
    return world


async def asked(world: World, credits: int, name: str = CLIENT) -> NewSpend:
    """A spend of a client."""
    account = await world.account(name)
    return new_spend(account.tenant_id, account.account_id, credits)


async def refused(world: World, *spends: NewSpend) -> list[Refuse | None]:
    """What is said of each at once."""
    told = await refuse_without_buying(world.engine.ctx, spends, world.engine.now())
    return [told.get(one.spend_id) for one in spends]


@pytest.mark.parametrize("seller_buys", [True, False])
async def test_r27_the_answer_is_that_of_one_alone(client: World, seller_buys: bool) -> None:
    """Off, where the seller would allow it, and unavailable where not."""
    await client.auto_billing("Agency", enabled=seller_buys)
    few, many = await asked(client, 10), await asked(client, 11)
    assert await refused(client, few, many) == [None, await client.spend(CLIENT, 11)]
    done, refusal = await client.engine.spend_all([few, many], 0)
    assert isinstance(done, SpendDone)
    assert isinstance(refusal, Refuse) and refusal == await client.spend(CLIENT, 11)


async def test_r16_what_is_refused_at_once_begins_no_transaction_for_each(
    client: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are in a batch, and of one that is asked for alone."""
    begun: list[object] = []
    run = Database.run

    def counted(db: Database, body: Any, **how: Any) -> Any:
        begun.append(body)
        return run(db, body, **how)

    monkeypatch.setattr(Database, "run", counted)
    asked_for = [await asked(client, 100, name) for name in ("Agency", CLIENT, CLIENT)]
    await client.auto_billing("Agency", enabled=False)
    await client.settle()
    begun.clear()
    answers = await client.engine.spend_all(asked_for, 0)
    assert [type(one) for one in answers] == [Refuse] * 3
    assert begun == []
    assert isinstance(await client.spend(CLIENT, 100), Refuse)
    assert begun == []


async def test_r16_who_buys_is_not_refused_at_once(client: World) -> None:
    """It is bought for, in a batch as well."""
    await client.auto_billing(CLIENT)
    short = await asked(client, 11)
    assert await refused(client, short) == [None]
    [answer] = await client.engine.spend_all([short], 20_000)
    assert isinstance(answer, SpendDone)


async def test_r39_what_was_done_meanwhile_is_not_refused_with_what_was_not(
    client: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spend waits for a purchase, which is all that its owner allows this month; its caller sends it
    once more, behind another. It is done before that other is refused: both answers say what is so."""
    await client.auto_billing(CLIENT, per_month_minor=2_500)
    client.desk.faults.close_gate("confirm")
    account = await client.account(CLIENT)
    ids = (account.tenant_id, account.account_id)
    waits = new_spend(*ids, 3_010, key="waits")
    first = asyncio.create_task(client.engine.spend_all([waits], 20_000))
    await client.desk.faults.wait_for("confirm", 1)

    async def later(*what: Any) -> Any:
        client.desk.faults.open_gate("confirm")
        await first
        return await refuse_without_buying(*what)

    monkeypatch.setattr(spending, "refuse_without_buying", later)
    again = new_spend(*ids, 3_010, key="waits")
    refusal, done = await client.engine.spend_all([await asked(client, 5), again], 20_000)
    assert isinstance(refusal, Refuse)
    assert isinstance(done, SpendDone) and done.spend_id == waits.spend_id
    assert [type(one) for one in await first] == [SpendDone]


async def test_r38_who_holds_beyond_its_time_finds_what_comes_free(client: World) -> None:
    """Credits of a hold that nobody ended are spent; those of one that stands are not."""
    hold_id = await held(client, CLIENT, 6, ttl_s=600)
    [stands] = await refused(client, await asked(client, 10))
    assert stands is not None
    await client.db.execute(
        "update credit_hold set ends_real_at = $2 where hold_id = $1",
        hold_id,
        client.engine.now().real_at,
    )
    over = await asked(client, 10)
    assert await refused(client, over) == [None]
    [answer] = await client.engine.spend_all([over], 0)
    assert isinstance(answer, SpendDone)


async def test_r17_who_stands_behind_others_waits_like_them(year: Year) -> None:
    """Where something waits, more may come than what is there, though it was switched off since."""
    await small_world(year)
    pack = await year.package("Agency", 500, credits=20, name="20 credits")
    short = await asked(year, 5_000, "Agency")
    async with held_up(year, Step.before_confirm, "Agency") as reached:
        bought = asyncio.create_task(year.buy(CLIENT, pack))
        await reached.wait()
        await year.auto_billing("Agency", enabled=False)
        assert await refused(year, short) == [None]
    assert isinstance(await bought, Bought)
    assert await refused(year, short) != [None]


async def test_r35_where_a_renewal_is_due_it_comes_first(year: Year) -> None:
    """It may bring what is missing."""
    await small_world(year)
    await year.auto_billing(CLIENT, enabled=False)
    plan = await year.package("Agency", 1_000, credits=100, name="Plan", interval="month")
    assert isinstance(await year.buy(CLIENT, plan), Bought)
    short = await asked(year, 101)
    assert await refused(year, short) != [None]
    cast(ShiftedClock, year.engine.clock).advance(timedelta(days=31))
    assert await refused(year, short) == [None]
