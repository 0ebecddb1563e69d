"""What follows from a decline: pause, or not before a time (R29)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from brimful.domain.reason import Reason

# Soft declines: the next attempts are allowed so long after the first; then the card is paused.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Pause:
    """The card is not tried again until a new one, a purchase by hand or its owner clears it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class RetryFrom:
    """A new shortage may try the card again from this time on; nothing is charged at it by itself."""

    at: datetime


def after_decline(
    *, hard: bool, code: str, soft_declines: int, first_declined_at: datetime | None, at: datetime
) -> Pause | RetryFrom:
    """Decide on a card that was declined at ``at`` after ``soft_declines`` earlier soft declines,
    the first of them at ``first_declined_at``."""
    if code == "authentication_required":
        return Pause(Reason.authentication_required)
    if hard or soft_declines >= len(RETRY_AFTER):
        return Pause(Reason.card_declined)
    return RetryFrom((first_declined_at or at) + RETRY_AFTER[soft_declines])
