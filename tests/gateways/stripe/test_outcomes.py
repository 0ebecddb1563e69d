"""What PaymentIntents say, as our values: tables without a network (R22, R25, R29)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from stripe import Dispute, PaymentIntent

from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    DisputeFact,
    Held,
    NeedsAuthentication,
    RefundFact,
    Unknown,
)
from brimful.gateways.stripe.outcomes import (
    DISPUTES,
    decline_of,
    dispute_fact,
    outcome_of,
    refund_fact,
)
from tests.gateways.stripe.vendor import literals


def intent(status: str, **more: Any) -> dict[str, Any]:
    """A PaymentIntent of 10.00 USD."""
    return {
        "id": "pi_1", "status": status, "amount": 1_000, "amount_received": 0, "currency": "usd",
        "last_payment_error": None, "latest_charge": None, **more,
    }  # fmt: skip


def charge(**more: Any) -> dict[str, Any]:
    """Its charge."""
    return {
        "id": "ch_1", "amount": 1_000, "amount_captured": 1_000, "amount_refunded": 0,
        "currency": "usd", "disputed": False, "refunds": None, **more,
    }  # fmt: skip


STATES: list[tuple[dict[str, Any], object]] = [
    (intent("requires_confirmation"), Created(payment_id="pi_1")),
    (intent("requires_payment_method"), Created(payment_id="pi_1")),
    (intent("requires_action"), NeedsAuthentication(payment_id="pi_1")),
    (intent("processing"), Unknown(why="status processing")),
    (intent("canceled"), Canceled(payment_id="pi_1")),
    (
        intent(
            "canceled", last_payment_error={"code": "card_declined", "decline_code": "lost_card"}
        ),
        Canceled(
            payment_id="pi_1",
            declined=Declined(payment_id="pi_1", code="lost_card", hard=True),
        ),
    ),
    (
        intent("canceled", last_payment_error={"code": "authentication_required"}),
        Canceled(payment_id="pi_1"),
    ),
    (intent("requires_capture"), Held(payment_id="pi_1", capture_before=None)),
    (intent("something_new"), Unknown(why="status something_new")),
]


@pytest.mark.parametrize(("given", "meant"), STATES)
def test_r22_each_state_has_one_meaning(given: dict[str, Any], meant: object) -> None:
    """Processing is not failed: nobody knows yet."""
    assert outcome_of(given) == meant


def test_r22_every_state_of_the_sdk_is_in_the_table() -> None:
    """A state that Stripe adds is met here before it is met in production."""
    told = {given["status"] for given, _ in STATES} | {"succeeded"}
    listed = literals(PaymentIntent, "status")
    assert len(listed) == 7 and listed <= told


def test_r17_a_hold_ends_when_its_charge_says() -> None:
    """Networks differ; `capture_before` is what counts."""
    held = charge(payment_method_details={"card": {"capture_before": 1_800_000_000}})
    assert outcome_of(intent("requires_capture", latest_charge=held)) == Held(
        payment_id="pi_1", capture_before=datetime.fromtimestamp(1_800_000_000, UTC)
    )


def test_r25_a_captured_payment_tells_all_its_refunds_and_disputes() -> None:
    """In an order of their own, so that the same facts are the same value."""
    refunds = {
        "data": [
            {"id": "re_2", "amount": 100, "currency": "usd", "status": "failed"},
            {"id": "re_1", "amount": 300, "currency": "usd", "status": "succeeded"},
        ],
        "has_more": False,
    }
    given = intent(
        "succeeded",
        amount_received=1_000,
        latest_charge=charge(amount_refunded=300, refunds=refunds),
    )
    dispute = {"id": "dp_1", "amount": 1_000, "currency": "usd", "status": "needs_response"}
    assert outcome_of(given, [dispute]) == (
        Captured(
            payment_id="pi_1",
            amount_minor=1_000,
            currency="USD",
            refunded_minor=300,
            refunds=(
                RefundFact(refund_id="re_1", amount_minor=300, state="succeeded"),
                RefundFact(refund_id="re_2", amount_minor=100, state="failed"),
            ),
            disputes=(DisputeFact(dispute_id="dp_1", amount_minor=1_000, state="open"),),
        )
    )


def test_r25_what_a_hold_gave_back_is_no_refund() -> None:
    """Of 10.00 held, 4.00 captured and 1.00 refunded: Stripe's sum is 7.00, ours 1.00."""
    part = charge(amount_captured=400, amount_refunded=700)
    read = outcome_of(intent("succeeded", amount_received=400, latest_charge=part))
    assert isinstance(read, Captured)
    assert (read.amount_minor, read.refunded_minor) == (400, 100)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("warning_needs_response", "inquiry"), ("warning_under_review", "inquiry"),
        ("warning_closed", "inquiry"), ("prevented", "inquiry"), ("needs_response", "open"),
        ("under_review", "open"), ("appeal_needs_response", "open"),
        ("appeal_under_review", "open"), ("won", "won"), ("lost", "lost"), ("new_one", "open"),
    ],
)  # fmt: skip
def test_r25_each_state_of_a_dispute(status: str, state: str) -> None:
    """What is not known yet counts as money that may be away."""
    assert (
        dispute_fact({"id": "dp_1", "amount": 5, "currency": "usd", "status": status}).state
        == state
    )


def test_r25_every_state_of_disputes_of_the_sdk_is_known() -> None:
    """None of them falls to the default by accident."""
    assert literals(Dispute, "status") == set(DISPUTES)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "pending"), ("requires_action", "pending"), ("succeeded", "succeeded"),
        ("failed", "failed"), ("canceled", "canceled"), (None, "pending"),
    ],
)  # fmt: skip
def test_r25_each_state_of_a_refund(status: str | None, state: str) -> None:
    """One of which nothing is known yet may still give the money back."""
    assert (
        refund_fact({"id": "re_1", "amount": 5, "currency": "usd", "status": status}).state == state
    )


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (
            {"code": "card_declined", "decline_code": "insufficient_funds"},
            Declined(payment_id="pi_1", code="insufficient_funds", hard=False),
        ),
        (
            {"code": "card_declined", "decline_code": "generic_decline", "advice_code": "do_not_try_again"},
            Declined(payment_id="pi_1", code="generic_decline", hard=True),
        ),
        ({"code": "expired_card"}, Declined(payment_id="pi_1", code="expired_card", hard=True)),
        ({}, Declined(payment_id="pi_1", code="card_declined", hard=False)),
        (
            {"code": "card_declined", "decline_code": "authentication_required"},
            NeedsAuthentication(payment_id="pi_1"),
        ),
        ({"code": "authentication_required"}, NeedsAuthentication(payment_id="pi_1")),
    ],
)  # fmt: skip
def test_r29_a_decline_is_read_from_its_codes(error: dict[str, Any], meant: object) -> None:
    """The decline code, else the error code; the advice may make a soft one hard."""
    assert decline_of("pi_1", error) == meant
    assert outcome_of(intent("requires_payment_method", last_payment_error=error)) == meant


@pytest.mark.parametrize(
    "given",
    [
        {}, {"id": 7, "status": "canceled"}, {"id": "", "status": "canceled"},
        intent("succeeded", amount_received="1000"), intent("succeeded", amount_received=-1),
        intent("succeeded", amount_received=True), intent("succeeded", currency=None),
    ],
)  # fmt: skip
def test_r22_what_is_no_intent_is_not_taken_for_one(given: dict[str, Any]) -> None:
    """The caller answers Unknown: it says nothing about money."""
    with pytest.raises((KeyError, ValueError, TypeError)):
        outcome_of(given)
