"""What time must not do to anybody: stuck, forgotten or suspended through no fault of theirs."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest

from brimful.domain.effect import Effect
from brimful.domain.payment import SavedMethod
from brimful.effects.due_work import begin_due_work
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.save_card import record_card
from brimful.usecases.steps import Step
from tests.builders.calendar import DAY, HOUR, Calendar, subscribers
from tests.builders.held import SOON_S, held_at
from tests.builders.holds import held, is_over, places, state
from tests.builders.networks import card_of, hear, replace_card
from tests.builders.world import small_world
from tests.builders.year import Year
from tests.usecases.test_period_end import MAY, client_with_plan
from tests.usecases.test_renewals import NEXT


async def test_r35_nobody_is_suspended_for_its_sellers_trouble(calendar: Calendar) -> None:
    """Anna's card is declined and replaced within the day; from then on it is the agency that cannot
    buy. She keeps her plan, and days of her agency's do not count against her later."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.card("Anna", "tok_insufficient_funds")
    await calendar.go_to(NEXT)
    assert (await calendar.subscription("Anna"))["state"] == "past_due"
    await world.auto_billing("Agency", enabled=False)
    await world.card("Anna")
    await calendar.work()
    for _ in range(8):
        await calendar.go(DAY)
    assert (await calendar.subscription("Anna"))["state"] == "active"
    assert "suspended" not in [n["kind"] for n in await world.notices("Anna")]


async def test_r31_a_plan_cancelled_while_its_last_renewal_fails_ends(year: Year) -> None:
    """The card is lost and nobody will bring another: what was cancelled ends all the same, and its
    chatbots go back."""
    await client_with_plan(year)
    await year.card("Client", "tok_lost_card")
    async with held_at(Step.before_confirm) as held:
        moving = asyncio.create_task(year.until(MAY))
        await asyncio.wait_for(held.arrived.wait(), SOON_S)
        await year.cancel("Client")
        held.go.set()
        await moving
    await year.until(MAY + HOUR)
    assert (await year.subscription("Client"))["state"] == "ended"
    assert (await year.chatbots("Agency")).free == 5


async def test_r31_a_plan_cancelled_while_its_upgrade_is_paid_stays_cancelled(year: Year) -> None:
    """The upgrade takes the place of what was chosen before it, not of what is chosen after."""
    await client_with_plan(year)
    more = await year.package("Agency", 19_900, credits=2_000, chatbots=5, interval="month")
    async with held_at(Step.before_confirm) as held:
        upgrading = asyncio.create_task(year.change("Client", more))
        await asyncio.wait_for(held.arrived.wait(), SOON_S)
        await year.cancel("Client")
        held.go.set()
        assert isinstance(await upgrading, Bought)
    assert (await year.subscription("Client"))["ends_at_period_end"]
    await year.until(MAY)
    assert (await year.subscription("Client"))["state"] == "ended"


async def test_r29_r35_a_new_card_of_the_agency_serves_the_renewals_that_wait(
    calendar: Calendar,
) -> None:
    """At once, not when the next retry is due."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.card("Agency", "tok_lost_card")
    await calendar.go_to(NEXT)
    assert world.taken() == [4_900]
    await world.card("Agency")
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000
    assert world.taken().count(4_900) == 2


async def test_r29_r35_a_card_of_the_agency_that_its_network_replaced_serves_them_once(
    calendar: Calendar,
) -> None:
    """The event comes in twice: the renewals of its client are done at once, and once."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.card("Agency", "tok_lost_card")
    await calendar.go_to(NEXT)
    assert world.taken() == [4_900]
    lost = await card_of(world, "Agency")
    await replace_card(world, "Agency", None)
    await calendar.work()
    assert world.taken() == [4_900], "another expiry is no other card"
    await replace_card(world, "Agency")
    await hear(world, lost)
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000
    assert world.taken("platform") == [5_000]
    assert world.taken().count(4_900) == 2


async def test_r29_r35_enabling_again_serves_the_renewals_that_wait(calendar: Calendar) -> None:
    """An agency that switched off and on again: its clients' renewals are tried at once."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.auto_billing("Agency", enabled=False)
    await calendar.go_to(NEXT)
    await world.auto_billing("Agency")
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000


async def test_r20_a_renewal_too_large_for_the_pool_does_not_hold_up_the_small(
    calendar: Calendar,
) -> None:
    """The agency buys nothing and has 5,000 left: the large plan waits, the small one is served,
    whichever of the two is looked at first."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=10_000)
    small = await world.package("Agency", 900, credits=2_500, interval="month", name="Small")
    for name in ("Ben", "Cleo"):
        await world.open(name, "Agency")
        await world.card(name)
        assert isinstance(await world.buy(name, small), Bought)
    await world.auto_billing("Agency", enabled=False)
    await calendar.go_to(NEXT)
    assert [(await world.credits(name)).received for name in ("Anna", "Ben", "Cleo")] == [
        10_000, 5_000, 5_000,
    ]  # fmt: skip
    assert (await calendar.subscription("Anna"))["state"] == "active"
    assert world.held_open() == []


@pytest.mark.parametrize(
    ("names", "waits"), [(("Anna", "Ben"), HOUR), (("Anna", "Ben", "Cleo"), DAY)]
)
async def test_r29_one_card_of_several_payers_is_not_paused_at_its_first_decline(
    calendar: Calendar, names: tuple[str, ...], waits: timedelta
) -> None:
    """Clients of one owner renew in the same hour on one card that has no money that day: that is its
    first decline, and the next attempt is allowed an hour later; after three in a day, tomorrow."""
    await subscribers(calendar, *names, stock=30_000)
    await _share_card(calendar, names, "tok_insufficient_funds#shared")
    await calendar.go_to(NEXT)
    wakes = {(await calendar.subscription(name))["wake_at"] for name in names}
    assert wakes == {NEXT + waits}


async def test_r35_an_agency_that_does_not_pay_its_own_plan_is_suspended(
    calendar: Calendar,
) -> None:
    """Like any other subscriber; the platform is told."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    wholesale = await world.package(None, 9_900, credits=12_000, interval="month", name="Wholesale")
    assert isinstance(await world.buy("Agency", wholesale), Bought)
    await world.card("Agency", "tok_lost_card")
    await calendar.go_to(NEXT)
    await calendar.go(7 * DAY)
    assert (await calendar.subscription("Agency"))["state"] == "suspended"
    told = await world.db.fetch("select recipient from notice where kind = 'client_suspended'")
    assert len(told) == 1


async def test_r35_r46_what_a_closed_client_gives_back_serves_the_renewals_that_wait(
    year: Year,
) -> None:
    """Its unused credits fill the agency's pool, and a renewal that this could not furnish is done."""
    await client_with_plan(year, stock=10)
    await year.open("Other", "Agency")
    await year.stock("Other", credits=48_500)
    await year.until(MAY)
    assert (await year.subscription("Client"))["seller_failed_at"] is not None
    await year.close("Other")
    await year.until(MAY + HOUR / 2)
    assert (await year.credits("Client")).received == 2_000


async def _share_card(calendar: Calendar, names: tuple[str, ...], token: str) -> None:
    """Save the same card for several clients of one seller."""
    world = calendar.world
    for name in names:
        account = await world.account(name)
        seller = await world.db.fetchval(
            "select merchant_ref from account where account_id = $1", account.parent_id
        )
        saved = await world.engine.gateway.save_method(
            account_ref=seller, customer_id=None, token=token
        )
        assert isinstance(saved, SavedMethod)
        await record_card(
            world.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            gateway_account=seller,
            saved=saved,
            moment=calendar.clock.moment(),
        )


async def test_r24_one_renewal_that_cannot_be_recorded_holds_up_no_other(
    calendar: Calendar,
) -> None:
    """They are recorded together; one of them makes the database refuse, and the others, whose money
    is taken, are granted all the same."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", "Cleo", stock=30_000)
    await world.db.execute(_SPOILT.format(world.names["Ben"]))
    await world.db.execute(
        "create trigger spoilt before insert on lot for each row execute function spoilt()"
    )
    calendar.clock.at = NEXT
    await world.engine.take_up_due_work()
    await world.settle()
    assert (await world.credits("Anna")).received == 20_000
    assert (await world.credits("Cleo")).received == 20_000
    await world.db.execute("drop trigger spoilt on lot")
    await world.db.execute("update purchase set lease_until = '-infinity' where state = 'created'")
    await calendar.work()
    assert (await world.credits("Ben")).received == 20_000
    assert world.taken() == [4_900] * 6


_SPOILT = """
    create function spoilt() returns trigger language plpgsql as $$
    begin
        if new.account_id = '{}' then raise exception 'spoilt'; end if;
        return new;
    end $$
"""


async def test_r35_a_card_taken_away_at_the_gateway_is_its_owners_affair(
    calendar: Calendar,
) -> None:
    """Nobody has a plan for nothing by removing the card where we cannot see it."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    method = await world.db.fetchrow(
        "select gateway_account, gateway_method from payment_method where account_id = $1",
        world.names["Anna"],
    )
    await world.engine.gateway.remove_method(
        account_ref=method["gateway_account"], method_id=method["gateway_method"]
    )
    await calendar.go_to(NEXT)
    held = await calendar.subscription("Anna")
    assert (held["state"], held["reason"], held["wake_at"]) == (
        "past_due", "no_payment_method", None,
    )  # fmt: skip
    await calendar.go(7 * DAY)
    assert (await calendar.subscription("Anna"))["state"] == "suspended"
    await world.card("Anna")
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000


async def test_r36_r38_what_a_scan_frees_is_not_spent_when_it_has_ended_meanwhile(
    calendar: Calendar,
) -> None:
    """Of 100 credits for five days 60 are in a hold that is over, the others are reserved for a query of
    80. While a scan is at other things the five days pass: what the hold gives back lapses."""
    world = calendar.world
    await small_world(world)
    await world.stock("Agency", credits=100)
    pack = await world.package("Agency", 900, credits=100, expires_after_days=5, name="Five days")
    assert isinstance(await world.buy("Client 1", pack), Bought)
    await world.settle()
    hold = await held(world, "Client 1", 60)
    world.desk.faults.close_gate("create")
    spending = asyncio.create_task(world.spend("Client 1", 80))
    await world.desk.faults.wait_for("create", 1)
    await is_over(world, hold)

    def run(effects: Iterable[Effect]) -> None:
        calendar.clock.at += 3 * DAY

    await begin_due_work(world.engine.ctx, now=world.engine.now, run=run, limit=200)
    assert await state(world, hold) == ("expired", 0, 0)
    assert await places(world, "Client 1") == (0, 0, 0, 40)
    assert (await world.credits("Client 1")).lapsed == 60
    world.desk.faults.open_gate("create")
    assert isinstance(await spending, SpendDone)
