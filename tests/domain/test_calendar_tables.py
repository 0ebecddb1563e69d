"""R34: calendar tables, by number and against an oracle that walks the calendar day by day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.period import MONTHS, Interval
from brimful.domain.renewal import (
    Step,
    due_step,
    month_index,
    next_due,
    period_of,
    whole_hour,
)
from tests.domain.calendar_oracle import (
    berlin_hours,
    month_starts,
    new_york_hours,
    what_is_due,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
INTERVALS: dict[Interval, int] = {"month": 1, "quarter": 3, "year": 12}


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# The last four days of January in eight years, two of them leap years, at three hours of the day;
# and the leap days themselves.
ANCHORS = [
    utc(year, 1, day, (0, 9, 23)[(year + day) % 3])
    for year in range(2024, 2032)
    for day in (28, 29, 30, 31)
] + [utc(2024, 2, 29, 23), utc(2028, 2, 29, 0)]
anchors = pytest.mark.parametrize("anchor", ANCHORS, ids=lambda a: a.strftime("%Y-%m-%dT%H"))


def days(anchor: datetime, interval: Interval, number: int) -> str:
    """The first days of so many periods, short."""
    starts = (period_of(anchor, interval, n * INTERVALS[interval]).starts_at for n in range(number))
    return " ".join(start.strftime("%d.%m.%y") for start in starts)


@pytest.mark.parametrize(
    ("anchor", "interval", "table"),
    [
        (utc(2027, 1, 28), "month", "28.01.27 28.02.27 28.03.27 28.04.27"),
        (utc(2027, 1, 29), "month", "29.01.27 28.02.27 29.03.27 29.04.27"),
        (utc(2027, 1, 30), "month", "30.01.27 28.02.27 30.03.27 30.04.27"),
        (utc(2027, 1, 31), "month", "31.01.27 28.02.27 31.03.27 30.04.27 31.05.27 30.06.27"),
        (utc(2028, 1, 28), "month", "28.01.28 28.02.28 28.03.28 28.04.28"),
        (utc(2028, 1, 29), "month", "29.01.28 29.02.28 29.03.28 29.04.28"),
        (utc(2028, 1, 30), "month", "30.01.28 29.02.28 30.03.28 30.04.28"),
        (utc(2028, 1, 31), "month", "31.01.28 29.02.28 31.03.28 30.04.28 31.05.28 30.06.28"),
        (utc(2027, 1, 31), "quarter", "31.01.27 30.04.27 31.07.27 31.10.27 31.01.28 30.04.28"),
        (utc(2027, 8, 31), "quarter", "31.08.27 30.11.27 29.02.28 31.05.28 31.08.28 30.11.28"),
        (utc(2027, 11, 29), "quarter", "29.11.27 29.02.28 29.05.28 29.08.28 29.11.28 28.02.29"),
        (utc(2027, 1, 31), "year", "31.01.27 31.01.28 31.01.29 31.01.30"),
        (utc(2028, 2, 29), "year", "29.02.28 28.02.29 28.02.30 28.02.31 29.02.32"),
        (utc(2028, 2, 29), "month", "29.02.28 29.03.28 29.04.28 29.05.28"),
        (utc(2028, 2, 29), "quarter", "29.02.28 29.05.28 29.08.28 29.11.28 28.02.29 29.05.29"),
    ],
)
def test_r34_tables_by_number(anchor: datetime, interval: Interval, table: str) -> None:
    """Written by hand."""
    assert days(anchor, interval, table.count(" ") + 1) == table


@anchors
def test_r34_every_month_of_four_years_agrees_with_the_oracle(anchor: datetime) -> None:
    """The bounds of every month, and the month of the moments around them."""
    starts = month_starts(anchor, anchor + timedelta(days=4 * 366))
    assert len(starts) >= 49
    for index, start in enumerate(starts):
        assert period_of(anchor, "month", index).starts_at == start
        assert month_index(anchor, start) == month_index(anchor, start + SECOND) == index
        if index:
            assert month_index(anchor, start - SECOND) == index - 1


@anchors
@pytest.mark.parametrize("interval", INTERVALS)
def test_r34_every_period_of_four_years_agrees_with_the_oracle(
    anchor: datetime, interval: Interval
) -> None:
    """Each third, each twelfth beginning of a month begins a period, and only these."""
    every = INTERVALS[interval]
    starts = month_starts(anchor, anchor + timedelta(days=5 * 366))
    for index in range(48):
        period = period_of(anchor, interval, index)
        first = index - index % every
        assert (period.starts_at, period.ends_at) == (starts[first], starts[first + every])


def agrees(anchor: datetime, interval: Interval, done: int, credits: bool, at: datetime) -> int:
    """Compare one step with the oracle; the months done after it."""
    due = what_is_due(anchor, INTERVALS[interval], done, credits, at)
    step = due_step(anchor, interval, done, credits, at)
    if due is None:
        assert step is None and next_due(anchor, interval, done, credits) > at
        return done
    assert step == Step(
        months_done=due.month + 1,
        month_starts_at=due.month_bounds[0],
        month_ends_at=due.month_bounds[1],
        period_starts_at=due.period_bounds[0],
        period_ends_at=due.period_bounds[1],
        renews=due.periods_begun > 0,
    )
    return step.months_done


@anchors
@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("credits", [True, False])
def test_r34_a_clock_that_stands_still_for_40_days_over_and_over(
    anchor: datetime, interval: Interval, credits: bool
) -> None:
    """Forty days at a time for a year and a half, over month ends, short Februaries and leap days:
    what is found due each time is what the oracle reads off its list."""
    done, at = 1, anchor
    for _ in range(14):
        at += 40 * DAY
        done = agrees(anchor, interval, done, credits, at)
    assert month_index(anchor, at) + 1 >= done > 1 or (interval == "year" and not credits)


def test_r34_forty_days_across_a_month_end_renew_once() -> None:
    """Stopped on 10 February, running again on 22 March: February's end is renewed, once."""
    step = due_step(utc(2027, 1, 31, 9), "month", 1, True, utc(2027, 3, 22))
    assert step is not None
    assert (step.months_done, step.renews) == (2, True)
    assert (step.period_starts_at, step.period_ends_at) == (
        utc(2027, 2, 28, 9),
        utc(2027, 3, 31, 9),
    )
    assert due_step(utc(2027, 1, 31, 9), "month", 2, True, utc(2027, 3, 22)) is None


def test_r34_forty_days_across_two_month_ends_renew_once_too() -> None:
    """Stopped on 20 February, running again on 1 April: March is neither charged nor granted."""
    at = utc(2027, 2, 20) + 40 * DAY
    assert at == utc(2027, 4, 1)
    step = due_step(utc(2027, 1, 31, 9), "month", 1, True, at)
    assert step is not None
    assert (step.months_done, step.renews) == (3, True)
    assert (step.month_starts_at, step.month_ends_at) == (utc(2027, 3, 31, 9), utc(2027, 4, 30, 9))
    assert due_step(utc(2027, 1, 31, 9), "month", 3, True, at) is None


@pytest.mark.parametrize("anchor", [utc(2027, 1, 31, 9), utc(2027, 8, 31), utc(2028, 2, 29, 23)])
@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("credits", [True, False])
def test_r34_forty_days_from_any_day_of_a_year(
    anchor: datetime, interval: Interval, credits: bool
) -> None:
    """Punctual until any day, then still for forty: as the oracle says, and only once."""
    for stopped in range(0, 366, 3):
        done = 1
        while next_due(anchor, interval, done, credits) <= anchor + stopped * DAY:
            at = next_due(anchor, interval, done, credits)
            step = due_step(anchor, interval, done, credits, at)
            assert step is not None
            done = step.months_done
        at = anchor + (stopped + 40) * DAY
        after = agrees(anchor, interval, done, credits, at)
        assert due_step(anchor, interval, after, credits, at) is None


@given(
    anchor=st.integers(0, 8 * 366 * 24).map(lambda hours: utc(2024, 1, 1) + hours * HOUR),
    interval=st.sampled_from(sorted(MONTHS)),
    credits=st.booleans(),
    waits=st.lists(st.integers(0, 50 * 24), min_size=1, max_size=8),
)
def test_r34_any_anchor_and_any_runs_agree_with_the_oracle(
    anchor: datetime, interval: Interval, credits: bool, waits: list[int]
) -> None:
    """At any hours."""
    done, at = 1, anchor
    for wait in waits:
        at += wait * HOUR
        done = agrees(anchor, interval, done, credits, at)
    assert done >= 1


# Owners' zones: the instants are stored in UTC, and shown there.


@pytest.mark.parametrize(
    ("zone", "ahead"), [("Europe/Berlin", berlin_hours), ("America/New_York", new_york_hours)]
)
def test_r34_nothing_moves_when_the_clocks_change(
    zone: str, ahead: Callable[[datetime], int]
) -> None:
    """Six years of months: the hour is one and the same in UTC, and an owner reads it an hour later
    in summer, as counted by the Sundays of an oracle."""
    anchor = whole_hour(datetime(2027, 1, 31, 10, tzinfo=ZoneInfo(zone)))
    seen = set()
    for index, start in enumerate(month_starts(anchor, utc(2033, 1, 1))):
        period = period_of(anchor, "month", index)
        assert period.starts_at == start and start.hour == anchor.hour
        shown = period.starts_at.astimezone(ZoneInfo(zone))
        assert shown.utcoffset() == ahead(start) * HOUR
        assert shown.replace(tzinfo=UTC) - start == ahead(start) * HOUR
        seen.add(shown.hour)
    assert seen == {10, 11}


@pytest.mark.parametrize(
    ("zone", "local", "anchor", "shown"),
    [
        ("UTC", (2027, 1, 31, 10, 20), utc(2027, 1, 31, 10), "31.01. 10:00"),
        ("Europe/Berlin", (2027, 1, 31, 10, 20), utc(2027, 1, 31, 9), "31.01. 10:00"),
        ("Asia/Kolkata", (2027, 1, 31, 9, 20), utc(2027, 1, 31, 3), "31.01. 08:30"),
        ("Asia/Kolkata", (2027, 1, 31, 9, 40), utc(2027, 1, 31, 4), "31.01. 09:30"),
        ("Asia/Kathmandu", (2027, 1, 31, 9, 40), utc(2027, 1, 31, 3), "31.01. 08:45"),
        ("America/St_Johns", (2027, 1, 31, 20, 40), utc(2027, 2, 1, 0), "31.01. 20:30"),
        ("Pacific/Kiritimati", (2027, 1, 31, 9, 59), utc(2027, 1, 30, 19), "31.01. 09:00"),
        ("Australia/Lord_Howe", (2027, 1, 31, 9, 59), utc(2027, 1, 30, 22), "31.01. 09:00"),
    ],
)
def test_r34_a_subscription_begins_in_the_utc_hour_of_its_local_time(
    zone: str, local: tuple[int, int, int, int, int], anchor: datetime, shown: str
) -> None:
    """By number, with halves and quarters of hours; the day of the month is that in UTC."""
    begun = whole_hour(datetime(*local, 59, tzinfo=ZoneInfo(zone)))
    assert begun == anchor and begun.tzinfo is UTC
    assert begun.astimezone(ZoneInfo(zone)).strftime("%d.%m. %H:%M") == shown


def test_r34_an_hour_that_is_shown_twice_or_skipped() -> None:
    """Berlin, 31 October 2027: half past two comes twice. 28 March: it does not come, and counts
    from before the change."""
    berlin = ZoneInfo("Europe/Berlin")
    twice = datetime(2027, 10, 31, 2, 30, tzinfo=berlin)
    skipped = datetime(2027, 3, 28, 2, 30, tzinfo=berlin)
    assert whole_hour(twice) == utc(2027, 10, 31, 0)
    assert whole_hour(twice.replace(fold=1)) == utc(2027, 10, 31, 1)
    assert whole_hour(skipped) == utc(2027, 3, 28, 1)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
def test_r34_boundaries_are_whole_hours_in_utc_wherever_the_owner_lives(zone: str) -> None:
    """Two years of month ends; what the owner sees is the stored instant and nothing else, though
    Lord Howe moves its clocks by half an hour."""
    anchor = whole_hour(datetime(2027, 8, 31, 18, 45, tzinfo=ZoneInfo(zone)))
    shown = set()
    for start in month_starts(anchor, anchor + 730 * DAY):
        index = month_index(anchor, start.astimezone(ZoneInfo(zone)))
        stored = period_of(anchor, "month", index).starts_at
        assert stored == start and (stored.minute, stored.second) == (0, 0)
        assert stored.hour == anchor.hour
        shown.add(stored.astimezone(ZoneInfo(zone)).strftime("%H:%M"))
    assert (
        shown
        == {
            "Asia/Kolkata": {"18:30"},
            "Australia/Lord_Howe": {"18:30", "19:00"},
            "America/St_Johns": {"18:30", "17:30"},
        }[zone]
    )


def test_the_oracle_knows_its_calendar() -> None:
    """Its table agrees with the days that there are."""
    starts = month_starts(utc(2024, 1, 31), utc(2032, 1, 31))
    assert all((start + DAY).day == 1 for start in starts)
    assert date(2028, 2, 29) in {start.date() for start in starts}
