"""R42: the words of receipts, and of webhooks that do not arrive."""

import pytest

from brimful.notices.catalogue import compose, kinds
from brimful.notices.of_receipts import KINDS_OF_RECEIPTS
from brimful.notices.of_webhooks import KINDS_OF_WEBHOOKS

PLAN = {"name": "Plan", "quantity": 1, "amount_minor": 4_900}
SEATS = {"name": "Seat", "quantity": 3, "amount_minor": 1_500}
OWED = {"name": None, "quantity": 1, "amount_minor": 20}
TOLD = [
    (
        "renewed",
        {"amount_minor": 6_420, "currency": "USD", "charged": True, "card": "visa ending 4242",
         "lines": [PLAN, SEATS, OWED]},
        "Renewed: Plan, Seat",
        "$64.20 was charged on visa ending 4242.\n  1 × Plan: $49.00\n  3 × Seat: $15.00\n"
        "  1 × outstanding amount: $0.20",
    ),
    (
        "renewed",
        {"amount_minor": 20, "currency": "USD", "charged": False, "card": None,
         "lines": [{**PLAN, "amount_minor": 20}]},
        "Renewed: Plan",
        "$0.20 is collected with your next charge.",
    ),
    (
        "webhook_failed",
        {"host": "hooks.example.com", "error": "timeout"},
        "Webhooks to hooks.example.com do not arrive",
        "for three days and was given up (timeout)",
    ),
    (
        "webhook_disabled",
        {"host": "hooks.example.com", "error": "http_410"},
        "Webhooks to hooks.example.com are switched off",
        "gone for good (HTTP 410)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts", "title", "words"), TOLD)
def test_r42_words_come_from_the_facts(
    kind: str, facts: dict[str, object], title: str, words: str
) -> None:
    """Amounts in the currency that is paid, line by line."""
    text = compose(kind, facts)
    assert text.title == title
    assert words in text.body


def test_r42_every_kind_of_these_is_read_here() -> None:
    """A kind without an example fails."""
    assert {kind for kind, *_ in TOLD} == {*KINDS_OF_RECEIPTS, *KINDS_OF_WEBHOOKS}


def test_r42_what_is_always_told_has_its_kind() -> None:
    """Of the list of R42: what is there to be asked for by webhook."""
    assert kinds() >= {
        "auto_billed", "auto_billing_failed", "action_required", "paused", "resumed", "inactive",
        "cap_80", "cap_100", "low_balance", "forecast", "card_expiring", "renewals_short", "renewed",
    }  # fmt: skip
