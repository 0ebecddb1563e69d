"""R33: the edges of the forecast by number: what counts as use, and to the minute when credits run out."""

from datetime import datetime

import pytest

from brimful.domain.buy_ahead import MINUTE
from brimful.domain.forecast import DAY, HOUR, WEEK, Rate, Renewal, Usage, burn_rate, run_out_at
from tests.domain.makers import AT
from tests.domain.usage_shapes import LONG_AGO, every_hour

NOTHING = Usage(since=LONG_AGO, hours={})
LONG_SINCE = {hour: used for hour, used in every_hour(100).hours.items() if hour < AT - WEEK}


def ends(free: int, usage: Usage, at: datetime, *due: Renewal) -> datetime | None:
    """When so many credits run out."""
    return run_out_at(free=free, usage=usage, renewals_due=due, at=at)


def test_r33_renewals_of_one_instant_all_count() -> None:
    """Two of 400 and one of 200 take all of 1,000 at once."""
    due = [Renewal(at=AT + DAY, credits=credits) for credits in (400, 400, 200)]
    assert ends(1_000, NOTHING, AT, *due) == AT + DAY
    assert ends(1_001, NOTHING, AT, *due) is None


def test_r33_a_renewal_counts_from_its_minute_on() -> None:
    """100 an hour leave 650 of 1,000 at half past three, when 700 are due."""
    half_past = AT + 3 * HOUR + 30 * MINUTE
    usage = every_hour(100)
    assert ends(1_000, usage, AT, Renewal(at=half_past, credits=700)) == half_past
    assert ends(1_000, usage, AT, Renewal(at=half_past, credits=600)) == half_past + 30 * MINUTE


def test_r33_sixty_days_end_to_the_minute() -> None:
    """From half past on, a run-out in the hour in which they end counts up to half past only."""
    asked_at = AT + 30 * MINUTE
    in_sixty_days = 100 * 24 * 60
    assert ends(in_sixty_days, every_hour(100), asked_at) == asked_at + 60 * DAY
    assert ends(in_sixty_days + 10, every_hour(100), asked_at) is None
    later = Renewal(at=asked_at + 61 * DAY, credits=1)
    assert ends(in_sixty_days + 10, every_hour(100), asked_at, later) is None


def test_r33_an_hour_a_week_after_the_first_one_has_a_week_to_look_back_at() -> None:
    """A minute less, and only the hours behind the first have one: 167 credits are expected in the
    second hour, none in those after it, and in the first the mean of all that is known."""
    usage = Usage(since=AT - WEEK, hours={AT - WEEK: 70})
    assert burn_rate(usage, AT) == Rate(per_hour=70.0, per_day=70.0, basis="weeks")
    later = Usage(since=AT - WEEK + MINUTE, hours={AT - WEEK + HOUR: 167})
    assert burn_rate(later, AT) == Rate(per_hour=1.0, per_day=1.0 + 167, basis="days")


@pytest.mark.parametrize(
    ("hours", "minutes", "basis"),
    [
        ({}, {}, "nothing"),
        ({}, {AT: 5}, "weeks"),  # in this very minute
        ({}, {AT: 0}, "nothing"),
        ({}, {AT + MINUTE: 5}, "nothing"),  # seen from before it
        ({AT: 5}, {}, "nothing"),  # the running hour does not count
        ({AT - HOUR: 5}, {}, "weeks"),
        ({AT - WEEK: 5}, {}, "weeks"),
        ({AT - WEEK - HOUR: 5}, {}, "nothing"),
    ],
)
def test_r33_what_shows_that_an_account_is_in_use(
    hours: dict[datetime, int], minutes: dict[datetime, int], basis: str
) -> None:
    """Credits in one of the hours of the last seven days, or in one of the last minutes."""
    usage = Usage(since=LONG_AGO, hours={**LONG_SINCE, **hours}, minutes=minutes)
    assert burn_rate(usage, AT).basis == basis
