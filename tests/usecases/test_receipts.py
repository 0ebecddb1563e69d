"""R26, R42: a renewal that was charged is told to whoever paid it."""

from datetime import UTC, datetime

from tests.builders.calendar import Calendar, subscribers

NEXT = datetime(2027, 2, 15, 9, tzinfo=UTC)


async def test_r42_every_renewal_of_a_group_has_its_receipt(calendar: Calendar) -> None:
    """From the pool or after the agency bought: each hears of its own charge, once."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", "Cleo", stock=12_000)
    await calendar.go_to(NEXT)
    await calendar.work()
    for name in ("Anna", "Ben", "Cleo"):
        [receipt] = [one for one in await world.notices(name) if one["kind"] == "renewed"]
        renewal = (await world.purchases(name))[-1]
        assert receipt["subject_id"] == renewal["purchase_id"]
        assert (receipt["facts"]["amount_minor"], receipt["facts"]["charged"]) == (4_900, True)
        assert "$49.00 was charged on visa ending" in receipt["body"]
        assert receipt["recipient"] == f"{name.lower()}@example.com"


async def test_r18_a_receipt_tells_nothing_of_what_the_agency_paid(calendar: Calendar) -> None:
    """Its amounts are the buyer's own."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=0)
    await calendar.go_to(NEXT)
    [receipt] = [one for one in await world.notices("Anna") if one["kind"] == "renewed"]
    wholesale = [one["amount_minor"] for one in await world.purchases("Agency") if one["automatic"]]
    assert wholesale
    assert not any(str(amount) in str(receipt["facts"]) for amount in wholesale)
