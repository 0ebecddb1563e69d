"""R33: how far a forecast was off, by number: the use of the next day, and the time until a stock ran out."""

import pytest

from brimful.domain.forecast import (
    DAY,
    HOUR,
    WEEK,
    ForecastError,
    Usage,
    forecast_error,
    ran_out_at,
)
from tests.domain.makers import AT
from tests.domain.usage_shapes import every_hour

BEGIN = AT - WEEK - DAY


def used(hours: dict[int, int]) -> Usage:
    """Credits by hours after ``BEGIN``, which is a week and a day before ``AT``."""
    return Usage(since=BEGIN, hours={BEGIN + i * HOUR: credits for i, credits in hours.items()})


def test_r33_an_hour_without_use_used_nothing() -> None:
    """One credit an hour but for the last day, on which two hours alone used twelve each."""
    usage = used({**dict.fromkeys(range(7 * 24), 1), 7 * 24 + 3: 12, 7 * 24 + 20: 12})
    error = forecast_error(usage, until=AT, credits=10**6)
    assert error == ForecastError(day=0.0, days_foreseen=1, run_out=0.0, run_outs_foreseen=0)


def test_r33_a_day_without_use_is_no_forecast_to_judge() -> None:
    """There is no share of nothing; a run-out that never came is none either."""
    error = forecast_error(used({0: 5}), until=AT, credits=6)
    assert error == ForecastError(day=0.0, days_foreseen=0, run_out=0.0, run_outs_foreseen=0)


def test_r33_a_run_out_that_was_not_foreseen_is_wholly_wrong() -> None:
    """Nothing in the first week, so nothing is expected; then 100 go in the fifth hour."""
    error = forecast_error(used({7 * 24 + 4: 100}), until=AT, credits=100)
    assert error == ForecastError(day=1.0, days_foreseen=1, run_out=1.0, run_outs_foreseen=1)


def test_r33_errors_are_means_over_all_forecasts() -> None:
    """100 an hour for a week, then 200: each of five forecasts in a day expects what was used a week
    before, half of what comes, so that 2,400 seem to last twice as long as they do."""
    hours = {i: 100 if i < 7 * 24 else 200 for i in range(9 * 24)}
    error = forecast_error(used(hours), until=AT + DAY, credits=2_400)
    assert error == ForecastError(day=0.5, days_foreseen=5, run_out=1.0, run_outs_foreseen=5)


@pytest.mark.parametrize(
    ("credits", "hours", "ended"),
    [
        (100, {2: 40, 5: 120}, 5.5),  # 60 of the 120 of the sixth hour
        (40, {2: 40, 5: 120}, 3.0),  # with the end of the third hour
        (160, {2: 40, 5: 120}, 6.0),
        (161, {2: 40, 5: 120}, None),
        (90, {23: 120}, 23.75),
        (1, {24: 120}, None),  # not before the day is over
        (2, {}, None),
    ],
)
def test_r33_when_a_stock_had_run_out(
    credits: int, hours: dict[int, int], ended: float | None
) -> None:
    """An hour's use is spread over it."""
    found = ran_out_at(used(hours), BEGIN, BEGIN + DAY, credits)
    assert found == (None if ended is None else BEGIN + ended * HOUR)


def test_r33_a_stock_is_used_up_from_the_hour_that_is_asked_for() -> None:
    """What was used before does not count."""
    usage, start = every_hour(100), AT - 10 * HOUR
    assert ran_out_at(usage, start, AT, 1_000) == AT
    assert ran_out_at(usage, start, AT, 1_001) is None
