"""What an event of a gateway is worth: never a fact, at best a reason to read a payment afresh, a page
on which a card was saved, or a card that was saved before (R45).

Whoever runs a gateway account may cause events in it that are signed as well as ours. So an event is
judged twice: what it says against what we stored, before the payment is read, and against that reading
afterwards. Nothing but the reading is ever recorded.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from brimful.domain.payment import Canceled, Captured, Event, NotFound, PaymentOutcome

Mode = Literal["live", "test"]

# What fits in a record: longer names and greater amounts are no event of a gateway.
TEXT_MAX = 255
AMOUNT_MAX = 2**63 - 1
# A payment's first event may come before the reply that names the payment to us.
REPLY_COMES_WITHIN = timedelta(seconds=5)


class Verdict(StrEnum):
    """What became of an event. All but the first two are refusals, and those grant nothing."""

    recorded = "recorded"
    not_of_a_payment = "not_of_a_payment"
    other_mode = "other_mode"
    unknown_payment = "unknown_payment"
    unknown_account = "unknown_account"
    unknown_page = "unknown_page"
    page_void = "page_void"
    unknown_method = "unknown_method"
    method_removed = "method_removed"
    other_account = "other_account"
    other_amount = "other_amount"
    other_currency = "other_currency"
    read_disagrees = "read_disagrees"

    @property
    def refused(self) -> bool:
        """The event was about something that is not ours, or not so."""
        return self not in (Verdict.recorded, Verdict.not_of_a_payment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What an event says, as it was stored: of its account, payment, amount (minor units) and mode, or
    of the page that was completed, or of the saved card (the gateway's id of it) that changed."""

    kind: str
    mode: str
    account_ref: str
    payment_id: str | None
    amount_minor: int | None
    currency: str | None
    page_id: str | None = None
    method_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """The payment as we stored it before anything was charged: whose account, how much (minor units)."""

    account_ref: str
    payment_id: str
    amount_minor: int
    currency: str


def is_sound(event: Event) -> bool:
    """Tell whether an event's values can be what a gateway says: names in printable ASCII of at most
    ``TEXT_MAX`` signs, an amount that is one, a time with a zone. Others are malformed (R45).
    """
    names = (event.event_id, event.kind, event.mode, event.account_ref)
    more = (event.payment_id, event.currency, event.page_id, event.method_id)
    amount = event.amount_minor
    return (
        all(_is_text(text) for text in (*names, *(text for text in more if text is not None)))
        and (amount is None or (type(amount) is int and 0 <= amount <= AMOUNT_MAX))
        and event.created_at.tzinfo is not None
    )


def judge_hint(hint: Hint, ours: Ours | None, mode: Mode) -> Verdict | None:
    """Judge an event before its payment is read: why it is not handled, or None when it may be.

    ``ours`` is the payment of its payment id, None for one we never made; ``mode`` is the one that the
    engine charges in. What else the event carries, such as copied metadata, counts for nothing (R45).
    """
    if hint.mode != mode:
        return Verdict.other_mode
    if hint.payment_id is None:
        return Verdict.not_of_a_payment
    if ours is None:
        return Verdict.unknown_payment
    if hint.account_ref != ours.account_ref:
        return Verdict.other_account
    if _is_of_a_part(hint.kind):
        # A refund or dispute is of as much as it is of; what is so is read.
        return None
    if hint.amount_minor not in (None, ours.amount_minor):
        return Verdict.other_amount
    if hint.currency not in (None, ours.currency):
        return Verdict.other_currency
    return None


def judge_page(hint: Hint, account_ref: str | None, mode: Mode) -> Verdict | None:
    """Judge an event about a page before that is read: why it is not handled, or None when it may be.

    ``account_ref`` is the gateway account that we made the page under, None for one we never made. A
    page of another's business, or one named by another account, brings no card to anybody (R27, R45).
    """
    return _judge_place(hint, account_ref, mode, Verdict.unknown_page)


def judge_method(hint: Hint, account_ref: str | None, mode: Mode) -> Verdict | None:
    """Judge an event about a saved card before that is read: why it is not handled, or None when it
    may be.

    ``account_ref`` is the gateway account that we saved the card under, None for one we never saved:
    other business in the same account has cards too (R45).
    """
    return _judge_place(hint, account_ref, mode, Verdict.unknown_method)


def _judge_place(
    hint: Hint, account_ref: str | None, mode: Mode, unknown: Verdict
) -> Verdict | None:
    if mode != hint.mode:
        return Verdict.other_mode
    if account_ref is None:
        return unknown
    return None if hint.account_ref == account_ref else Verdict.other_account


def judge_read(hint: Hint, ours: Ours, outcome: PaymentOutcome) -> Verdict | None:
    """Judge an event by the fresh reading of its payment: why that is not recorded, or None.

    An event may be late, so that the payment has gone on since. But nothing follows being captured or
    cancelled: who says so of a payment that is neither speaks of something else (R45).
    """
    if isinstance(outcome, NotFound):
        return Verdict.read_disagrees
    if isinstance(outcome, Captured):
        if outcome.payment_id != ours.payment_id:
            return Verdict.read_disagrees
        # Another amount is read of a hold that was captured in part, or of an edited payment: nothing is
        # granted for it, and it is given back (R17).
        if outcome.currency != ours.currency:
            return Verdict.other_currency
    if _says_captured(hint.kind) and not isinstance(outcome, Captured):
        return Verdict.read_disagrees
    if hint.kind == "payment.canceled" and not isinstance(outcome, Canceled):
        return Verdict.read_disagrees
    return None


def _is_text(text: object) -> bool:
    # Nothing else is written into records and onto terminals on a stranger's word.
    return (
        isinstance(text, str)
        and 1 <= len(text) <= TEXT_MAX
        and text.isascii()
        and text.isprintable()
    )


def _is_of_a_part(kind: str) -> bool:
    return kind.startswith(("refund.", "dispute.", "charge.refund", "charge.dispute"))


def _says_captured(kind: str) -> bool:
    return kind in ("payment.captured", "payment.refunded") or _is_of_a_part(kind)
