"""What time must not do to anybody: stuck, forgotten or suspended through no fault of theirs."""

from tests.builders.calendar import DAY, Calendar, subscribers
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
