"""R35: when a renewal that was not paid for its seller is tried again, and when access ends, or never."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.past_due import next_seller_retry, suspended_at
from tests.domain.makers import AT

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_r35_a_declined_subscriber_is_suspended_after_7_days() -> None:
    """Counted from when the renewal became due."""
    assert suspended_at(AT) == AT + 7 * DAY


def test_r35_a_seller_that_fails_is_tried_after_1_6_24_48_72_hours_then_daily() -> None:
    """Each tried in time and failing again; a week is not the end of it."""
    at, waited = AT, []
    for _ in range(11):
        at = next_seller_retry(AT, at)
        waited.append((at - AT) // HOUR)
    assert waited == [1, 6, 24, 48, 72, 96, 120, 144, 168, 192, 216]


def test_r35_times_that_passed_while_nothing_ran_are_not_made_up_for() -> None:
    """The next one lies ahead, and is on the schedule."""
    assert next_seller_retry(AT, AT + 50 * HOUR) == AT + 72 * HOUR
    assert next_seller_retry(AT, AT + HOUR) == AT + 6 * HOUR
    assert next_seller_retry(AT, AT + 1_000 * HOUR) == AT + 1_008 * HOUR


def test_r35_a_try_at_once_does_not_use_up_the_schedule() -> None:
    """The pool filled after ten minutes, not enough: the first hour still counts."""
    assert next_seller_retry(AT, AT + timedelta(minutes=10)) == AT + HOUR


def test_r35_there_is_no_retry_without_a_failure() -> None:
    """A mistake of the caller."""
    with pytest.raises(ValueError, match="first failure"):
        next_seller_retry(AT, AT - HOUR)


@given(late=st.integers(0, 60 * 86_400))
def test_r35_the_next_retry_lies_ahead_within_a_day_or_on_the_schedule(late: int) -> None:
    """Never a burst, never a standstill: the oracle is the written-out schedule."""
    schedule = [1, 6, 24, 48, 72, *range(96, 4_000, 24)]
    at = AT + late * SECOND
    expected = next(AT + hour * HOUR for hour in schedule if AT + hour * HOUR > at)
    assert next_seller_retry(AT, at) == expected > at
