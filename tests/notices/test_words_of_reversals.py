"""R25, R42: the words of what is told of refunds, disputes and debts."""

import pytest

from brimful.notices.catalogue import compose
from brimful.notices.of_reversals import KINDS_OF_REVERSALS

FACTS: dict[str, object] = {
    "amount_minor": 1_000,
    "currency": "USD",
    "card": "visa 4242",
    "client": "Bistro",
    "elsewhere": True,
    "state": "succeeded",
    "taken": 0,
    "frozen": 0,
    "back": 0,
    "missing": 0,
}

# Each kind with its facts, its title, and the words that matter.
TOLD = [
    ("refund", {"taken": 1_200}, "$10.00 was refunded", "1,200 of the credits that it had paid"),
    ("refund", {}, "$10.00 was refunded", "$10.00 went back to visa 4242.\nNo credits moved."),
    (
        "refund",
        {"state": "failed", "back": 1_200},
        "A refund of $10.00 did not go through",
        "1,200 credits can be used again.",
    ),
    ("client_refund", {}, "$10.00 was refunded to Bistro", "It was made at your payment service."),
    (
        "client_refund",
        {"state": "failed", "elsewhere": False},
        "A refund to Bistro did not go through",
        "The refund of $10.00 to Bistro did not go through.",
    ),
    ("dispute", {"state": "open", "frozen": 7}, "A dispute of $10.00: open", "7 of the credits"),
    ("dispute", {"state": "won", "back": 7}, "A dispute of $10.00: won", "7 credits can be used"),
    ("client_dispute", {"state": "inquiry"}, "Bistro disputes $10.00: inquiry", "no money has"),
    ("client_dispute", {"state": "lost"}, "Bistro disputes $10.00: lost", "for the holder"),
    ("client_debt", {"credits": 1_200}, "Bistro owes you 1,200 credits", "Nothing collects"),
    ("not_given_back", {}, "Please give $10.00 back to Bistro", "Nothing was delivered for it"),
    ("refund_refused", {}, "A refund of $10.00 was refused", "No money went back"),
]


@pytest.mark.parametrize(("kind", "facts", "title", "words"), TOLD)
def test_r42_words_come_from_the_facts(
    kind: str, facts: dict[str, object], title: str, words: str
) -> None:
    """In plain words: what became of the money, and what of the credits."""
    text = compose(kind, {**FACTS, **facts})
    assert text.title == title
    assert words in text.body


def test_r42_every_kind_of_reversal_is_read_here() -> None:
    """A kind without an example fails."""
    assert {kind for kind, *_ in TOLD} == set(KINDS_OF_REVERSALS)
