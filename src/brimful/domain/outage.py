"""An outage of a gateway account: not a decline, so nothing is paused; but nothing is hammered (R29).

While it lasts a shortage is refused at once, but for one purchase now and then that finds out whether
it is over. Each that finds it is not makes the next wait longer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# After the first purchase without an answer the next is tried at once, then after ever longer pauses.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0, 10, 30, 60, 120, 300))
# An outage that begins again so soon is the same one to its owners, and to the pauses.
SAME_WITHIN = timedelta(hours=1)
# A renewal that met an outage is due again so much later, or when the outage is known to be over.
RENEWAL_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Since when a gateway account gives no answer, how many purchases found it so, the last at
    ``noted_at``; from when on another may try; and when it was over, if it is."""

    since_at: datetime
    tries: int
    noted_at: datetime
    until_at: datetime
    ended_at: datetime | None = None


def without_answer(before: Outage | None, planned_at: datetime, at: datetime) -> Outage:
    """The outage as it stands after a purchase, planned at an instant, got no answer at ``at``.

    Purchases that were planned before the last of them was known found out the same.
    """
    if before is None or (before.ended_at is not None and at - before.ended_at > SAME_WITHIN):
        return Outage(since_at=at, tries=1, noted_at=at, until_at=at + PAUSES[0])
    if before.ended_at is None and planned_at <= before.noted_at:
        return before
    tries = before.tries + 1
    until_at = at + PAUSES[min(tries, len(PAUSES)) - 1]
    return replace(before, tries=tries, noted_at=at, until_at=until_at, ended_at=None)


def episode(since_at: datetime) -> str:
    """What makes two notices of an outage one to its owner (R42)."""
    return f"outage:{since_at.isoformat()}"
