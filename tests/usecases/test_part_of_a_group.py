"""Of what waits together, as much is served as the sellers above can furnish (R17, R35)."""

from tests.builders.calendar import Calendar
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
    await world.auto_billing("Agency", enabled=False)
    await calendar.go_to(NEXT)
    assert (await world.credits("Cleo")).received == 4_000
    assert (await world.credits("Dora")).received == 3_500
    assert sorted(world.taken()) == [1_500, 1_500, 2_000, 2_900]
    assert (await calendar.subscription("Dora"))["state"] == "active"
