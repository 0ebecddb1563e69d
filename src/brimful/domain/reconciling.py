"""Comparing the gateway's payments with our charges, both ways (R24).

Each difference is one of two kinds. Some prove what is to be done: a payment that ended at the
gateway is recorded, one that nobody waits for is cancelled, which takes no money from anybody.
All others are for a person: money that was taken and bought nothing, or the reverse, is never moved
on a guess.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from brimful.domain.payment_record import PaymentRecord

# States of a charge whose money was taken, whatever was given back of it since.
TAKEN = ("captured", "refunded")
# What the gateway may have of a payment that has taken no money and still could.
UNTAKEN = ("created", "held", "declined", "needs_authentication")


class Repair(StrEnum):
    """What is done about a difference that proves it: read the payment afresh and record what is so,
    or cancel it for good. ``look``: it is read afresh too, and is a difference only if that brings
    something new."""

    record = "record"
    cancel = "cancel"
    look = "look"


class Trouble(StrEnum):
    """What only a person can settle."""

    captured_without_grant = "captured_without_grant"
    captured_twice = "captured_twice"
    captured_unknown = "captured_unknown"
    open_unknown = "open_unknown"
    not_at_gateway = "not_at_gateway"
    not_captured = "not_captured"
    amount_differs = "amount_differs"
    refund_differs = "refund_differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class OurCharge:
    """What we have of a charge: its ``state`` and whether its purchase ended; amounts in minor units
    of ``currency``, ``created_at`` by business time. ``disputes`` are the states of those that we know
    of, in an order of their own."""

    tenant_id: UUID
    purchase_id: UUID
    charge_id: UUID
    payment_id: str | None
    amount_minor: int
    refunded_minor: int
    currency: str
    state: str
    ended: bool
    created_at: datetime
    disputes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: between a charge of ours and a payment of the gateway, or one without the
    other; what is to be done about it."""

    verdict: Repair | Trouble
    charge: OurCharge | None
    payment_id: str | None
    theirs: PaymentRecord | None


def compare(
    ours: Sequence[OurCharge], theirs: Sequence[PaymentRecord], *, expected: frozenset[UUID]
) -> tuple[Difference, ...]:
    """Every difference between our charges at one gateway account and its payments.

    ``expected`` are the ids of those charges that must be among ``theirs`` if the gateway has them
    at all; others may lie outside the span that was asked for. Payments without a reference of ours
    were made by somebody else and are none of our business.
    """
    by_charge = {str(charge.charge_id): charge for charge in ours}
    seen: Mapping[UUID, list[PaymentRecord]] = defaultdict(list)
    found: list[Difference] = []
    for record in theirs:
        if not _is_ours(record):
            continue
        charge = by_charge.get(record.reference or "")
        if charge is None:
            found += _unknown(record)
            continue
        seen[charge.charge_id].append(record)
        if charge.payment_id == record.payment_id:
            found += _pair(charge, record)
        else:
            found += _second(charge, record)
    for charge in ours:
        known = {record.payment_id for record in seen.get(charge.charge_id, ())}
        if charge.charge_id in expected and charge.payment_id not in known:
            found += _missing(charge)
    return tuple(found)


def _is_ours(record: PaymentRecord) -> bool:
    """A reference of ours is a charge's id."""
    try:
        return record.reference is not None and str(UUID(record.reference)) == record.reference
    except ValueError:
        return False


def _pair(charge: OurCharge, record: PaymentRecord) -> Iterator[Difference]:
    """The payment that we stored, as we have it and as the gateway has it."""
    verdict = _verdict(charge, record)
    if verdict is not None:
        yield Difference(
            verdict=verdict, charge=charge, payment_id=record.payment_id, theirs=record
        )


def _verdict(charge: OurCharge, record: PaymentRecord) -> Repair | Trouble | None:
    if record.state == "captured":
        return _of_captured(charge, record)
    if charge.state in TAKEN:
        return Trouble.not_captured if record.state is not None else None
    if not charge.ended:
        # What is under way is driven by its row; what ended at the gateway may be recorded now.
        return Repair.record if record.state in ("declined", "canceled") else None
    return Repair.cancel if record.state in UNTAKEN else None


def _of_captured(charge: OurCharge, record: PaymentRecord) -> Repair | Trouble | None:
    if charge.state == "refunded" and record.refunded_minor == record.captured_minor:
        # However much of a hold its seller had captured: nothing of it is left (R17).
        return None
    if charge.state == "refunded" and record.disputed:
        # It came back by a dispute that the seller lost; should that have been won since, it is told.
        return Repair.look
    if (charge.amount_minor, charge.currency) != (record.captured_minor, record.currency):
        # What is under way is given back once it is known: a part of a hold, or an edited payment.
        return Trouble.amount_differs if charge.ended else Repair.record
    if charge.state in TAKEN:
        # A refund or dispute that we have not heard of may be read and recorded (R25).
        if charge.refunded_minor != record.refunded_minor:
            return Repair.record
        return _of_disputed(charge) if record.disputed else None
    if not charge.ended:
        return Repair.record
    if record.refunded_minor == record.captured_minor:
        return None
    return Trouble.captured_without_grant


def _of_disputed(charge: OurCharge) -> Repair | None:
    """Of a dispute that we never heard of we hear now; one that was open may have come to its end, and
    one that was lost may be won late. What is under way is driven by its row."""
    if charge.state != "captured" or not charge.ended:
        return None
    if not charge.disputes:
        return Repair.record
    return Repair.look if {"inquiry", "open", "lost"} & set(charge.disputes) else None


def _second(charge: OurCharge, record: PaymentRecord) -> Iterator[Difference]:
    """Another payment for the same charge: its creation's reply was lost and it was made anew."""
    verdict: Repair | Trouble | None = None
    if record.state == "captured" and record.refunded_minor < record.captured_minor:
        verdict = Trouble.captured_twice
    elif record.state in UNTAKEN and (charge.payment_id is not None or charge.ended):
        verdict = Repair.cancel
    if verdict is not None:
        yield Difference(
            verdict=verdict, charge=charge, payment_id=record.payment_id, theirs=record
        )


def _unknown(record: PaymentRecord) -> Iterator[Difference]:
    """It bears a reference of ours and we have no such charge: a database that was restored to an
    earlier time, or not the right one."""
    verdict: Trouble | None = None
    if record.state == "captured" and record.refunded_minor < record.captured_minor:
        verdict = Trouble.captured_unknown
    elif record.state == "held":
        verdict = Trouble.open_unknown
    if verdict is not None:
        yield Difference(verdict=verdict, charge=None, payment_id=record.payment_id, theirs=record)


def _missing(charge: OurCharge) -> Iterator[Difference]:
    """We have it, the gateway's list does not: it is asked for this one before anything is said."""
    if charge.payment_id is not None and (charge.state in TAKEN or not charge.ended):
        yield Difference(
            verdict=Repair.record, charge=charge, payment_id=charge.payment_id, theirs=None
        )
