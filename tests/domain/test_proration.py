"""R37: the price of a part of a period, in whole seconds, rounded once, half up."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.period import period_at
from brimful.domain.proration import prorate

STARTS = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("price", "at", "due"),
    [
        (3_100, STARTS, 3_100),
        (3_100, STARTS + DAY, 3_000),
        (3_100, ENDS - DAY, 100),
        (3_100, ENDS, 0),
        (1_001, STARTS + 15.5 * DAY, 501),  # 500.5
        (999, STARTS + 15.5 * DAY, 500),  # 499.5
        (1, STARTS + 15.5 * DAY, 1),  # 0.5
        (1, STARTS + 15.5 * DAY + SECOND, 0),  # just below
        (0, STARTS + DAY, 0),
        (3_100, STARTS - DAY, 3_100),
        (3_100, ENDS + DAY, 0),
    ],
)
def test_r37_a_price_of_march_by_number(price: int, at: datetime, due: int) -> None:
    """31 days: a hundred a day of 3,100; halves go up; outside the period all or nothing."""
    assert prorate(price, starts_at=STARTS, ends_at=ENDS, at=at) == due


@given(
    price=st.integers(0, 10**11),
    anchor=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    part=st.fractions(0, 1),
)
def test_r37_agrees_with_exact_fractions(price: int, anchor: datetime, part: Fraction) -> None:
    """The oracle: price times seconds left over seconds in all, plus a half, rounded down."""
    starts_at, ends_at = period_at(anchor.replace(minute=0, second=0, microsecond=0), "month", 0)
    seconds = int((ends_at - starts_at).total_seconds())
    left = floor(part * seconds)
    due = prorate(price, starts_at=starts_at, ends_at=ends_at, at=ends_at - left * SECOND)
    assert due == floor(Fraction(price * left, seconds) + Fraction(1, 2))


@given(
    price=st.integers(0, 10**9),
    early=st.integers(0, 31 * 86_400),
    late=st.integers(0, 31 * 86_400),
)
def test_r37_later_never_costs_more_and_nothing_leaves_the_bounds(
    price: int, early: int, late: int
) -> None:
    """From the price down to zero."""
    early, late = sorted((early, late))
    before, after = (
        prorate(price, starts_at=STARTS, ends_at=ENDS, at=STARTS + seconds * SECOND)
        for seconds in (early, late)
    )
    assert 0 <= after <= before <= price


@given(price=st.integers(0, 10**9), seconds=st.integers(1, 31 * 86_400 - 1))
def test_r37_what_is_used_and_what_is_left_make_the_price(price: int, seconds: int) -> None:
    """Two parts rounded half up exceed the whole by at most the one unit of a shared half."""
    left = prorate(price, starts_at=STARTS, ends_at=ENDS, at=STARTS + seconds * SECOND)
    used = prorate(price, starts_at=STARTS, ends_at=ENDS, at=ENDS - seconds * SECOND)
    assert left + used - price in (0, 1)


@given(micros=st.integers(0, 999_999))
def test_r37_parts_of_a_second_do_not_count(micros: int) -> None:
    """A second that has begun is still paid for, at whatever part of it."""
    at = ENDS - 10 * SECOND
    price = 10**11
    whole = prorate(price, starts_at=STARTS, ends_at=ENDS, at=at)
    begun = prorate(price, starts_at=STARTS, ends_at=ENDS, at=at + timedelta(microseconds=micros))
    assert begun == whole


@pytest.mark.parametrize("at", [STARTS, STARTS + DAY, ENDS - SECOND])
def test_r37_a_package_may_say_full_price(at: datetime) -> None:
    """Then it does not matter how much of the period is left."""
    assert prorate(777, starts_at=STARTS, ends_at=ENDS, at=at, full_price=True) == 777
