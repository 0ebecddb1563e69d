"""Renewals: which month of a subscription runs, and what is due of it (R34, R36).

The months of a subscription are counted from an anchor that is remembered: month ``i`` is
``[month_at(anchor, i), month_at(anchor, i + 1))``, and period ``n`` of an interval of ``s`` months
is the months ``[n * s, (n + 1) * s)``. All of it is computed in UTC, on whole hours: an owner sees
the same instants in another zone, and nothing moves when the clocks of that zone change.

What a subscription has had is one number, ``months_done``: the months begun so far, 1 from its
start on (0 where it is to begin at an anchor that it was given for another interval). It only grows,
so nothing is granted twice; it jumps to the month that runs, so a run that was missed catches up once,
and what lies between is neither charged nor granted.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from brimful.domain.period import MONTHS, Interval, Period, month_at, period_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is due now: the month that runs, within its period, and whether that period is new.

    ``months_done`` is the count to store with it. With ``renews`` a period has begun: the recurring
    price is charged for it, once, and the month's credits are granted. Without, it is a later month
    of a period that is paid: its credits are granted free of charge.
    """

    months_done: int
    month_starts_at: datetime
    month_ends_at: datetime
    period_starts_at: datetime
    period_ends_at: datetime
    renews: bool


def whole_hour(at: datetime) -> datetime:
    """The beginning of the UTC hour in which ``at`` lies: where periods begin (R34).

    Converted first and cut then: half past nine in a zone of half an hour is a full hour in UTC.
    Raises ValueError for a moment without a zone.
    """
    return _utc(at).replace(minute=0, second=0, microsecond=0)


def month_index(anchor: datetime, at: datetime) -> int:
    """The number of the month in which ``at`` lies, 0 for the first (R34).

    Exact for anchors on the 28th to the 31st: the month turns at the anchor's hour of the last day
    where a month is too short. Raises ValueError for an ``at`` before the anchor, and for an anchor
    that is not on a whole hour.
    """
    anchor, at = _anchor(anchor), _utc(at)
    if at < anchor:
        raise ValueError(f"{at} is before the subscription began, at {anchor}")
    index = (at.year - anchor.year) * 12 + at.month - anchor.month
    return index if month_at(anchor, index) <= at else index - 1


def period_of(anchor: datetime, interval: Interval, month: int) -> Period:
    """The period of ``interval`` in which the month number ``month`` (0 is the first) lies (R34).

    Raises ValueError for a negative month, and for an anchor that is not on a whole hour.
    """
    if month < 0:
        raise ValueError(f"a subscription has no month {month}")
    anchor = _anchor(anchor)
    starts_at, ends_at = period_at(anchor, interval, month // MONTHS[interval])
    return Period(anchor_at=anchor, starts_at=starts_at, ends_at=ends_at, interval=interval)


def next_due(
    anchor: datetime, interval: Interval, months_done: int, brings_credits: bool
) -> datetime:
    """When a subscription is due next: the start of its next month when it brings monthly credits
    (in all intervals, R34), otherwise the end of the running period.

    One that has begun no month is due at its anchor. Raises ValueError for fewer months than none.
    """
    if months_done < 0:
        raise ValueError(f"a subscription cannot have begun {months_done} months")
    if brings_credits or months_done == 0:
        return month_at(_anchor(anchor), months_done)
    return period_of(anchor, interval, months_done - 1).ends_at


def due_step(
    anchor: datetime, interval: Interval, months_done: int, brings_credits: bool, at: datetime
) -> Step | None:
    """What is due of a subscription at ``at``, or None before `next_due` (R34, R36).

    The month is always the one in which ``at`` lies. After a clock that stood still over several
    boundaries it is the only one served: one renewal for the period that runs now, one month's
    credits for the month that runs now. Asking again with the new ``months_done`` answers None
    until the next boundary. Raises ValueError as `next_due` does.
    """
    if _utc(at) < next_due(anchor, interval, months_done, brings_credits):
        return None
    month = month_index(anchor, at)
    period = period_of(anchor, interval, month)
    return Step(
        months_done=month + 1,
        month_starts_at=month_at(period.anchor_at, month),
        month_ends_at=month_at(period.anchor_at, month + 1),
        period_starts_at=period.starts_at,
        period_ends_at=period.ends_at,
        renews=month // period.months > (months_done - 1) // period.months,
    )


def _utc(at: datetime) -> datetime:
    """The same instant in UTC; a moment without a zone is refused, or it would be the machine's."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def _anchor(anchor: datetime) -> datetime:
    """The anchor in UTC, refused unless it is on a whole hour (R34)."""
    hour = whole_hour(anchor)
    if hour != anchor:
        raise ValueError(f"the anchor {anchor} is not on a whole hour in UTC")
    return hour
