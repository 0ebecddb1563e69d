"""What a PaymentIntent says, as our values: a pure mapping (R22, R25, R29).

An intent is read as a plain mapping, its latest charge and that charge's refunds expanded in it; the
disputes come beside it. What cannot be read raises KeyError, TypeError or ValueError, which the
caller takes for an answer that says nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    DisputeFact,
    DisputeState,
    Held,
    NeedsAuthentication,
    PaymentOutcome,
    RefundFact,
    RefundState,
    Unknown,
)
from brimful.gateways.stripe.declines import AUTHENTICATION, is_hard
from brimful.gateways.stripe.units import from_stripe

Object = Mapping[str, Any]

# To be asked for with every intent, so that one answer says all.
EXPAND = ["latest_charge.refunds"]

KEY = "idempotency_key"

_REFUNDS: Mapping[str, RefundState] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
}
# An inquiry moved no money, and neither did one that was closed as such, nor a dispute that the
# refund given instead prevented. An appeal is a dispute whose money is still away.
DISPUTES: Mapping[str, DisputeState] = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "inquiry",
    "prevented": "inquiry",
    "needs_response": "open",
    "under_review": "open",
    "appeal_needs_response": "open",
    "appeal_under_review": "open",
    "won": "won",
    "lost": "lost",
}


def outcome_of(intent: Object, disputes: Sequence[Object] = ()) -> PaymentOutcome:
    """The state of a PaymentIntent; amounts in minor units (R22).

    ``processing`` is `Unknown`: money may or may not have moved. Raises KeyError, TypeError or
    ValueError for what is no intent.
    """
    payment_id = _text(intent["id"])
    match intent["status"]:
        case "requires_confirmation":
            return Created(payment_id=payment_id)
        case "requires_payment_method":
            return _declined(payment_id, intent.get("last_payment_error"))
        case "requires_action":
            return NeedsAuthentication(payment_id=payment_id, action_url=_action_url(intent))
        case "requires_capture":
            return Held(payment_id=payment_id, capture_before=_capture_before(intent))
        case "succeeded":
            return _captured(payment_id, intent, disputes)
        case "canceled":
            said = _declined(payment_id, intent.get("last_payment_error"))
            declined = said if isinstance(said, Declined) else None
            return Canceled(payment_id=payment_id, declined=declined)
    return Unknown(why=f"status {intent['status']}")


def charge_of(intent: Object) -> Object | None:
    """The latest charge of an intent, None when there is none or it was not expanded."""
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, Mapping) else None


def given_back(charge: Object) -> int:
    """What was refunded of a charge, in minor units. Stripe's own sum has in it the part of a hold that
    was not captured, which was never taken."""
    if "amount_refunded" not in charge:
        return 0
    not_taken = _amount(charge["amount"]) - _amount(charge["amount_captured"])
    back = max(_amount(charge["amount_refunded"]) - not_taken, 0)
    return from_stripe(back, _currency(charge))


def is_disputed(intent: Object) -> bool:
    """Whether the disputes of an intent have to be read beside it."""
    charge = charge_of(intent)
    return charge is not None and bool(charge.get("disputed"))


def refunds_left_out(intent: Object) -> bool:
    """Whether an intent has more refunds than its answer holds."""
    charge = charge_of(intent)
    refunds = None if charge is None else charge.get("refunds")
    return isinstance(refunds, Mapping) and bool(refunds.get("has_more"))


def decline_of(payment_id: str, error: Object) -> Declined | NeedsAuthentication:
    """What a card error says of a payment (R29)."""
    code = error.get("code")
    decline = error.get("decline_code")
    if decline in AUTHENTICATION or code in AUTHENTICATION:
        return NeedsAuthentication(payment_id=payment_id)
    told = _text(decline or code or "card_declined")
    advice = error.get("advice_code")
    return Declined(payment_id=payment_id, code=told, hard=is_hard(told, advice))


def refund_fact(refund: Object) -> RefundFact:
    """One refund (R25). A status that is not known yet counts as pending: money may be given back."""
    state = _REFUNDS.get(str(refund.get("status")), "pending")
    reference = (refund.get("metadata") or {}).get(KEY)
    return RefundFact(
        refund_id=_text(refund["id"]),
        amount_minor=from_stripe(_amount(refund["amount"]), _currency(refund)),
        state=state,
        reference=None if reference is None else _text(reference),
    )


def dispute_fact(dispute: Object) -> DisputeFact:
    """One dispute (R25). A status that is not known yet counts as open: money may be away."""
    state = DISPUTES.get(str(dispute.get("status")), "open")
    return DisputeFact(
        dispute_id=_text(dispute["id"]),
        amount_minor=from_stripe(_amount(dispute["amount"]), _currency(dispute)),
        state=state,
    )


def _action_url(intent: Object) -> str | None:
    """Where the bank asks the owner, an address; None for an intent without a way back."""
    action = intent.get("next_action") or {}
    url = (action.get("redirect_to_url") or {}).get("url")
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _declined(payment_id: str, error: Any) -> PaymentOutcome:
    """Without a card error nobody has confirmed it: the card was never asked."""
    if not isinstance(error, Mapping):
        return Created(payment_id=payment_id)
    return decline_of(payment_id, error)


def _captured(payment_id: str, intent: Object, disputes: Sequence[Object]) -> Captured:
    charge = charge_of(intent) or {}
    refunds = charge.get("refunds")
    listed = refunds["data"] if isinstance(refunds, Mapping) else ()
    currency = _currency(intent)
    return Captured(
        payment_id=payment_id,
        amount_minor=from_stripe(_amount(intent["amount_received"]), currency),
        currency=currency,
        refunded_minor=given_back(charge),
        refunds=tuple(sorted(map(refund_fact, listed), key=lambda fact: fact.refund_id)),
        disputes=tuple(sorted(map(dispute_fact, disputes), key=lambda fact: fact.dispute_id)),
    )


def _capture_before(intent: Object) -> datetime | None:
    """When the hold ends, by the charge: networks differ, so that no table of ours could say."""
    charge = charge_of(intent) or {}
    details = charge.get("payment_method_details") or {}
    before = (details.get("card") or {}).get("capture_before")
    return None if before is None else datetime.fromtimestamp(_amount(before), UTC)


def _currency(about: Object) -> str:
    """The currency of an intent, charge, refund or dispute, in upper case."""
    return _text(about["currency"]).upper()


def _text(value: Any) -> str:
    """A text. Raises ValueError for anything else, and for none."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text was expected")
    return value


def _amount(value: Any) -> int:
    """A whole number that is not negative. Raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("an amount was expected")
    return value
