"""Payments that only an event could complete, and events that are signed as they should be and not true."""

from dataclasses import dataclass
from typing import Any

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
        ("Agency", post.platform_package),
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
