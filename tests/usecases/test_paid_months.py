"""R34: a month of a period that was paid for is granted, whatever becomes of a charge of the same hour."""

from datetime import datetime, timedelta
from typing import cast

from brimful.domain.reason import Refuse
from brimful.usecases.answers import Bought
from brimful.usecases.change_plan import ChangeRecorded
from brimful.usecases.renew import renew_due
from brimful.usecases.save_card import remove_card
from tests.builders.clock import ShiftedClock
from tests.builders.year import Year
from tests.usecases.test_change_plan import JUNE, MAY, on_small

JULY = datetime.fromisoformat("2027-07-01T09:00:00+00:00")


async def test_r34_r35_a_paid_month_is_granted_beside_seats_that_are_declined(year: Year) -> None:
    """The plan is of a year and paid, its seats go by the month: when the card is lost they are past due,
    the plan is not; a new card pays for the seats alone."""
    _, _, bank = await on_small(year)
    seat = await year.package("Agency", 500, kind="extra_chatbots", interval="month")
    annual = await year.package("Agency", 12_000, credits=700, interval="year")
    assert isinstance(await year.buy("Client", seat), Bought)
    assert await year.change("Client", annual) == ChangeRecorded()
    await year.until(MAY)
    assert sum(year.taken(bank)) == 3_000 + 500 + 12_000 + 500
    paid, granted = len(year.taken(bank)), (await year.credits("Client")).received
    await year.card("Client", "tok_lost_card")
    await year.until(JUNE)
    await year.until(JULY)
    assert (await year.credits("Client")).received == granted + 2 * 700
    assert (await year.subscription("Client"))["state"] == "active"
    assert (await year.subscription("Client", "extra_chatbots"))["state"] == "past_due"
    assert len(year.taken(bank)) == paid
    await year.card("Client")
    await year.until(JULY.replace(hour=10))
    assert year.taken(bank)[paid:] == [500]
    assert (await year.subscription("Client", "extra_chatbots"))["state"] == "active"


async def test_r35_one_whose_paid_month_has_begun_takes_no_other_s_place(year: Year) -> None:
    """Its seats are due still, and cannot begin beside it: the next batch is of those that can."""
    small, _, _ = await on_small(year)
    seat = await year.package("Agency", 500, kind="extra_chatbots", interval="month")
    annual = await year.package("Agency", 12_000, credits=700, interval="year")
    await year.open("Second", "Agency")
    await year.card("Second")
    assert isinstance(await year.buy("Second", small), Bought)
    for name in ("Client", "Second"):
        assert isinstance(await year.buy(name, seat), Bought)
        assert await year.change(name, annual) == ChangeRecorded()
    await year.until(MAY)
    cast(ShiftedClock, year.engine.clock).advance(JUNE - year.now)
    agency = await year.account("Agency")
    begun = [
        await renew_due(
            year.engine.ctx,
            tenant_id=agency.tenant_id,
            seller_id=agency.account_id,
            moment=year.engine.clock.moment(),
            limit=1,
        )
        for _ in range(2)
    ]
    assert [one.buyers for one in begun] == [1, 1]
    open_now = "select distinct buyer_id from purchase where state not in ('delivered', 'failed')"
    assert len(await year.db.fetch(open_now)) == 2
    for one in begun:
        year.engine.run(one.effects)
    await year.settle()


async def test_r17_seats_that_cost_nothing_now_need_a_card_for_what_they_will(year: Year) -> None:
    """In the last minutes of a period their part of its price rounds to nothing; it recurs in full."""
    await on_small(year)
    seat = await year.package("Agency", 500, kind="extra_chatbots", interval="month")
    client = await year.account("Client")
    held = await year.db.fetchval(
        "select method_id from payment_method where account_id = $1", client.account_id
    )
    await remove_card(
        year.engine.ctx,
        tenant_id=client.tenant_id,
        account_id=client.account_id,
        method_id=held,
        moment=year.engine.clock.moment(),
    )
    await year.until(MAY.replace(hour=8, minute=55, day=1))
    answer = await year.buy("Client", seat)
    assert isinstance(answer, Refuse) and answer.reason == "no_payment_method"
    assert (await year.chatbots("Client")).received == 2


async def test_r29_r35_a_new_card_pays_what_is_past_due_beside_a_month_under_way(
    year: Year,
) -> None:
    """The seats are past due; a month of the plan, which is paid, waits for the agency to have it when the
    new card comes: the seats are charged when that month is delivered, and not suspended."""
    await on_small(year)
    seat = await year.package("Agency", 500, kind="extra_chatbots", interval="month")
    annual = await year.package("Agency", 12_000, credits=700, interval="year")
    assert isinstance(await year.buy("Client", seat), Bought)
    assert await year.change("Client", annual) == ChangeRecorded()
    await year.until(MAY)
    await year.card("Client", "tok_lost_card")
    await year.until(JUNE)
    late = await year.subscription("Client", "extra_chatbots")
    assert (late["state"], late["wake_at"]) == ("past_due", None)
    account = await year.account("Client")
    # The last month, as it stood before it was delivered.
    month = await year.db.fetchval(
        "select purchase_id from purchase where buyer_id = $1 and origin = 'renewal' and mode = 'receivable' "
        "order by planned_at desc limit 1",
        account.account_id,
    )
    stand = "update purchase set state = $2, ended_at = $3 where purchase_id = $1"
    await year.db.execute(stand, month, "waiting", None)
    await year.card("Client")
    await year.db.execute(stand, month, "delivered", year.now)
    await year.until(JUNE + timedelta(hours=1))
    seats = await year.subscription("Client", "extra_chatbots")
    assert (seats["state"], seats["past_due_since"]) == ("active", None)
