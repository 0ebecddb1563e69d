"""Which months may be archived, and which keys forgotten (R39)."""

from datetime import UTC, datetime, timedelta

import pytest

from brimful.domain.archive import KEY_DAYS_MIN, MONTHS_MIN, archivable, forget_before


def month(year: int, number: int) -> datetime:
    """The first instant of a month."""
    return datetime(year, number, 1, tzinfo=UTC)


MONTHS = [month(2026, number) for number in range(1, 13)]


@pytest.mark.parametrize(
    ("at", "months", "last"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), 2, 10),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 2, 9),
        (datetime(2027, 1, 15, tzinfo=UTC), 6, 6),
        (datetime(2028, 1, 1, tzinfo=UTC), 24, 0),
        (datetime(2028, 2, 1, tzinfo=UTC), 24, 1),
        # 31 March less one month is the last of February: February itself has not ended so long ago.
        (datetime(2026, 4, 30, tzinfo=UTC), 2, 1),
    ],
)
def test_months_that_ended_long_ago_are_archived(at: datetime, months: int, last: int) -> None:
    """All up to the last one that ended so many months ago, in their order, however they are named."""
    assert archivable(reversed(MONTHS), at, months) == MONTHS[:last]


def test_no_month_is_archived_that_something_looks_back_to() -> None:
    """Whatever the day of the year: its end is past by more than 35 days of keys (R39), and 29 of use."""
    for day in range(800):
        at = month(2027, 1) + timedelta(days=day)
        starts = [month(2026 + number // 12, number % 12 + 1) for number in range(48)]
        [*_, last] = archivable(starts, at, MONTHS_MIN)
        ends = next(start for start in starts if start > last)
        assert at - ends > timedelta(days=KEY_DAYS_MIN)
    with pytest.raises(ValueError, match="2 months"):
        archivable(MONTHS, month(2030, 1), MONTHS_MIN - 1)


def test_r39_keys_are_forgotten_with_their_month_or_when_they_are_old() -> None:
    """Whichever is later; none when there is neither. Those of 35 days are kept."""
    at = datetime(2027, 1, 15, tzinfo=UTC)
    with_months = month(2026, 4) + timedelta(days=1)
    assert forget_before([], at, None) is None
    assert forget_before(MONTHS[:3], at, None) == with_months
    assert forget_before(MONTHS[:3], at, 35) == at - timedelta(days=35)
    assert forget_before(MONTHS[:3], at, 700) == with_months
    assert forget_before([], at, 700) == at - timedelta(days=700)
    with pytest.raises(ValueError, match="35 days"):
        forget_before([], at, 34)
