"""R42, R18: the words of what is told of time and renewals, with every fact that they need."""

import pytest

from brimful.notices.catalogue import compose
from brimful.notices.of_time import KINDS_OF_TIME

AT = "2026-03-12T13:00:00+00:00"
LATER = "2026-03-19T13:00:00+00:00"
ZONE = "Europe/Berlin"
PLAN = {"plans": ["Plan", "Seat"], "amount_minor": 900, "currency": "USD", "zone": ZONE}
CARD = "visa ending 4242"

# Each kind with its facts, its title, and the words that matter.
TOLD = [
    (
        "low_balance",
        {"free": 1_200, "run_out_at": AT, "reason": "auto_billing_off", "zone": ZONE},
        "Your credits are running low",
        "used up by 12 March 2026, 14:00 (Europe/Berlin).",
    ),
    (
        "low_balance",
        {"free": 0, "run_out_at": None, "reason": "auto_billing_unavailable"},
        "Your credits are running low",
        "0 credits are left.\nAuto-billing is not available for this account.",
    ),
    (
        "forecast",
        {"free": 9, "per_day": 4, "run_out_at": AT, "reason": "no_payment_method"},
        "Your credits are expected to run out on 12 March 2026",
        "about 4 are used a day",
    ),
    (
        "renewals_short",
        {
            "credits": 1_000, "free": 200, "clients": 3, "first_due_at": AT, "until": LATER,
            "reason": "temporarily_unavailable",
        },
        "800 credits are missing for renewals by 19 March 2026",
        "What is missing cannot be furnished to you at present.",
    ),
    (
        "renewal_card",
        {**PLAN, "due_at": AT, "reason": "auto_billing_paused"},
        "Your renewal on 12 March 2026 cannot be paid",
        "Plan, Seat renews on 12 March 2026, 14:00 (Europe/Berlin) for $9.00. The card on file was",
    ),
    (
        "card_expiring",
        {"card": CARD, "exp_month": 3, "exp_year": 2026},
        "Your card is about to expire",
        "visa ending 4242 is valid until 03/2026.",
    ),
    (
        "past_due",
        {**PLAN, "card": CARD, "reason": "card_declined", "retry_at": AT, "suspended_at": LATER},
        "Your renewal is past due",
        "tried again on 12 March 2026, 14:00 (Europe/Berlin), with another card at once.",
    ),
    (
        "past_due",
        {**PLAN, "card": None, "reason": "no_payment_method", "suspended_at": LATER},
        "Your renewal is past due",
        "tried again as soon as another card is saved.\nWithout a payment it is suspended on 19",
    ),
    ("suspended", PLAN, "Suspended: Plan, Seat", "Nothing was deleted"),
    (
        "client_suspended",
        {"client": "Bistro", "plans": ["Plan"]},
        "Bistro is suspended",
        "Plan of Bistro is unpaid for seven days.",
    ),
    (
        "renewal_failed",
        {
            "waiting": [{"client": "Bistro", "credits": 1_000, "chatbots": 0}], "waiting_count": 3,
            "reason": "card_declined", "retry_at": AT,
        },
        "3 of your clients could not be renewed",
        "  Bistro needs 1,000 credits.\n  And 2 more.\nThe cause is on your side: The card was",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts", "title", "words"), TOLD)
def test_r42_words_come_from_the_facts(
    kind: str, facts: dict[str, object], title: str, words: str
) -> None:
    """In the owner's zone, in the currency that is paid, and in plain words."""
    text = compose(kind, facts)
    assert text.title == title
    assert words in text.body


def test_r42_every_kind_of_time_is_read_here() -> None:
    """A kind without an example fails."""
    assert {kind for kind, *_ in TOLD} == set(KINDS_OF_TIME)


@pytest.mark.parametrize(("kind", "facts", "title", "words"), TOLD)
def test_r18_a_client_hears_nothing_of_its_sellers_troubles(
    kind: str, facts: dict[str, object], title: str, words: str
) -> None:
    """Only what is told to sellers speaks of clients, pools and causes."""
    to_sellers = ("renewals_short", "renewal_failed", "client_suspended")
    text = compose(kind, facts)
    speaks = any(word in text.title + text.body for word in ("client", "pool", "furnish", "Bistro"))
    assert speaks == (kind in to_sellers)
