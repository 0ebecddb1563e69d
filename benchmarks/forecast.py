"""What buying ahead spares the queries, and how far its forecasts are off (R33).

Eight weeks of queries in three shapes, 20 seeds each, none of which the method was chosen on; a pack
of 2,000 credits lasts from 4 to 36 hours at the average use, and a charge takes three seconds. The
pool that is bought for ahead, looked at every five minutes, stands beside one that is bought for only
when a query finds too few credits. The errors of the forecast, made every six hours after the first
week, stand beside those of taking the last 24 hours to go on for ever.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.domain.makers import MEDIUM
from tests.domain.usage_shapes import (
    SHAPES,
    START,
    Outcome,
    Queries,
    Shape,
    queries,
    replay,
    usage_of,
)

from benchmarks.figure import Figure
from brimful.domain.buy_ahead import Ahead
from brimful.domain.forecast import (
    DAY,
    HOUR,
    WEEK,
    ForecastError,
    Usage,
    forecast_error,
    ran_out_at,
)

SEEDS = range(1_000, 1_020)
MORE_LIMIT_PERCENT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One seed: bought for at zero, and ahead; errors of the method, and of the last 24 hours."""

    at_zero: Outcome
    ahead: Outcome
    error: ForecastError
    naive: tuple[float, float]


def play(asked: Queries) -> Played:
    """Both policies and both forecasts on the same queries."""
    usage, until = usage_of(asked), START + asked.weeks * WEEK
    return Played(
        at_zero=replay(asked, None),
        ahead=replay(asked, Ahead()),
        error=forecast_error(usage, until=until, credits=MEDIUM.credits),
        naive=last_day_again(usage, until, MEDIUM.credits),
    )


def last_day_again(used: Usage, until: datetime, credits: int) -> tuple[float, float]:
    """The errors, as of ``ForecastError``, of expecting what the last 24 hours used."""
    days, run_outs = [], []
    at = START + WEEK
    while at + DAY <= until:
        before, actual = (
            sum(used.hours.get(begin + i * HOUR, 0) for i in range(24)) for begin in (at - DAY, at)
        )
        if actual:
            days.append(abs(before - actual) / actual)
        ended = ran_out_at(used, at, until, credits)
        if ended is not None:
            off = abs(credits / before * DAY - (ended - at)) if before else ended - at
            run_outs.append(off / (ended - at))
        at += 6 * HOUR
    return mean(days), mean(run_outs)


def mean(values: Sequence[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / max(1, len(values))


def figures_of(shape: Shape, played: Sequence[Played]) -> list[Figure]:
    """All seeds of a shape together, and the seed with the most credits in excess."""
    total = sum(each.at_zero.queries for each in played)
    at_zero = sum(each.at_zero.waited for each in played)
    ahead = sum(each.ahead.waited for each in played)
    bought = sum(each.at_zero.bought for each in played)
    more = 100 * (sum(each.ahead.bought for each in played) / bought - 1)
    most = max(100 * (each.ahead.bought / each.at_zero.bought - 1) for each in played)
    print(
        f"{shape}: of {total:,} queries {at_zero:,} wait when bought at zero, {ahead:,} ahead; "
        f"charges {sum(each.at_zero.charges for each in played):,} and "
        f"{sum(each.ahead.charges for each in played):,}",
        file=sys.stderr,
        flush=True,
    )
    waits, limit = "of 100,000 queries", "limit"
    errors = [
        ("use of the next 24 hours", [e.error.day for e in played], [e.naive[0] for e in played]),
        ("12,500 run out", [e.error.run_out for e in played], [e.naive[1] for e in played]),
    ]
    return [
        make(f"{shape}: wait for a charge", ahead * 1e5 / total, waits, "at zero", at_zero * 1e5 / total),
        make(f"{shape}: more bought", more, "%", limit, MORE_LIMIT_PERCENT),
        make(f"{shape}: more bought, worst seed", most, "%", limit, MORE_LIMIT_PERCENT),
        *(
            make(f"{shape}: error, {name}", 100 * mean(ours), "%", "last 24 hours", 100 * mean(theirs))
            for name, ours, theirs in errors
        ),
    ]  # fmt: skip


def make(name: str, value: float, unit: str, rival: str, rival_value: float) -> Figure:
    """A figure of this benchmark."""
    return Figure(
        name=f"forecast, {name}", value=value, unit=unit, rival=rival, rival_value=rival_value
    )


def run() -> list[Figure]:
    """All shapes."""
    figures: list[Figure] = []
    for shape in SHAPES:
        figures += figures_of(shape, [play(queries(shape, seed)) for seed in SEEDS])
    return figures
