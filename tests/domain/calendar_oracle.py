"""An independent calendar: it walks day by day and shares nothing with the engine's arithmetic.

No months are added and no periods divided here. Boundaries are found by going from one day to the
next with a written table of month lengths; what is due is found by reading the list of boundaries
from its beginning; summer time is found by counting Sundays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

ONE_DAY = timedelta(days=1)
LENGTHS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
LEAP_YEARS = (2016, 2020, 2024, 2028, 2032, 2036, 2040)


def last_day(day: date) -> int:
    """The number of the last day of a day's month, from the table."""
    return 29 if day.month == 2 and day.year in LEAP_YEARS else LENGTHS[day.month]


def month_starts(anchor: datetime, until: datetime) -> list[datetime]:
    """The beginnings of all months of a subscription, from the anchor to the first one after
    ``until``: each day on the anchor's day of the month, or on the last of a month without it."""
    starts, day = [anchor], anchor.date()
    while starts[-1] <= until:
        day += ONE_DAY
        if day.day == anchor.day or (day.day < anchor.day and day.day == last_day(day)):
            starts.append(datetime.combine(day, anchor.timetz()))
    return starts


@dataclass(frozen=True)
class Due:
    """What the oracle finds due: the place of the running month, the bounds of its month and its
    period, and how many periods began since the last run (0: only a month's credits)."""

    month: int
    month_bounds: tuple[datetime, datetime]
    period_bounds: tuple[datetime, datetime]
    periods_begun: int


def what_is_due(
    anchor: datetime, every: int, begun: int, credits: bool, at: datetime
) -> Due | None:
    """Read the list of months: ``begun`` of them are done, a period begins at each ``every``-th."""
    far = month_starts(anchor, at + timedelta(days=400))
    opens = [start for place, start in enumerate(far) if place % every == 0]
    passed = [start for start in far[begun:] if start <= at]
    new_periods = [start for start in passed if start in opens]
    if not (passed if credits else new_periods):
        return None
    place = max(place for place, start in enumerate(far) if start <= at)
    opened = max(start for start in opens if start <= at)
    closes = min(start for start in opens if start > at)
    return Due(place, (far[place], far[place + 1]), (opened, closes), len(new_periods))


def due_times(anchor: datetime, every: int, credits: bool, until: datetime) -> list[datetime]:
    """Every instant after the anchor, up to ``until``, at which a punctual run has work."""
    starts = month_starts(anchor, until)
    return [
        start
        for place, start in enumerate(starts)
        if place > 0 and start <= until and (credits or place % every == 0)
    ]


def _sundays(year: int, month: int) -> list[date]:
    """The Sundays of a month, in order."""
    day, found = date(year, month, 1), []
    while day.month == month:
        if day.isoweekday() == 7:
            found.append(day)
        day += ONE_DAY
    return found


def berlin_hours(at: datetime) -> int:
    """How far Berlin is ahead of UTC: 2 hours from the last Sunday of March to that of October,
    both at 1 o'clock UTC, otherwise 1."""
    spring, autumn = (
        datetime.combine(_sundays(at.year, month)[-1], datetime.min.time(), UTC)
        + timedelta(hours=1)
        for month in (3, 10)
    )
    return 2 if spring <= at < autumn else 1


def new_york_hours(at: datetime) -> int:
    """How far New York is ahead of UTC: -4 hours from the second Sunday of March at 7 o'clock UTC
    to the first of November at 6, otherwise -5."""
    spring = datetime.combine(_sundays(at.year, 3)[1], datetime.min.time(), UTC)
    autumn = datetime.combine(_sundays(at.year, 11)[0], datetime.min.time(), UTC)
    summer = spring + timedelta(hours=7) <= at < autumn + timedelta(hours=6)
    return -4 if summer else -5


def gaps(bounds: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The neighbours in a list of bounds that leave a gap or overlap, or are empty."""
    return [
        (one[1], other[0])
        for one, other in pairwise(bounds)
        if one[1] != other[0] or not one[0] < one[1]
    ]
