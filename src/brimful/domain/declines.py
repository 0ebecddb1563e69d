"""What follows from a decline: pause, or not before a time; and how often a card may be tried (R29).

The one place for it. A card is its fingerprint at one gateway account in one tenant, whoever pays with
it and for whatever: auto-billings, renewals and purchases by hand all count as attempts. Purchases by
hand alone are never kept from trying: there the owner acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from brimful.domain.reason import Reason

# Soft declines: the next attempts are allowed so long after the first; then the card is paused.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=7))

# How often one card may be tried in vain, whatever it was tried for.
ATTEMPTS_PER_DAY = 3
ATTEMPTS_PER_30_DAYS = 8
DAY = timedelta(hours=24)
THIRTY_DAYS = timedelta(days=30)

# The code of a bank that wants the owner present.
AUTHENTICATION_REQUIRED = "authentication_required"
# The code of one that wants it though the owner was there.
AUTHENTICATION_DECLINED = "authentication_declined"


@dataclass(frozen=True, slots=True)
class Pause:
    """The card is not tried again until a new one, a purchase by hand or its owner clears it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class RetryFrom:
    """A new shortage may try the card again from this time on; nothing is charged at it by itself."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """One decline of a card: when, the gateway's code, and whether it forbids another try."""

    at: datetime
    code: str
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """What a card did lately.

    ``soft_declines``, the first of them at ``first_declined_at``, and ``paused`` are since it was
    last charged or its owner acted. ``attempts`` are the instants of all attempts in vain that still
    count, in any order: those of the last 30 days since a purchase by hand succeeded on it.
    """

    soft_declines: int = 0
    first_declined_at: datetime | None = None
    paused: Reason | None = None
    attempts: Sequence[datetime] = ()


def next_attempt(card: CardRecord, at: datetime) -> Pause | RetryFrom:
    """From when on a card may be tried by itself, never before ``at``; or not at all (R29).

    - No decline: at once. Soft declines: 1 and 7 hours after the first, then a pause.
    - Three attempts within 24 hours are a gate: the card waits until the first of them is a day old.
    - Eight within 30 days are a pause: waiting for weeks would only hide the trouble.
    """
    if card.paused is not None:
        return Pause(card.paused)
    earliest = at
    if card.soft_declines > len(RETRY_AFTER):
        return Pause(Reason.card_declined)
    if card.soft_declines and card.first_declined_at is not None:
        earliest = max(at, card.first_declined_at + RETRY_AFTER[card.soft_declines - 1])
    tried = sorted(card.attempts)
    if len(tried) >= ATTEMPTS_PER_DAY:
        earliest = max(earliest, tried[-ATTEMPTS_PER_DAY] + DAY)
    if _within(tried, earliest, THIRTY_DAYS) >= ATTEMPTS_PER_30_DAYS:
        return Pause(Reason.card_declined)
    return RetryFrom(earliest)


def after_decline(card: CardRecord, decline: Decline) -> tuple[CardRecord, Pause | RetryFrom]:
    """The record of a card with one more decline, and what follows from it (R29).

    ``card.attempts`` has the attempt itself already. A hard decline, or a bank that asks for the
    owner, pauses at the first. A pause stays, whatever comes after it.
    """
    if card.paused is not None:
        return card, Pause(card.paused)
    if decline.code == AUTHENTICATION_REQUIRED:
        card = replace(card, paused=Reason.authentication_required)
    elif decline.hard:
        card = replace(card, paused=Reason.card_declined)
    else:
        card = replace(
            card,
            soft_declines=card.soft_declines + 1,
            first_declined_at=card.first_declined_at or decline.at,
        )
    verdict = next_attempt(card, decline.at)
    if isinstance(verdict, Pause):
        card = replace(card, paused=verdict.reason)
    return card, verdict


def room(card: CardRecord, under_way: int, at: datetime) -> int:
    """How many attempts more may begin at ``at`` on a card of which ``under_way`` have no answer yet:
    should all of them be declined, there are still no more than allowed (R29). 0 for a card that may
    not be tried now."""
    verdict = next_attempt(card, at)
    if isinstance(verdict, Pause) or verdict.at > at:
        return 0
    day = ATTEMPTS_PER_DAY - _within(card.attempts, at, DAY)
    month = ATTEMPTS_PER_30_DAYS - _within(card.attempts, at, THIRTY_DAYS)
    return max(0, min(day, month) - under_way)


def _within(attempts: Sequence[datetime], at: datetime, span: timedelta) -> int:
    """How many attempts lie less than a span before an instant, or after it."""
    return sum(attempt > at - span for attempt in attempts)
