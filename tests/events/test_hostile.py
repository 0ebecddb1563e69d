"""Events that are signed as they should be and not true: each is refused, told of, and grants nothing (R45)."""

from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.dump import digest
from tests.builders.post import Post

OTHERS_ACCOUNT = "acct_of_another_agency"


@dataclass
class Open:
    """Payments that wait to be confirmed, at the platform's account and at the agency's."""

    at_platform: str
    at_agency: str
    agency: str


async def open_payments(post: Post) -> Open:
    """The requests to confirm were lost, so that only an event could bring a grant."""
    world = post.world
    agency = (await world.account("Agency")).merchant_ref
    await world.stock("Agency", credits=10)
    buys = [
        ("Agency", await world.package(None, 1_000, credits=1_000)),
        ("Client 1", await world.package("Agency", 700, credits=10)),
    ]
    await post.unheard(fault="lost_before", buys=buys)
    [at_platform], [at_agency] = post.payments("platform"), post.payments(agency)
    return Open(at_platform, at_agency, agency)


def at_own_bank(post: Post, merchant: str, like: str, **other: Any) -> str:
    """A payment that somebody makes and captures in a gateway account, with metadata copied from one
    of ours."""
    bank = post.world.desk.bank
    ours = bank.payments[like]
    card = bank.save_method(merchant, None, "tok_success")
    wish = {
        "method": card["id"],
        "customer": card["customer"],
        "amount": ours["amount"],
        "currency": ours["currency"],
        "capture": "automatic",
        "metadata": ours["metadata"],
        "description": ours["description"],
        **other,
    }
    made = bank.create(merchant, wish)
    bank.confirm(merchant, made["id"])
    return str(made["id"])


async def corpus(post: Post, opened: Open) -> list[tuple[dict[str, Any], str]]:
    """Each hostile event with the verdict on it."""
    platform, agency = opened.at_platform, opened.at_agency
    copied = at_own_bank(post, opened.agency, platform)
    stranger = at_own_bank(post, OTHERS_ACCOUNT, platform)
    captured = "payment.captured"
    return [
        (post.event(platform, captured, mode="live"), "other_mode"),
        (post.event(platform, captured, mode="TEST"), "other_mode"),
        (post.event(platform, captured, account=opened.agency), "other_account"),
        (post.event(platform, captured, account=OTHERS_ACCOUNT), "other_account"),
        (post.event(agency, captured, account="platform"), "other_account"),
        (post.event(agency, captured, account=OTHERS_ACCOUNT), "other_account"),
        (post.event(platform, captured, amount=1), "other_amount"),
        (post.event(platform, captured, amount=0), "other_amount"),
        (post.event(platform, captured, amount=2**63 - 1), "other_amount"),
        (post.event(platform, captured, currency="JPY"), "other_currency"),
        (post.event(platform, captured, currency="usd"), "other_currency"),
        (post.event(copied, captured), "unknown_payment"),
        (post.event(copied, captured, account="platform"), "unknown_payment"),
        (post.event(stranger, captured), "unknown_payment"),
        (post.event(platform, captured, payment="pay_nobody_knows"), "unknown_payment"),
        (post.event(platform, captured, payment=f"{platform} "), "unknown_payment"),
        (post.event(platform, captured), "read_disagrees"),
        (post.event(agency, captured), "read_disagrees"),
        (post.event(platform, "payment.refunded"), "read_disagrees"),
        (post.event(platform, "payment.canceled"), "read_disagrees"),
        (post.event(agency, "refund.created", amount=1), "read_disagrees"),
        (post.event(agency, "charge.dispute.closed", currency="EUR"), "read_disagrees"),
    ]


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


@pytest.mark.parametrize("change", [{"captured": 999}, {"currency": "EUR"}, {"merchant": "other"}])
async def test_r45_a_reading_that_is_not_what_we_stored_grants_nothing(
    inside: Post, change: dict[str, Any]
) -> None:
    """The gateway itself says another amount, another currency, or that there is no such payment."""
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
    assert verdict in ("other_amount", "other_currency", "read_disagrees")


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
