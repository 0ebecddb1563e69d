"""R29, R35: when a renewal that was not paid is tried again, and when access ends, or never does."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.declines import Pause, RetryFrom, after_decline
from brimful.domain.past_due import (
    Decline,
    is_suspended,
    next_attempt,
    next_seller_retry,
    suspended_at,
)
from brimful.domain.reason import Reason
from tests.domain.makers import AT

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def soft(*hours: float) -> list[Decline]:
    """Soft declines so many hours after AT."""
    return [Decline(at=AT + hour * HOUR, code="insufficient_funds") for hour in hours]


def hours(*numbers: float) -> list[datetime]:
    """Instants so many hours after AT."""
    return [AT + number * HOUR for number in numbers]


def test_r29_a_renewal_is_tried_at_once_then_after_1_and_7_hours_then_paused() -> None:
    """Each as soon as it is allowed, and declined again."""
    answers = []
    for declined in ([], [0], [0, 1], [0, 1, 7]):
        at = AT + (declined[-1] if declined else 0) * HOUR
        answers.append(next_attempt(hours(*declined), soft(*declined), at))
    assert answers == [
        RetryFrom(AT),
        RetryFrom(AT + HOUR),
        RetryFrom(AT + 7 * HOUR),
        Pause(Reason.card_declined),
    ]


def test_r29_seven_hours_count_from_the_first_decline() -> None:
    """Though the second came five hours after it."""
    assert next_attempt(hours(0, 5), soft(0, 5), AT + 5 * HOUR) == RetryFrom(AT + 7 * HOUR)


def test_r29_a_time_that_has_passed_is_now() -> None:
    """A run that comes late tries at once."""
    at = AT + 3 * DAY
    assert next_attempt(hours(0), soft(0), at) == RetryFrom(at)
    assert next_attempt([], [], at) == RetryFrom(at)


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (Decline(at=AT + HOUR, code="stolen_card", hard=True), Reason.card_declined),
        (Decline(at=AT + HOUR, code="authentication_required"), Reason.authentication_required),
        (
            Decline(at=AT + HOUR, code="authentication_required", hard=True),
            Reason.authentication_required,
        ),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_r29_hard_or_authentication_waits_for_a_new_card_or_the_owner(
    last: Decline, reason: Reason, before: int
) -> None:
    """At the first, or after a soft one; however long it waits; also if a soft one came after it."""
    declines = [*soft(0)[:before], last]
    tried = [decline.at for decline in declines]
    for at in (AT + HOUR, AT + 400 * DAY):
        assert next_attempt(tried, declines, at) == Pause(reason)
        assert next_attempt(tried, [*declines, *soft(2)], at) == Pause(reason)


def test_r29_a_new_card_is_tried_at_once() -> None:
    """It has no past; nor has one that succeeded, within the counts."""
    assert next_attempt([], [], AT + HOUR) == RetryFrom(AT + HOUR)
    assert next_attempt(hours(0, 1), [], AT + 2 * HOUR) == RetryFrom(AT + 2 * HOUR)


@pytest.mark.parametrize(
    ("tried", "declined", "at", "answer"),
    [
        ((0, 1, 7), (), 8, 24),  # the owner cleared the pause: the fourth waits for the day
        ((0, 1, 7), (), 24, 24),
        ((0, 1, 7), (), 30, 30),
        ((0, 1, 7, 24), (), 24, 25),
        ((7, 0, 1), (), 8, 24),  # in any order
        ((-10, 0, 1), (0, 1), 1, 14),  # the seventh hour would be the fourth within a day
        ((-23, 0, 1), (0, 1), 1, 7),  # by the seventh hour the old one is forgotten
    ],
)
def test_r29_at_most_three_attempts_in_24_hours(
    tried: tuple[float, ...], declined: tuple[float, ...], at: float, answer: float
) -> None:
    """A gate that opens when the first of the last three is a day old."""
    given_at = AT + at * HOUR
    verdict = next_attempt(hours(*tried), soft(*declined), given_at)
    assert verdict == RetryFrom(AT + answer * HOUR)


def test_r29_eight_attempts_in_30_days_pause() -> None:
    """Spread so that no day is full; the ninth is allowed when the first is 30 days old."""
    tried = hours(*(day * 24 for day in range(0, 24, 3)))
    assert len(tried) == 8
    last = AT + 30 * DAY
    assert next_attempt(tried[:7], [], AT + 25 * DAY) == RetryFrom(AT + 25 * DAY)
    assert next_attempt(tried, [], AT + 25 * DAY) == Pause(Reason.card_declined)
    assert next_attempt(tried, soft(21 * 24), AT + 25 * DAY) == Pause(Reason.card_declined)
    assert next_attempt(tried, [], last - SECOND) == Pause(Reason.card_declined)
    assert next_attempt(tried, [], last) == RetryFrom(last)
    # What counts is the time of the attempt allowed: an hour from now the first is old enough.
    eighth = (30 * 24 - 1) * HOUR
    assert next_attempt([*tried[:7], AT + eighth], soft(30 * 24 - 1), AT + eighth) == RetryFrom(
        last
    )


@given(
    moves=st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ddddds")), max_size=60),
)
def test_r29_whoever_obeys_never_exceeds_3_a_day_or_8_in_30_days(
    moves: list[tuple[int, str]],
) -> None:
    """A card that is declined again and again (d), that succeeds now and then (s), whose owner
    clears each pause: counted over every window by brute force."""
    at = AT
    tried: list[datetime] = []
    run: list[Decline] = []
    for wait, outcome in moves:
        at += wait * HOUR
        verdict = next_attempt(tried, run, at)
        if isinstance(verdict, Pause):
            run = []
            continue
        assert verdict.at >= at
        at = verdict.at
        if outcome == "d":
            tried.append(at)
            run.append(Decline(at=at, code="insufficient_funds"))
        else:
            run = []
    for end in tried:
        assert sum(end - DAY < one <= end for one in tried) <= 3
        assert sum(end - 30 * DAY < one <= end for one in tried) <= 8


@given(number=st.integers(1, 3), gaps=st.lists(st.integers(7, 48), min_size=3, max_size=3))
def test_r29_without_other_attempts_the_schedule_is_that_of_every_decline(
    number: int, gaps: list[int]
) -> None:
    """The one that auto-billing follows."""
    run: list[Decline] = []
    for gap in gaps[:number]:
        at = run[-1].at + gap * HOUR if run else AT
        run.append(Decline(at=at, code="do_not_honor"))
    same = after_decline(
        hard=False,
        code="do_not_honor",
        soft_declines=number - 1,
        first_declined_at=run[0].at,
        at=run[-1].at,
    )
    verdict = next_attempt([one.at for one in run], run, run[-1].at)
    if isinstance(same, Pause):
        assert verdict == same
    else:
        assert verdict == RetryFrom(max(same.at, run[-1].at))


def test_r35_a_declined_subscriber_is_suspended_after_7_days_to_the_second() -> None:
    """Counted from when the renewal became due."""
    assert suspended_at(AT) == AT + 7 * DAY
    moments = [AT, AT + 6 * DAY, AT + 7 * DAY - SECOND, AT + 7 * DAY, AT + 70 * DAY]
    assert [is_suspended(AT, at) for at in moments] == [False, False, False, True, True]


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
