"""Of what waits together, as much is served as the sellers above can furnish (R17, R35)."""

from brimful.usecases.save_card import remove_card
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.usecases.test_renewals import NEXT


async def test_r17_a_seller_that_cannot_buy_still_furnishes_what_its_stock_covers(
    calendar: Calendar,
) -> None:
    """Two clients of an inner agency are due; the agency above buys nothing by itself and has
    enough for the first of them."""
    world = calendar.world
    for name, below in (("Agency", None), ("Inner", "Agency")):
        await world.open(name, below, sells=True)
        await world.card(name)
        await world.auto_billing(name)
        await world.package(name, 500, credits=500)
    small = await world.package("Inner", 1_500, credits=2_000, interval="month")
    large = await world.package("Inner", 2_900, credits=3_500, interval="month")
    await world.stock("Agency", credits=5_500 + 4_000)
    await world.stock("Inner", credits=5_500)
    for name, plan in (("Cleo", small), ("Dora", large)):
        await world.open(name, "Inner")
        await world.card(name)
        await world.buy(name, plan)
    await _remove_card(calendar, "Agency")
    await calendar.go_to(NEXT)
    assert (await world.credits("Cleo")).received == 4_000
    assert (await world.credits("Dora")).received == 3_500
    assert sorted(world.taken()) == [1_500, 1_500, 2_000, 2_900]
    assert (await calendar.subscription("Dora"))["state"] == "active"


async def test_r35_each_renewal_has_a_schedule_of_its_own(calendar: Calendar) -> None:
    """Ben bought his plan a day after Anna: what their agency failed her for a day does not put off
    his first retry."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await calendar.go(24 * HOUR)
    await world.stock("Agency", credits=10_000)
    await world.open("Ben", "Agency")
    await world.card("Ben")
    await world.buy("Ben", await world.plan_of("Agency"))
    await _remove_card(calendar, "Agency")
    await calendar.go_to(NEXT)
    await calendar.go(24 * HOUR)
    wakes = [(await calendar.subscription(name))["wake_at"] - NEXT for name in ("Anna", "Ben")]
    assert wakes == [48 * HOUR, 25 * HOUR]


async def test_r6_r20_one_that_cannot_be_furnished_holds_up_none_behind_it(
    calendar: Calendar,
) -> None:
    """Two of an agency without stock are due: what the first needs is more than one charge may be, what
    the second needs is bought. The first waits, and the agency hears for whom."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.package("Agency", 2_500, credits=3_000)
    large = await world.package("Agency", 49_000, credits=100_000, interval="month")
    small = await world.package("Agency", 900, credits=1_000, interval="month")
    await world.stock("Agency", credits=101_000)
    for name, plan in (("Large", large), ("Small", small)):
        await world.open(name, "Agency")
        await world.card(name)
        await world.buy(name, plan)
    assert world.names["Large"] < world.names["Small"]
    await world.auto_billing("Agency", per_charge_minor=10_000)
    await calendar.go_to(NEXT)
    assert (await world.credits("Small")).received == 2_000
    assert (await world.credits("Large")).received == 100_000
    large_at = (await calendar.subscription("Large"))["wake_at"]
    assert large_at == NEXT + HOUR
    told = [one for one in await world.notices("Agency") if one["kind"] == "renewal_failed"]
    assert [[who["client"] for who in one["facts"]["waiting"]] for one in told] == [["Large"]]


async def _remove_card(calendar: Calendar, name: str) -> None:
    world = calendar.world
    method_id = await world.db.fetchval(
        "select method_id from payment_method where account_id = $1 and removed_at is null",
        world.names[name],
    )
    account = await world.account(name)
    effects = await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=method_id,
        moment=calendar.clock.moment(),
    )
    assert isinstance(effects, tuple)
    world.engine.run(effects)
    await calendar.work()


async def test_r35_the_stock_of_a_declined_renewal_serves_the_others(calendar: Calendar) -> None:
    """The pool covers the first of two; its card declines. What was reserved for it serves the other,
    and the agency buys nothing."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", stock=10_000)
    await world.card("Anna", "tok_insufficient_funds")
    await calendar.go_to(NEXT)
    assert (await calendar.subscription("Anna"))["state"] == "past_due"
    assert (await world.credits("Ben")).received == 20_000
    assert [one["origin"] for one in await world.purchases("Agency")] == []
