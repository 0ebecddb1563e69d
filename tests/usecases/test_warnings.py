"""R42: what is told ahead of time, once an episode, to whom it concerns, and in words that fit."""

from datetime import UTC, datetime, timedelta
from typing import Any

from brimful.usecases.answers import Bought
from brimful.usecases.warn import warn_due
from tests.builders.clock import ShiftedClock, put_clock
from tests.builders.world import World, small_world
from tests.usecases.test_availability import withdraw
from tests.usecases.test_buy_ahead import threshold
from tests.usecases.test_forecast import HOUR, MONDAY, used_for

DAY = timedelta(days=1)


async def warn(world: World, clock: ShiftedClock) -> None:
    """The next hourly scan, an hour later."""
    clock.advance(HOUR)
    await warn_due(world.engine.ctx, moment=clock.moment())


async def told(world: World, name: str, kind: str) -> list[dict[str, Any]]:
    """The notices of a kind that an account's owner has."""
    return [notice for notice in await world.notices(name) if notice["kind"] == kind]


async def runs_down(world: World, credits: int, *, hours: int = 24) -> ShiftedClock:
    """An agency without auto-billing that uses 10 credits an hour and has so many left after a day."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.auto_billing("Agency", enabled=False)
    await world.stock("Agency", credits=credits + 10 * hours)
    await used_for(world, clock, "Agency", hours, 10)
    return clock


async def test_r42_a_forecast_is_told_a_week_ahead_and_once_until_it_is_filled(
    world: World,
) -> None:
    """1,200 at 10 an hour last five days: told once. Filled and falling again, it is told again."""
    clock = await runs_down(world, 1_200)
    for _ in range(3):
        await warn(world, clock)
    [notice] = await told(world, "Agency", "forecast")
    assert notice["title"] == "Your credits are expected to run out on 8 February 2026"
    assert "1,200 credits are left, and about 230 are used a day" in notice["body"]
    assert "Auto-billing is switched off." in notice["body"]
    await world.stock("Agency", credits=10)
    await warn(world, clock)
    assert len(await told(world, "Agency", "forecast")) == 2
    assert await told(world, "Agency", "low_balance") == []


async def test_r42_low_balance_is_told_a_day_ahead(world: World) -> None:
    """230 at 10 an hour last less than a day."""
    clock = await runs_down(world, 230)
    await warn(world, clock)
    await warn(world, clock)
    [notice] = await told(world, "Agency", "low_balance")
    assert notice["title"] == "Your credits are running low"
    assert "expected to be used up by 4 February 2026, 01:30 (UTC)." in notice["body"]
    assert await told(world, "Agency", "forecast") == []


async def test_r42_below_the_threshold_that_cannot_be_filled_is_told(world: World) -> None:
    """Plenty for weeks, but fewer than its owner wants, and auto-billing is off."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.stock("Agency", credits=500)
    await threshold(world, "Agency", 499, 499)
    await world.auto_billing("Agency", enabled=False)
    await used_for(world, clock, "Agency", 1, 260)
    clock.advance(6 * DAY)
    await warn(world, clock)
    [notice] = await told(world, "Agency", "low_balance")
    assert notice["facts"]["free"] == 240


async def test_r42_what_auto_billing_buys_is_no_warning(world: World) -> None:
    """The same, with auto-billing on: nothing is told ahead; paused, it is."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.stock("Agency", credits=260)
    await used_for(world, clock, "Agency", 24, 10)
    await warn(world, clock)
    assert await world.notices("Agency") == []
    await world.db.execute(
        "insert into breaker (tenant_id, gateway_account, fingerprint, paused_reason, paused_at) "
        "select tenant_id, gateway_account, fingerprint, 'card_declined', now() from payment_method"
    )
    await warn(world, clock)
    [notice] = await told(world, "Agency", "low_balance")
    assert "Auto-billing is paused after a failed charge." in notice["body"]


async def test_r42_nobody_is_warned_of_what_nobody_uses(world: World) -> None:
    """An empty pool that was never used, and one that was not for a week."""
    clock = await runs_down(world, 20)
    await world.open("Idle", "Agency")
    clock.advance(8 * DAY)
    await warn(world, clock)
    assert await world.notices("Agency") == await world.notices("Idle") == []


async def test_r42_once_an_hour_whoever_looks(world: World) -> None:
    """Of many processes one scans, and none again within the hour."""
    clock = put_clock(world, MONDAY)
    moment = clock.moment()
    scans = [await warn_due(world.engine.ctx, moment=moment) for _ in range(3)]
    assert [bool(effects) for effects in scans] == [True, False, False]
    clock.advance(HOUR)
    assert await warn_due(world.engine.ctx, moment=clock.moment()) != ()


async def seller_short(world: World, clock_at: datetime = MONDAY) -> ShiftedClock:
    """An agency whose one client's plan of 1,000 renews in three days less an hour, with 200 free."""
    clock = put_clock(world, clock_at)
    await small_world(world)
    await world.stock("Agency", credits=1_200)
    plan = await world.package("Agency", 900, credits=1_000, interval="month", name="Plan")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    due = await world.db.fetchval("select due_at from subscription")
    clock.advance(due - 3 * DAY - clock.moment().at)
    return clock


async def test_r42_a_seller_short_for_renewals_is_told_three_days_ahead(world: World) -> None:
    """With auto-billing off, 800 credits are missing: told once, with what is due when. Its client is
    told nothing of it."""
    clock = await seller_short(world)
    await world.auto_billing("Agency", enabled=False)
    for _ in range(3):
        await warn(world, clock)
    [notice] = await told(world, "Agency", "renewals_short")
    assert notice["title"] == "800 credits are missing for renewals by 2 March 2026"
    assert "The renewals of 1 of your clients need 1,000 credits" in notice["body"]
    assert "Auto-billing is switched off." in notice["body"]
    assert "$" not in " ".join(n["body"] for n in await world.notices("Client 1"))
    assert await told(world, "Client 1", "renewals_short") == []


async def test_r42_a_seller_whose_auto_billing_can_buy_it_is_not_warned(world: World) -> None:
    """It will buy what is missing, and tell then; a cap that is too low is told of now."""
    clock = await seller_short(world)
    await warn(world, clock)
    assert await told(world, "Agency", "renewals_short") == []
    await world.auto_billing("Agency", per_charge_minor=500)
    await warn(world, clock)
    [notice] = await told(world, "Agency", "renewals_short")
    assert notice["facts"]["reason"] == "cap_per_charge"


async def test_r42_a_buyer_whose_card_will_not_pay_is_told(world: World) -> None:
    """No card on file three days before: told once, in the agency's brand, at the buyer's own price.
    One with a good card is told nothing."""
    clock = await seller_short(world)
    await warn(world, clock)
    assert await told(world, "Client 1", "renewal_card") == []
    await world.db.execute(
        "update payment_method set removed_at = created_at where account_id = $1",
        world.names["Client 1"],
    )
    await warn(world, clock)
    await warn(world, clock)
    [notice] = await told(world, "Client 1", "renewal_card")
    assert notice["title"] == "Your renewal on 2 March 2026 cannot be paid"
    assert "Plan renews on 2 March 2026, 00:00 (UTC) for $9.00." in notice["body"]
    assert "There is no card on file" in notice["body"]
    assert notice["brand_id"] == world.names["Agency"]


async def test_r42_a_card_about_to_expire_is_told_once(world: World) -> None:
    """30 days before the end of its month, where something is charged on it."""
    clock = put_clock(world, datetime(2026, 3, 1, 12, tzinfo=UTC))
    await small_world(world)
    await world.db.execute("update payment_method set exp_year = 2026, exp_month = 3")
    await world.auto_billing("Client 1", enabled=False)
    await warn(world, clock)
    assert await world.notices("Agency") == []
    clock.advance(DAY)
    await warn(world, clock)
    await warn(world, clock)
    [notice] = await told(world, "Agency", "card_expiring")
    assert "is valid until 03/2026" in notice["body"]
    assert await world.notices("Client 1") == []


async def test_r42_an_owner_whose_auto_billing_finds_nothing_on_offer_is_warned(
    world: World,
) -> None:
    """It is on and may buy, but nothing that its owner allows is sold any more."""
    clock = await runs_down(world, 150)
    gone = await world.package(None, 100, credits=1)
    await world.auto_billing("Agency", allowed_packages=[gone])
    await warn(world, clock)
    assert await told(world, "Agency", "low_balance") == []
    await withdraw(world, None, gone)
    await warn(world, clock)
    [notice] = await told(world, "Agency", "low_balance")
    assert "No package of additional credits is on offer" in notice["body"]
