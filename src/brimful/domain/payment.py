"""What a gateway can answer, as values (R21, R22, R29).

A decline, a lost reply and an outage are ordinary outcomes that the engine decides upon, so none
of them is an exception. What matters is the difference between *it did not happen* (`Declined`,
`Refused`, `Canceled`, `Unreachable`) and *nobody knows yet* (`Unknown`): only the first may ever
lead to a failure, and only after a confirmed cancellation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# Codes after which the same card must not be tried again (R29). All others are soft at testbank; Stripe's own
# table is in `gateways/stripe/declines.py`.
HARD_DECLINE_CODES = frozenset(
    {
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "expired_card",
        "fraudulent",
        "incorrect_number",
        "incorrect_cvc",
        "invalid_account",
        "revocation_of_authorization",
        "previously_declined_do_not_retry",
        "do_not_try_again",
    }
)


def is_hard_decline(code: str, advice: str | None = None) -> bool:
    """Tell whether a decline forbids another try with the same card (R29).

    `code` is the gateway's decline code and `advice` its advice, when it gave one.
    """
    return code in HARD_DECLINE_CODES or advice == "do_not_try_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The payment exists at the gateway and is not confirmed: no money moved."""

    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The card is authorised and not captured. After `capture_before` the hold is gone."""

    payment_id: str
    capture_before: datetime | None


RefundState = Literal["pending", "succeeded", "failed", "canceled"]
DisputeState = Literal["inquiry", "open", "won", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact:
    """What the gateway says of one refund of a payment (R25); a failed one gave nothing back.

    ``reference`` is the idempotency key under which we asked for it; None for one that was made
    elsewhere.
    """

    refund_id: str
    amount_minor: int
    state: RefundState
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFact:
    """What the gateway says of one dispute of a payment (R25). An inquiry moved no money (yet)."""

    dispute_id: str
    amount_minor: int
    state: DisputeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """The money is taken. `amount_minor` is what was captured, before any refund.

    `refunded_minor` is what was given back of it so far; `refunds` and `disputes` are all that the
    gateway knows of this payment, so that their order of arrival does not matter (R25).
    """

    payment_id: str
    amount_minor: int
    currency: str
    refunded_minor: int = 0
    refunds: tuple[RefundFact, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The card was declined; the payment may still be confirmed until it is cancelled (R22)."""

    payment_id: str
    code: str
    hard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAuthentication:
    """The card's bank wants the owner present; nothing was taken (R29).

    ``action_url`` is where an owner who is there confirms it; None for a payment that was confirmed
    without its owner.
    """

    payment_id: str
    action_url: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """The payment is cancelled for good: it can never take money any more.

    ``declined``: what its card said before that, if it was asked and declined (R29).
    """

    payment_id: str
    declined: Declined | None = None


# The gateway account is closed to us: its owner disconnected it, or it is not there. An outcome of its
# own: neither an outage nor a decline, and no card is to blame (R10, R44).
DISCONNECTED = "account_disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The gateway refused the request itself (not the card); this request had no effect.

    A verb that comes too late for its payment answers the payment's state instead (`Captured` to a
    second capture, `Canceled` to a confirm after a cancel). `Refused` is for the rest: an unknown
    card, an amount below the minimum, a capture or refund of too much, a key used for other values.
    ``amount_minor``: of a refund that was refused, what was asked for, where that is known.
    """

    code: str
    payment_id: str | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The gateway has no such payment (or card) under the account asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Time-out, reset, 5xx or unreadable reply: it may or may not have happened (never failed).

    ``busy``: the gateway asks to be asked less often, which is no outage.
    """

    why: str
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """Provably not sent (no connection was made): an outage, not a decline."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """Money was given back: `amount_minor` by this refund, `total_minor` of the payment so far."""

    payment_id: str
    refund_id: str
    amount_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMethod:
    """A card saved for use without its owner. `fingerprint` is the same for the same card (R29)."""

    method_id: str
    customer_id: str
    fingerprint: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRefused:
    """The card could not be saved."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The saved card is removed: it can no longer be charged (R27)."""

    method_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An authentic message of the gateway (R45). It is a hint to read the payment, never a fact.

    `account_ref` is the gateway account that it speaks of, `mode` is "live" or "test", `created_at`
    orders nothing. `kind` has the form "payment.captured", the state that a payment has come to, with
    the payment's amount; "refund.…" and "dispute.…" (or "charge.refund…", "charge.dispute…") are about
    part of a captured payment, with the amount of that part; all others say nothing of its state.
    "page.completed" names the hosted page `page_id` on which an owner saved a card, "method.updated"
    the saved card `method_id` that has changed, or is gone.
    """

    event_id: str
    kind: str
    mode: str
    account_ref: str
    payment_id: str | None
    amount_minor: int | None
    currency: str | None
    created_at: datetime
    metadata: Mapping[str, str]
    page_id: str | None = None
    method_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadEvent:
    """A message that is malformed, too old, or not signed by the gateway (answered 400)."""

    why: str


NotKnown = Unknown | Unreachable
CreateOutcome = Created | Refused | NotKnown
PaymentOutcome = (
    Created
    | Held
    | Captured
    | Declined
    | NeedsAuthentication
    | Canceled
    | Refused
    | NotFound
    | Unknown
    | Unreachable
)
RefundOutcome = Refunded | Refused | NotFound | Unknown | Unreachable
MethodOutcome = SavedMethod | MethodRefused | Unknown | Unreachable
RemoveOutcome = Removed | NotFound | Refused | Unknown | Unreachable
FindOutcome = tuple[str, ...] | Unknown | Unreachable
