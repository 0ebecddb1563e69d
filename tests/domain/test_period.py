"""R34, R28: periods of subscriptions from a remembered anchor, and of caps in the owner's zone."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.period import MONTHS, Interval, caps_periods, month_at, period_at

anchors = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001
    datetime(2030, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
intervals = st.sampled_from(sorted(MONTHS))
# On the hour, behind and ahead of UTC, at halves and quarters, with midnights that are skipped
# (Cairo) or come twice (Havana), and a summer time of half an hour (Lord Howe).
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Africa/Cairo",
    "America/Havana",
    "Australia/Lord_Howe",
    "America/Santiago",
)


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def walked(anchor: date, months: int) -> date:
    """The oracle: go on day by day, counting the months that begin; stop at the anchor's day or at
    the last day of the month that is wanted."""
    day, begun = anchor, 0
    while begun < months:
        day += timedelta(days=1)
        begun += day.day == 1
    while day.day < anchor.day and (day + timedelta(days=1)).day != 1:
        day += timedelta(days=1)
    return day


@pytest.mark.parametrize(("year", "february"), [(2026, 28), (2024, 29), (2100, 28), (2000, 29)])
def test_r34_31_january_then_the_last_of_february_then_31_march(year: int, february: int) -> None:
    """The anchor is remembered over the short month."""
    anchor = utc(year, 1, 31, 9)
    assert [month_at(anchor, index) for index in range(4)] == [
        utc(year, 1, 31, 9),
        utc(year, 2, february, 9),
        utc(year, 3, 31, 9),
        utc(year, 4, 30, 9),
    ]


def test_r34_quarters_from_30_november() -> None:
    """Over a short February and back to the 30th."""
    anchor = utc(2025, 11, 30)
    assert [period_at(anchor, "quarter", index)[1] for index in range(4)] == [
        utc(2026, 2, 28),
        utc(2026, 5, 30),
        utc(2026, 8, 30),
        utc(2026, 11, 30),
    ]


def test_r34_years_from_29_february() -> None:
    """The 28th in common years, the 29th again in the leap year."""
    anchor = utc(2024, 2, 29, 23)
    assert [period_at(anchor, "year", index)[0] for index in range(5)] == [
        utc(2024, 2, 29, 23),
        utc(2025, 2, 28, 23),
        utc(2026, 2, 28, 23),
        utc(2027, 2, 28, 23),
        utc(2028, 2, 29, 23),
    ]


@given(anchor=anchors, index=st.integers(0, 60))
def test_r34_agrees_with_walking_the_calendar(anchor: datetime, index: int) -> None:
    """Day by day; and the time of the day stays."""
    moved = month_at(anchor, index)
    assert moved.date() == walked(anchor.date(), index)
    assert moved.timetz() == anchor.timetz()


@given(anchor=anchors, interval=intervals, index=st.integers(0, 200))
def test_r34_periods_follow_each_other_without_gap_or_overlap(
    anchor: datetime, interval: Interval, index: int
) -> None:
    """Each ends where the next begins, is not empty, and keeps the anchor's day if it can."""
    starts_at, ends_at = period_at(anchor, interval, index)
    assert starts_at < ends_at == period_at(anchor, interval, index + 1)[0]
    assert starts_at.day == min(anchor.day, monthrange(starts_at.year, starts_at.month)[1])


@given(anchor=anchors, index=st.integers(0, 20))
def test_r34_a_year_is_four_quarters_and_a_quarter_three_months(
    anchor: datetime, index: int
) -> None:
    """From the same anchor, to the second."""
    year = period_at(anchor, "year", index)
    assert year == (
        period_at(anchor, "quarter", 4 * index)[0],
        period_at(anchor, "quarter", 4 * index + 3)[1],
    )
    assert year == (
        period_at(anchor, "month", 12 * index)[0],
        period_at(anchor, "month", 12 * index + 11)[1],
    )


def first_moment(at: datetime, zone: ZoneInfo, part: str) -> datetime:
    """The oracle: go back by quarters of an hour while the zone's calendar says the same."""
    step = timedelta(minutes=15)
    here = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    wanted = here.astimezone(zone).strftime(part)
    while (here - step).astimezone(zone).strftime(part) == wanted:
        here -= step
    return here


@given(
    at=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES),
)
def test_r28_a_day_begins_when_the_owners_calendar_turns(at: datetime, zone: str) -> None:
    """Whatever the clocks do."""
    assert caps_periods(at, zone)[1] == first_moment(at, ZoneInfo(zone), "%Y-%m-%d")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [3, 4, 11])
def test_r28_a_month_begins_when_the_owners_calendar_turns(zone: str, month: int) -> None:
    """Also across a change of the clocks."""
    at = utc(2026, month, 29, 13, 37)
    assert caps_periods(at, zone)[2] == first_moment(at, ZoneInfo(zone), "%Y-%m")


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Berlin", utc(2026, 3, 29, 21, 59), utc(2026, 3, 28, 23)),  # a day of 23 hours
        ("Europe/Berlin", utc(2026, 3, 29, 22), utc(2026, 3, 29, 22)),
        ("Europe/Berlin", utc(2026, 10, 25, 22, 59), utc(2026, 10, 24, 22)),  # one of 25
        ("America/New_York", utc(2026, 7, 1, 3, 59), utc(2026, 6, 30, 4)),
        ("Africa/Cairo", utc(2024, 4, 26, 12), utc(2024, 4, 25, 22)),  # no midnight that day
        ("America/Havana", utc(2026, 11, 1, 12), utc(2026, 11, 1, 4)),  # two, the first counts
        ("America/Havana", utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 4)),  # just after the second
    ],
)
def test_r28_days_of_unusual_length(zone: str, at: datetime, day: datetime) -> None:
    """By number."""
    assert caps_periods(at, zone)[1] == day


def test_r28_the_same_moment_is_in_another_month_elsewhere() -> None:
    """Half past ten in the evening of 31 March in New York is April in Berlin and UTC."""
    at = utc(2026, 4, 1, 2, 30)
    assert caps_periods(at, "America/New_York")[2] == utc(2026, 3, 1, 5)
    assert caps_periods(at, "Europe/Berlin")[2] == utc(2026, 3, 31, 22)
    assert caps_periods(at, "UTC")[2] == utc(2026, 4, 1)


def test_r28_the_hour_is_the_last_sixty_minutes() -> None:
    """So that a loop gains nothing at the full hour."""
    assert caps_periods(utc(2026, 3, 10, 12, 5), "Asia/Kolkata")[0] == utc(2026, 3, 10, 11, 5)
