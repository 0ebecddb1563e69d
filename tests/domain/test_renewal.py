"""R34, R36: what is due of a subscription, step by step, by number and for all calendars."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brimful.domain.period import MONTHS, Interval, month_at
from brimful.domain.renewal import (
    Step,
    due_step,
    month_index,
    next_due,
    period_of,
    whole_hour,
)
from tests.domain.calendar_oracle import due_times, gaps

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
intervals = st.sampled_from(sorted(MONTHS))


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


JANUARY = utc(2027, 1, 31, 9)
# Any hour of ten years, with the ends of months as likely as all other days together.
anchors = st.one_of(
    st.integers(0, 10 * 365 * 24).map(lambda hours: utc(2022, 1, 1) + hours * HOUR),
    st.builds(
        lambda year, month, back, hour: utc(year, month, 1, hour) - timedelta(days=back),
        st.integers(2022, 2031),
        st.integers(1, 12),
        st.integers(1, 4),
        st.integers(0, 23),
    ),
)


def test_r34_nothing_is_due_before_the_very_second() -> None:
    """A month plan from 31 January, 9 o'clock: due on 28 February at 9, not a second before."""
    turn = utc(2027, 2, 28, 9)
    assert next_due(JANUARY, "month", 1, True) == turn
    assert due_step(JANUARY, "month", 1, True, turn - SECOND) is None
    assert due_step(JANUARY, "month", 1, True, turn) == Step(
        months_done=2,
        month_starts_at=turn,
        month_ends_at=utc(2027, 3, 31, 9),
        period_starts_at=turn,
        period_ends_at=utc(2027, 3, 31, 9),
        renews=True,
    )


def test_r34_a_quarter_brings_credits_each_month_and_is_charged_once() -> None:
    """Two months free of charge, then the renewal: three steps of a quarter from 31 January."""
    steps, done = [], 1
    for _ in range(3):
        step = due_step(JANUARY, "quarter", done, True, next_due(JANUARY, "quarter", done, True))
        assert step is not None
        steps.append((step.months_done, step.month_starts_at.date().isoformat(), step.renews))
        done = step.months_done
    assert steps == [(2, "2027-02-28", False), (3, "2027-03-31", False), (4, "2027-04-30", True)]


@pytest.mark.parametrize(
    ("interval", "due"),
    [
        ("month", utc(2027, 2, 28, 9)),
        ("quarter", utc(2027, 4, 30, 9)),
        ("year", utc(2028, 1, 31, 9)),
    ],
)
def test_r34_without_monthly_credits_only_the_end_of_the_period_is_due(
    interval: Interval, due: datetime
) -> None:
    """Chatbots that recur, or a plan of chatbots alone."""
    assert next_due(JANUARY, interval, 1, False) == due
    assert due_step(JANUARY, interval, 1, False, due - SECOND) is None
    step = due_step(JANUARY, interval, 1, False, due)
    assert step is not None
    assert step.renews and step.period_starts_at == due


def test_r34_a_missed_year_is_one_step_into_the_period_that_runs() -> None:
    """A year late in the middle of a month: one renewal, one month's credits, nothing else."""
    at = utc(2028, 3, 10)
    step = due_step(JANUARY, "quarter", 1, True, at)
    assert step == Step(
        months_done=14,
        month_starts_at=utc(2028, 2, 29, 9),
        month_ends_at=utc(2028, 3, 31, 9),
        period_starts_at=utc(2028, 1, 31, 9),
        period_ends_at=utc(2028, 4, 30, 9),
        renews=True,
    )
    assert due_step(JANUARY, "quarter", 14, True, at) is None


def test_r34_a_month_missed_within_a_year_is_not_charged() -> None:
    """The year is paid: only the credits of the month that runs are granted."""
    step = due_step(JANUARY, "year", 1, True, utc(2027, 6, 15))
    assert step is not None
    assert (step.months_done, step.renews) == (5, False)
    assert step.month_starts_at == utc(2027, 5, 31, 9)


def test_r34_a_subscription_has_not_begun_fewer_months_than_none() -> None:
    """It is a mistake of the caller."""
    with pytest.raises(ValueError, match="begun"):
        next_due(JANUARY, "month", -1, True)
    with pytest.raises(ValueError, match="begun"):
        due_step(JANUARY, "year", -1, False, JANUARY)


@pytest.mark.parametrize("credits", [True, False])
def test_r34_a_subscription_that_is_to_begin_renews_at_its_anchor(credits: bool) -> None:
    """A plan by another interval begins anew at the end of the old one's period: a first month and a
    new period, at its price."""
    assert next_due(JANUARY, "year", 0, credits) == JANUARY
    assert due_step(JANUARY, "year", 0, credits, JANUARY - SECOND) is None
    step = due_step(JANUARY, "year", 0, credits, JANUARY)
    assert step is not None
    assert (step.months_done, step.renews) == (1, True)
    assert (step.month_starts_at, step.period_ends_at) == (JANUARY, utc(2028, 1, 31, 9))


def test_r34_an_anchor_is_on_a_whole_hour_and_has_a_zone() -> None:
    """Half an hour, a moment before the anchor, a month before the first, a clock without a zone."""
    with pytest.raises(ValueError, match="whole hour"):
        next_due(JANUARY + 30 * 60 * SECOND, "month", 1, True)
    with pytest.raises(ValueError, match="whole hour"):
        period_of(JANUARY + SECOND, "month", 0)
    with pytest.raises(ValueError, match="before"):
        month_index(JANUARY, JANUARY - SECOND)
    with pytest.raises(ValueError, match="no month"):
        period_of(JANUARY, "month", -1)
    with pytest.raises(ValueError, match="no time zone"):
        month_index(JANUARY, JANUARY.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        whole_hour(JANUARY.replace(tzinfo=None))


def test_r34_an_hour_is_cut_to_the_microsecond() -> None:
    """Periods begin on the hour and nothing beside it."""
    assert whole_hour(JANUARY + 59 * 60 * SECOND + SECOND / 2) == JANUARY


@given(anchor=anchors, index=st.integers(0, 130), seconds=st.integers(0, 28 * 86_400 - 1))
def test_r34_a_moment_lies_in_exactly_one_month(anchor: datetime, index: int, seconds: int) -> None:
    """Each month is at least 28 days long; and its last second is its own."""
    assert month_index(anchor, month_at(anchor, index) + seconds * SECOND) == index
    assert month_index(anchor, month_at(anchor, index + 1) - SECOND) == index


@given(anchor=anchors, interval=intervals)
def test_r34_periods_have_no_gap_and_do_not_overlap(anchor: datetime, interval: Interval) -> None:
    """Over 40 months, each in one period, each period as many months as its interval has."""
    periods = [period_of(anchor, interval, month) for month in range(40)]
    distinct = list(dict.fromkeys((p.starts_at, p.ends_at) for p in periods))
    assert gaps(distinct) == []
    assert len(distinct) == -(-40 // MONTHS[interval])
    assert all(p.starts_at <= month_at(anchor, i) < p.ends_at for i, p in enumerate(periods))
    assert all(p.interval == interval and p.anchor_at == anchor for p in periods)


@given(
    anchor=anchors,
    interval=intervals,
    credits=st.booleans(),
    waits=st.lists(st.integers(0, 60 * 24), max_size=25),
)
def test_r34_r36_whenever_it_is_run_nothing_is_taken_back_or_done_twice(
    anchor: datetime, interval: Interval, credits: bool, waits: list[int]
) -> None:
    """Runs at any hours: the months done rise with every step, months and periods served never
    overlap, and asking twice gives nothing."""
    at, done, months, periods = anchor, 1, [], []
    for wait in waits:
        at += wait * HOUR
        step = due_step(anchor, interval, done, credits, at)
        assert (step is None) == (at < next_due(anchor, interval, done, credits))
        if step is None:
            continue
        assert step.months_done > done
        assert step.month_starts_at <= at < step.month_ends_at
        assert step.period_starts_at <= step.month_starts_at
        assert step.month_ends_at <= step.period_ends_at
        months.append((step.month_starts_at, step.month_ends_at))
        if step.renews:
            periods.append((step.period_starts_at, step.period_ends_at))
        done = step.months_done
        assert due_step(anchor, interval, done, credits, at) is None
        assert next_due(anchor, interval, done, credits) > at
    for bounds in (months, periods):
        assert all(one[1] <= other[0] for one, other in pairwise(bounds))


@settings(max_examples=20)
@given(
    anchor=anchors,
    interval=intervals,
    credits=st.booleans(),
    hours=st.integers(0, 14 * 31 * 24),
)
def test_r34_hour_by_hour_comes_to_the_same_as_once_at_the_end_except_for_what_is_missed(
    anchor: datetime, interval: Interval, credits: bool, hours: int
) -> None:
    """The punctual clock renews each period once and serves each month once, at its boundary; the
    late one ends in the same month and period, having served only these."""
    end = anchor + hours * HOUR
    done, steps, at = 1, [], anchor
    due_at = next_due(anchor, interval, done, credits)
    while at <= end:
        step = due_step(anchor, interval, done, credits, at)
        assert (step is not None) == (at == due_at)
        if step is not None:
            steps.append(step)
            done = step.months_done
            due_at = next_due(anchor, interval, done, credits)
        at += HOUR
    once = due_step(anchor, interval, 1, credits, end)
    served = [step.month_starts_at for step in steps]
    assert served == due_times(anchor, MONTHS[interval], credits, end)
    renewed = [step.period_starts_at for step in steps if step.renews]
    assert renewed == due_times(anchor, MONTHS[interval], False, end)
    assert (once is None) == (not steps)
    if once is not None:
        assert once.renews == bool(renewed)
        assert once.period_ends_at == steps[-1].period_ends_at
        assert next_due(anchor, interval, once.months_done, credits) == due_at
        assert not credits or replace(once, renews=steps[-1].renews) == steps[-1]


@given(anchor=anchors, interval=intervals, start=st.integers(1, 30), credits=st.booleans())
def test_r34_run_in_time_there_is_exactly_one_renewal_a_period(
    anchor: datetime, interval: Interval, start: int, credits: bool
) -> None:
    """From any month on, over five periods: each begins at the end of the one before."""
    done = start
    renewed: list[tuple[datetime, datetime]] = []
    first = period_of(anchor, interval, start - 1)
    while len(renewed) < 5:
        step = due_step(anchor, interval, done, credits, next_due(anchor, interval, done, credits))
        assert step is not None
        done = step.months_done
        if step.renews:
            renewed.append((step.period_starts_at, step.period_ends_at))
    assert gaps([(first.starts_at, first.ends_at), *renewed]) == []
    assert len(set(renewed)) == 5
