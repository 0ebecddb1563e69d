"""What an event is worth, value by value (R45)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from brimful.domain.event import (
    AMOUNT_MAX,
    TEXT_MAX,
    Hint,
    Ours,
    Verdict,
    is_sound,
    judge_hint,
    judge_method,
    judge_read,
)
from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    Event,
    Held,
    NeedsAuthentication,
    NotFound,
    PaymentOutcome,
)

OURS = Ours(account_ref="acct_1", payment_id="pay_1", amount_minor=700, currency="USD")
HINT = Hint(
    kind="payment.captured", mode="test", account_ref="acct_1", payment_id="pay_1", amount_minor=700,
    currency="USD",
)  # fmt: skip
EVENT = Event(
    event_id="evt_1", kind="payment.captured", mode="test", account_ref="acct_1", payment_id="pay_1",
    amount_minor=700, currency="USD", created_at=datetime(2026, 3, 1, tzinfo=UTC), metadata={},
)  # fmt: skip
CAPTURED = Captured(payment_id="pay_1", amount_minor=700, currency="USD")
NOT_CAPTURED: list[PaymentOutcome] = [
    Created(payment_id="pay_1"),
    Held(payment_id="pay_1", capture_before=None),
    Declined(payment_id="pay_1", code="generic_decline", hard=False),
    NeedsAuthentication(payment_id="pay_1"),
    Canceled(payment_id="pay_1"),
]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, None),
        ({"payment_id": None}, Verdict.not_of_a_payment),
        ({"mode": "live"}, Verdict.other_mode),
        ({"payment_id": None, "mode": "live"}, Verdict.other_mode),
        ({"mode": ""}, Verdict.other_mode),
        ({"account_ref": "acct_2"}, Verdict.other_account),
        ({"account_ref": "ACCT_1"}, Verdict.other_account),
        ({"amount_minor": 699}, Verdict.other_amount),
        ({"amount_minor": 701}, Verdict.other_amount),
        ({"amount_minor": 0}, Verdict.other_amount),
        ({"amount_minor": None}, None),
        ({"currency": "EUR"}, Verdict.other_currency),
        ({"currency": None}, None),
        ({"kind": "refund.created", "amount_minor": 1}, None),
        ({"kind": "dispute.closed", "amount_minor": 900, "currency": "EUR"}, None),
        ({"kind": "charge.dispute.funds_withdrawn", "amount_minor": 1}, None),
        ({"kind": "charge.refunded", "amount_minor": 1}, None),
        ({"kind": "charge.refunded", "account_ref": "acct_2"}, Verdict.other_account),
        ({"kind": "dispute.closed", "mode": "live"}, Verdict.other_mode),
        ({"kind": "charge.captured", "amount_minor": 1}, Verdict.other_amount),
    ],
)
def test_r45_an_event_is_judged_by_what_we_stored(
    change: dict[str, Any], verdict: Verdict | None
) -> None:
    """Mode, account, amount and currency are to be ours."""
    assert judge_hint(replace(HINT, **change), OURS, "test") == verdict


def test_r45_a_payment_that_we_never_made_is_unknown() -> None:
    """However well the rest fits; and the mode counts first."""
    assert judge_hint(HINT, None, "test") == Verdict.unknown_payment
    assert judge_hint(HINT, None, "live") == Verdict.other_mode


@pytest.mark.parametrize(
    ("reading", "verdict"),
    [
        (CAPTURED, None),
        (replace(CAPTURED, refunded_minor=700), None),
        # As much as it is of: recording it grants nothing, and gives it back (R17).
        (replace(CAPTURED, amount_minor=699), None),
        (replace(CAPTURED, amount_minor=7_000), None),
        (replace(CAPTURED, currency="EUR"), Verdict.other_currency),
        (replace(CAPTURED, payment_id="pay_2"), Verdict.read_disagrees),
        (NotFound(), Verdict.read_disagrees),
        *[(one, Verdict.read_disagrees) for one in NOT_CAPTURED],
    ],
)
@pytest.mark.parametrize("kind", ["payment.captured", "payment.refunded", "refund.x", "dispute.x"])
def test_r45_an_event_of_money_needs_a_reading_that_says_so(
    kind: str, reading: PaymentOutcome, verdict: Verdict | None
) -> None:
    """Taken, of our payment, in the currency that we stored: or nothing is recorded."""
    assert judge_read(replace(HINT, kind=kind), OURS, reading) == verdict


@pytest.mark.parametrize("reading", [CAPTURED, *NOT_CAPTURED])
@pytest.mark.parametrize("kind", ["payment.created", "payment.held", "payment.declined", "x"])
def test_r45_a_late_event_is_no_contradiction(kind: str, reading: PaymentOutcome) -> None:
    """The payment may have gone on since."""
    assert judge_read(replace(HINT, kind=kind), OURS, reading) is None


def test_r45_nothing_follows_a_cancellation() -> None:
    """Who says canceled of another payment is not believed."""
    hint = replace(HINT, kind="payment.canceled")
    readings = [CAPTURED, *NOT_CAPTURED]
    agreeing = [one for one in readings if judge_read(hint, OURS, one) is None]
    assert agreeing == [Canceled(payment_id="pay_1")]


def test_r45_only_what_a_gateway_could_say_is_sound() -> None:
    """Printable names of a size, amounts of a size, times with a zone."""
    assert is_sound(EVENT)
    assert is_sound(replace(EVENT, payment_id=None, amount_minor=None, currency=None))
    assert is_sound(replace(EVENT, event_id="x" * TEXT_MAX, amount_minor=AMOUNT_MAX))
    assert is_sound(replace(EVENT, event_id="x", amount_minor=0))
    odd = ("", "x" * (TEXT_MAX + 1), "a\0", "a\nb", "\ud800", "\u202e", "é", "\x7f", 7, b"x")
    names = (
        "event_id", "kind", "mode", "account_ref", "payment_id", "currency", "page_id", "method_id",
    )  # fmt: skip
    wrong: list[dict[str, Any]] = [{name: text} for name in names for text in odd]
    wrong += [{"amount_minor": amount} for amount in (-1, AMOUNT_MAX + 1, True, 7.0, "7")]
    wrong += [{"created_at": EVENT.created_at.replace(tzinfo=None)}]
    assert [change for change in wrong if is_sound(replace(EVENT, **change))] == []


def test_r45_verdicts_know_what_was_refused() -> None:
    """All but what was recorded, or is of no payment."""
    kept = {verdict for verdict in Verdict if not verdict.refused}
    assert kept == {Verdict.recorded, Verdict.not_of_a_payment}


@pytest.mark.parametrize(
    ("change", "account", "verdict"),
    [
        ({}, "acct_1", None),
        ({"mode": "live"}, "acct_1", Verdict.other_mode),
        ({"mode": "live"}, None, Verdict.other_mode),
        ({}, None, Verdict.unknown_method),
        ({"account_ref": "acct_2"}, "acct_1", Verdict.other_account),
        ({"account_ref": "ACCT_1"}, "acct_1", Verdict.other_account),
    ],
)
def test_r45_an_event_about_a_card_is_judged_by_where_it_was_saved(
    change: dict[str, Any], account: str | None, verdict: Verdict | None
) -> None:
    """Our mode, a card of ours, the account that we saved it under; nothing else counts."""
    hint = replace(
        HINT, kind="method.updated", payment_id=None, amount_minor=None, currency=None,
        method_id="pm_1", **change,
    )  # fmt: skip
    assert judge_method(hint, account, "test") == verdict
