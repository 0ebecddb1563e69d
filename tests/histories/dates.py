"""Months, periods and parts of them, by walking the days: nothing of the engine's arithmetic."""

from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from tests.domain.calendar_oracle import month_starts


@lru_cache(maxsize=4096)
def month(anchor: datetime, number: int) -> datetime:
    """Where the month of this number begins, 0 being the first."""
    return month_starts(anchor, anchor + timedelta(days=31 * number))[number]


def month_of(anchor: datetime, at: datetime) -> int:
    """The number of the month in which an instant lies."""
    number = 0
    while month(anchor, number + 1) <= at:
        number += 1
    return number


def period(anchor: datetime, months: int, number: int) -> tuple[datetime, datetime]:
    """The period of so many months in which the month of this number lies."""
    first = number - number % months
    return month(anchor, first), month(anchor, first + months)


def part(price: int, span: tuple[datetime, datetime], at: datetime, ratio: Fraction) -> int:
    """What is left of a price at an instant of a span, half a cent upward. ``ratio`` is the length
    of the span by that which the price is for."""
    whole, left = span[1] - span[0], span[1] - at
    share = Fraction(left // timedelta(seconds=1), whole // timedelta(seconds=1))
    exact = price * ratio * min(max(share, Fraction(0)), Fraction(1))
    return int(exact + Fraction(1, 2))
