"""R37, R31: an upgrade is a purchase at the prorated difference, a downgrade waits for the period's end."""

import asyncio
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, ChatbotCreated, KeyConflict, Missing
from brimful.usecases.change_plan import ChangeRecorded
from brimful.usecases.renew import renew_due
from brimful.usecases.steps import Step, set_hook
from tests.builders.clock import ShiftedClock
from tests.builders.held import SOON_S
from tests.builders.year import STARTS, Year

HOUR = timedelta(hours=1)
MIDDLE = STARTS + timedelta(days=15)
MAY = datetime.fromisoformat("2027-05-01T09:00:00+00:00")
JUNE = datetime.fromisoformat("2027-06-01T09:00:00+00:00")


async def on_small(year: Year) -> tuple[UUID, UUID, str]:
    """A client on a plan of $30.00 with 1,000 credits and 2 chatbots; beside it one of $90.00 with
    5,000 and 5. Returns both, and the agency's account at the bank."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=20_000, chatbots=9)
    await year.open("Client", "Agency")
    await year.card("Client")
    small = await year.package("Agency", 3_000, credits=1_000, chatbots=2, interval="month")
    large = await year.package("Agency", 9_000, credits=5_000, chatbots=5, interval="month")
    assert isinstance(await year.buy("Client", small), Bought)
    return small, large, (await year.account("Agency")).merchant_ref


async def test_r37_an_upgrade_in_the_middle_of_the_month(year: Year) -> None:
    """Half of $60.00, half of 4,000 credits until the month's end, 3 chatbots more, at once; the
    preview said so; the renewal is the large plan's, once."""
    small, large, bank = await on_small(year)
    await year.until(MIDDLE)
    told = await year.preview("Client", large)
    assert (told.change, told.purchase.charge_minor) == ("upgrade", 3_000)
    assert (told.credits_now, told.chatbots_now) == (2_000, 3)
    assert year.taken(bank) == [3_000]
    before = await year.subscription("Client")
    answer = await year.change("Client", large)
    assert isinstance(answer, Bought)
    assert year.taken(bank) == [3_000, 3_000]
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (3_000, 5)
    held = await year.subscription("Client")
    assert (held["package_id"], held["credits"], held["chatbots"]) == (large, 5_000, 5)
    same = ("subscription_id", "anchor_at", "months_done", "period_ends_at", "due_at")
    assert [held[name] for name in same] == [before[name] for name in same]
    await year.until(MAY)
    assert year.taken(bank) == [3_000, 3_000, 9_000]
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (5_000, 5)
    assert small != large


async def test_r37_r39_an_upgrade_has_one_effect_per_key(year: Year) -> None:
    """Sent again it is replayed; with another plan under its key it is an error."""
    small, large, bank = await on_small(year)
    first = await year.change("Client", large, key="once")
    again = await year.change("Client", large, key="once")
    assert isinstance(first, Bought) and isinstance(again, Bought)
    assert first.purchase_id == again.purchase_id
    assert isinstance(await year.change("Client", small, key="once"), KeyConflict)
    assert year.taken(bank) == [3_000, 6_000]


async def test_r37_r5_an_upgrade_for_which_the_agency_buys_first(year: Year) -> None:
    """The cascade is that of any purchase: the agency lacks 300 credits and 1 chatbot."""
    _, large, bank = await on_small(year)
    await year.stock("Agency", credits=0)
    stock = await year.credits("Agency")
    await year.open("Other", "Agency")
    await year.card("Other")
    most = await year.package(
        "Agency", 100, credits=stock.free - 3_700, chatbots=5, interval="month"
    )
    assert isinstance(await year.buy("Other", most), Bought)
    assert isinstance(await year.change("Client", large), Bought)
    assert year.taken("platform") == [1_000 + 500]
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (5_000, 5)
    assert bank != "platform"


async def test_r37_a_declined_upgrade_changes_nothing(year: Year) -> None:
    """The plan is what it was, and so is what was to become of it."""
    small, large, bank = await on_small(year)
    await year.cancel("Client")
    await year.card("Client", "tok_insufficient_funds")
    answer = await year.change("Client", large)
    assert isinstance(answer, Refuse) and answer.reason is Reason.card_declined
    held = await year.subscription("Client")
    assert (held["package_id"], held["ends_at_period_end"], held["chatbots"]) == (small, True, 2)
    assert year.taken(bank) == [3_000]


async def test_r37_an_upgrade_takes_the_place_of_a_cancellation(year: Year) -> None:
    """Who buys more of a plan wants to keep it."""
    _, large, _ = await on_small(year)
    await year.cancel("Client")
    assert isinstance(await year.change("Client", large), Bought)
    assert (await year.subscription("Client"))["ends_at_period_end"] is False


async def test_r37_an_upgrade_in_the_last_hour_brings_an_hours_credits(year: Year) -> None:
    """8 cents are too few to charge: they are owed and collected with the renewal, R26. A month's
    credits for them could be had every month."""
    _, large, bank = await on_small(year)
    await year.until(MAY - HOUR)
    assert isinstance(await year.change("Client", large), Bought)
    assert (await year.credits("Client")).free == 1_000 + 6
    assert year.taken(bank) == [3_000]
    await year.until(MAY)
    assert year.taken(bank) == [3_000, 9_009]


async def test_r37_no_difference_in_price_makes_no_charge(year: Year) -> None:
    """More for the same: granted, and nothing is charged or owed."""
    _, _, bank = await on_small(year)
    better = await year.package("Agency", 3_000, credits=1_200, chatbots=2, interval="month")
    assert isinstance(await year.change("Client", better), Bought)
    assert (await year.credits("Client")).free == 1_200
    assert year.taken(bank) == [3_000]
    assert await year.db.fetchval("select count(*) from receivable") == 0


async def test_r37_r34_from_a_month_to_a_year(year: Year) -> None:
    """A period begins at this hour: the year's price less half a month's; from then on it renews by
    the new anchor, its credits by the month."""
    _, _, bank = await on_small(year)
    annual = await year.package("Agency", 90_000, credits=5_000, chatbots=5, interval="year")
    await year.until(MIDDLE)
    assert isinstance(await year.change("Client", annual), Bought)
    held = await year.subscription("Client")
    assert (held["anchor_at"], held["billing_interval"], held["months_done"]) == (MIDDLE, "year", 1)
    assert held["period_ends_at"] == MIDDLE.replace(year=2028)
    assert year.taken(bank) == [3_000, 88_500]
    await year.until(MAY)
    assert year.taken(bank) == [3_000, 88_500]
    await year.until(MIDDLE.replace(month=5))
    assert (await year.credits("Client")).free == 5_000
    assert year.taken(bank) == [3_000, 88_500]


async def test_r31_a_downgrade_waits_pauses_the_newest_and_deletes_nothing(year: Year) -> None:
    """Large to small: everything stays until May, then 3 chatbots go back and 2 of 4 pause; the
    owner chooses otherwise, and an upgrade brings all of them back."""
    small, large, bank = await on_small(year)
    assert isinstance(await year.change("Client", large), Bought)
    for number in range(4):
        assert isinstance(await year.create_chatbot("Client", f"bot {number}"), ChatbotCreated)
    told = await year.preview("Client", small)
    assert (told.change, told.takes_effect_at, told.chatbots_to_pause) == ("downgrade", MAY, 2)
    assert (told.purchase.charge_minor, told.credits_now, told.chatbots_now) == (0, 0, 0)
    assert await year.change("Client", small) == ChangeRecorded()
    await year.until(MAY - HOUR)
    assert (await year.chatbots("Client")).used == 4
    await year.until(MAY)
    assert year.taken(bank) == [3_000, 6_000, 3_000]
    assert list((await year.bots("Client")).values()) == ["active", "active", "paused", "paused"]
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (1_000, 0)
    assert (await year.chatbots("Agency")).free == 7
    held = await year.subscription("Client")
    assert (held["package_id"], held["chatbots"], held["next_package_id"]) == (small, 2, None)
    await year.change("Client", large)
    assert set((await year.bots("Client")).values()) == {"active"}
    await year.until(JUNE)
    assert year.taken(bank)[-1] == 9_000


async def test_r31_a_downgrade_is_dropped_by_choosing_the_present_plan(year: Year) -> None:
    """Or by resuming, or by another choice."""
    small, large, bank = await on_small(year)
    assert isinstance(await year.change("Client", large), Bought)
    await year.change("Client", small)
    assert (await year.preview("Client", large)).change == "none"
    assert await year.change("Client", large) == ChangeRecorded()
    assert (await year.subscription("Client"))["next_package_id"] is None
    await year.until(MAY)
    assert year.taken(bank)[-1] == 9_000


async def test_r31_r34_a_downgrade_to_another_interval_begins_anew_at_the_periods_end(
    year: Year,
) -> None:
    """From a year's plan back to a month's: the anchor is the end of the year, and the terms are those
    on offer when it was chosen, R26."""
    small, _, bank = await on_small(year)
    annual = await year.package("Agency", 90_000, credits=5_000, chatbots=5, interval="year")
    await year.until(MIDDLE)
    await year.change("Client", annual)
    assert await year.change("Client", small) == ChangeRecorded()
    await year.package("Agency", 3_333, credits=1, interval="month", package_id=small)
    end = MIDDLE.replace(year=2028)
    await year.stock("Agency", credits=90_000)
    await year.until(end)
    held = await year.subscription("Client")
    assert (held["anchor_at"], held["billing_interval"], held["months_done"]) == (end, "month", 1)
    assert (held["chatbots"], held["credits"], held["period_ends_at"]) == (
        2,
        1_000,
        end.replace(month=5),
    )
    assert year.taken(bank)[-1] == 3_000


async def test_r31_r35_chatbots_that_come_with_the_renewal_are_bought_for_it(year: Year) -> None:
    """They are a client's need, not the agency's own, for which it would have to ask; alone or in a
    group."""
    small, _, _ = await on_small(year)
    await year.open("Other", "Agency")
    await year.card("Other")
    assert isinstance(await year.buy("Other", small), Bought)
    wide = await year.package("Agency", 2_000, credits=500, chatbots=4, interval="month")
    await year.open("Last", "Agency")
    await year.card("Last")
    rest = await year.package("Agency", 100, credits=100, chatbots=5, interval="year")
    assert isinstance(await year.buy("Last", rest), Bought)
    assert (await year.chatbots("Agency")).free == 0
    assert await year.change("Client", wide) == ChangeRecorded()
    await year.until(MAY)
    assert ((await year.chatbots("Client")).free, year.taken("platform")) == (4, [1_000])


async def test_r31_more_chatbots_and_fewer_credits_come_with_the_renewal(year: Year) -> None:
    """A change that is neither up nor down waits; what it has more comes when it is paid for."""
    _, _, bank = await on_small(year)
    other = await year.package("Agency", 2_000, credits=10, chatbots=4, interval="month")
    assert await year.change("Client", other) == ChangeRecorded()
    await year.until(MAY)
    held = await year.subscription("Client")
    assert (held["chatbots"], held["chatbots_to_come"]) == (4, 0)
    assert (await year.chatbots("Client")).free == 4
    assert year.taken(bank) == [3_000, 2_000]


async def test_r37_what_cannot_be_changed_is_refused_with_its_reason(year: Year) -> None:
    """A subscription of somebody else's, a package that is no plan, a card that is gone, a renewal
    that is due first, a subscription that is past due."""
    small, large, _ = await on_small(year)
    credits = await year.package("Agency", 100, credits=10)
    assert await year.change("Client", credits) == Missing(what="plan")
    await year.db.execute("update subscription set due_at = $1", STARTS)
    answer = await year.change("Client", large)
    assert isinstance(answer, Refuse) and answer.reason is Reason.renewal_under_way
    await year.db.execute("update subscription set due_at = $1, state = 'past_due'", MAY)
    answer = await year.change("Client", large)
    assert isinstance(answer, Refuse) and answer.reason is Reason.subscription_past_due
    await year.db.execute("update subscription set state = 'active'")
    await year.db.execute("update payment_method set removed_at = now()")
    answer = await year.change("Client", large)
    assert isinstance(answer, Refuse) and answer.reason is Reason.no_payment_method
    assert (await year.subscription("Client"))["package_id"] == small


async def test_r37_r19_two_changes_at_once_are_one(year: Year) -> None:
    """Under different keys: one is paid for; the other hears that it is under way, or that there is
    nothing left to change."""
    _, large, bank = await on_small(year)
    answers = await asyncio.gather(*(year.change("Client", large) for _ in range(4)))
    bought = [one for one in answers if isinstance(one, Bought)]
    others = [one for one in answers if one not in bought]
    assert len(bought) == 1
    assert all(
        one == ChangeRecorded()
        or (isinstance(one, Refuse) and one.reason is Reason.renewal_under_way)
        for one in others
    )
    assert year.taken(bank) == [3_000, 6_000]
    assert (await year.chatbots("Client")).free == 5


async def test_r37_r35_an_upgrade_that_is_being_paid_for_is_delivered_before_the_renewal(
    year: Year,
) -> None:
    """The period ends while the card is being charged: nothing renews until that is known, and then
    it is the large plan that does, once."""
    _, large, bank = await on_small(year)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(step: Step, _: object) -> None:
        if step is Step.before_confirm:
            reached.set()
            await go_on.wait()

    set_hook(hold)
    try:
        changing = asyncio.create_task(year.change("Client", large))
        await asyncio.wait_for(reached.wait(), SOON_S)
        cast(ShiftedClock, year.engine.clock).advance(MAY - year.now)
        agency = await year.account("Agency")
        begun = await renew_due(
            year.engine.ctx,
            tenant_id=agency.tenant_id,
            seller_id=agency.account_id,
            moment=year.engine.clock.moment(),
        )
        assert begun.buyers == 0
        go_on.set()
        assert isinstance(await changing, Bought)
    finally:
        go_on.set()
        set_hook(None)
    await year.until(MAY + HOUR)
    assert year.taken(bank) == [3_000, 6_000, 9_000]
    held = await year.subscription("Client")
    assert (held["months_done"], held["chatbots"], held["period_ends_at"]) == (2, 5, JUNE)


@pytest.mark.parametrize("rolls_over", [True, False])
async def test_r36_credits_of_a_plan_that_rolls_over_last_a_month_longer(
    year: Year, rolls_over: bool
) -> None:
    """Unused in April, they are still there in May and gone in June; others go with their month."""
    await on_small(year)
    await year.open("Saver", "Agency")
    await year.card("Saver")
    plan = await year.package(
        "Agency", 1_000, credits=1_000, interval="month", rolls_over=rolls_over
    )
    assert isinstance(await year.buy("Saver", plan), Bought)
    seen = []
    for at in (MAY, JUNE):
        await year.until(at)
        await year.spend("Saver", 1)
        seen.append((await year.credits("Saver")).free)
    # In May one credit of April's is spent, in June one of May's; what is left of April lapses.
    assert seen == ([1_999, 1_999] if rolls_over else [999, 999])
