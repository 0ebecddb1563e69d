"""Events that are signed as they should be and not true: each is refused, told of, and grants nothing (R45)."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.dump import digest
from tests.builders.post import Post
from tests.events.hostile import corpus, open_payments


async def test_r45_hostile_events_grant_nothing_and_are_told_of(inside: Post) -> None:
    """By each: nothing but its verdict is written down, and it is logged."""
    opened = await open_payments(inside)
    hostile = await corpus(inside, opened)
    before = await digest(inside.world.db, but="gateway_event")
    taken = inside.world.taken("platform")
    with capture_logs() as told:
        for event, _ in hostile:
            assert (await inside.signed(event)).status_code == 200
        await inside.world.settle()
        await inside.later(6)
    assert await digest(inside.world.db, but="gateway_event") == before
    assert await inside.verdicts() == {event["id"]: verdict for event, verdict in hostile}
    logged = {line["event_id"]: line["verdict"] for line in told if "verdict" in line}
    assert logged == await inside.verdicts()
    assert inside.world.taken("platform") == taken == []


async def test_r45_what_an_agency_does_at_its_own_gateway_is_its_own(inside: Post) -> None:
    """It takes what it held itself, on its own card: its client is served from its stock, the
    platform grants it nothing."""
    opened = await open_payments(inside)
    free = (await inside.world.credits("Agency")).free
    inside.world.desk.bank.confirm(opened.agency, opened.at_agency)
    assert (await inside.signed(inside.event(opened.at_agency, "payment.captured"))).is_success
    await inside.world.settle()
    state = (await inside.world.purchases("Client 1"))[-1]["state"]
    granted = (await inside.world.credits("Agency")).free - free
    assert (state, granted <= 0) == ("delivered", True)
    assert inside.world.taken("platform") == []


async def test_r17_r45_a_reading_of_another_amount_grants_nothing_and_is_given_back(
    inside: Post,
) -> None:
    """A part of a hold that the seller captured, or an edited payment: an event tells of it at once."""
    opened = await open_payments(inside)
    bank = inside.world.desk.bank
    bank.confirm("platform", opened.at_platform)
    event = inside.event(opened.at_platform, "payment.captured")
    bank.payments[opened.at_platform] = {**bank.payments[opened.at_platform], "captured": 999}
    before = (await inside.world.credits("Agency")).received
    assert (await inside.signed(event)).is_success
    await inside.world.settle()
    assert (await inside.world.credits("Agency")).received == before
    assert bank.payments[opened.at_platform]["refunded"] == 999


@pytest.mark.parametrize("change", [{"currency": "EUR"}, {"merchant": "other"}])
async def test_r45_a_reading_that_is_not_what_we_stored_grants_nothing(
    inside: Post, change: dict[str, Any]
) -> None:
    """The gateway itself says another currency, or that there is no such payment."""
    opened = await open_payments(inside)
    bank = inside.world.desk.bank
    bank.confirm("platform", opened.at_platform)
    event = inside.event(opened.at_platform, "payment.captured")
    bank.payments[opened.at_platform] = {**bank.payments[opened.at_platform], **change}
    before = await digest(inside.world.db, but="gateway_event")
    assert (await inside.signed(event)).is_success
    await inside.world.settle()
    assert await digest(inside.world.db, but="gateway_event") == before
    [verdict] = (await inside.verdicts()).values()
    assert verdict in ("other_currency", "read_disagrees")


async def test_r45_the_true_event_after_all_that_still_brings_the_grant(inside: Post) -> None:
    """What was forged stands in the way of nothing."""
    opened = await open_payments(inside)
    for event, _ in await corpus(inside, opened):
        await inside.signed(event)
    inside.world.desk.bank.confirm("platform", opened.at_platform)
    assert (await inside.signed(inside.event(opened.at_platform, "payment.captured"))).is_success
    await inside.world.settle()
    assert (await inside.world.purchases("Agency"))[-1]["state"] == "delivered"
    assert inside.world.taken("platform") == [1_000]
