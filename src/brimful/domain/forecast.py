"""The burn rate of an account, and what follows from it: when its credits run out, and how many
credits and chatbots the renewals to come need (R33).

The method. An hour is expected to use the mean of the same hour of the week over those of the last
four weeks that are known; in the first week of an account, the mean of all its hours. Hours count as
a whole, the running one not at all, and nothing older than 28 days does. An account that used
nothing for seven days is expected to use nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

# How far back use is looked at, and how far ahead a run-out is looked for.
HISTORY = timedelta(days=28)
HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Credits that the queries of an account's own chatbots used, from its ledger's entries. What it
    sold or passed on to renewals is not in it: that is no habit, and renewals are known by their date.

    It is complete from ``since`` on: an hour that is not in ``hours`` used nothing. ``hours`` are
    credits by hour, keyed by its start on a whole hour in UTC; what is older than 28 days may be left
    out. ``minutes`` are those of the last quarter of an hour in the same way, and ``largest`` is the
    most that one query used. Raises ValueError for hours in a zone whose hours are not whole in UTC.
    """

    since: datetime
    hours: Mapping[datetime, int]
    minutes: Mapping[datetime, int] = field(default_factory=dict)
    largest: int = 0

    def __post_init__(self) -> None:
        """Look at one hour: a wrong zone shifts them all."""
        for hour in self.hours:
            if hour != _hour(hour):
                raise ValueError(f"{hour.isoformat()} is not the start of an hour in UTC")
            break


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A burn rate in credits, ``per_hour`` in the running hour and ``per_day`` in the 24 hours to
    come, and whether it comes from the weeks before, from the days of a first week, or nothing."""

    per_hour: float
    per_day: float
    basis: Literal["weeks", "days", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What one renewal of a subscriber will take out of its seller's pool, and when it is due."""

    at: datetime
    credits: int
    chatbots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalNeed:
    """What renewals need together, before anything that the pool holds."""

    credits: int
    chatbots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastError:
    """How far forecasts were off, as shares of what happened: of the use of the next 24 hours, and
    of the time until a stock ran out, each the mean over so many forecasts."""

    day: float
    days_foreseen: int
    run_out: float
    run_outs_foreseen: int


def burn_rate(usage: Usage, at: datetime) -> Rate:
    """The expected use at ``at`` (R33)."""
    running = _hour(at)
    basis: Literal["weeks", "days", "nothing"] = "nothing"
    if _alive(usage, running, at) and _first(usage) < running:
        basis = "weeks" if _weeks(usage, running) else "days"
    return Rate(
        per_hour=hourly(usage, at)(running),
        per_day=expected_use(usage, at, at + DAY),
        basis=basis,
    )


def hourly(usage: Usage, at: datetime) -> Callable[[datetime], float]:
    """What each hour from the running one on, named by its start, is expected to use, seen from
    ``at``. Never less for an account that used more."""
    running = _hour(at)
    alive = _alive(usage, running, at)

    @cache
    def of_week(hour: datetime) -> float:
        known = _weeks(usage, hour) or _hours(usage, running)
        return sum(usage.hours.get(past, 0) for past in known) / max(1, len(known))

    def expected(hour: datetime) -> float:
        return of_week(hour - (hour - running) // WEEK * WEEK) if alive else 0.0

    return expected


def expected_use(usage: Usage, at: datetime, until: datetime) -> float:
    """The credits that are expected to be used from ``at`` to ``until``; parts of hours count by
    their length."""
    expected = hourly(usage, at)
    used = 0.0
    while at < until:
        hour = _hour(at)
        end = min(hour + HOUR, until)
        used += expected(hour) * ((end - at) / HOUR)
        at = end
    return used


def run_out_at(
    *, free: int, usage: Usage, renewals_due: Sequence[Renewal], at: datetime
) -> datetime | None:
    """When ``free`` credits are expected to be used up by queries and renewals, to which an overdue
    one counts at ``at``; at once with none. None if not within 60 days: without any history of use
    that is so unless the renewals alone take all."""
    if free <= 0:
        return at
    expected = hourly(usage, at)
    due = sorted((max(renewal.at, at), renewal.credits) for renewal in renewals_due)
    left, end, i = float(free), at + HORIZON, 0
    while at < end:
        while i < len(due) and due[i][0] <= at:
            left -= due[i][1]
            i += 1
        if left <= 0:
            return at
        hour = _hour(at)
        stop = min(hour + HOUR, end, due[i][0] if i < len(due) else end)
        used = expected(hour) * ((stop - at) / HOUR)
        if used >= left:
            return at + (stop - at) * (left / used)
        left -= used
        at = stop
    return None


def need_of(renewals: Sequence[Renewal], *, at: datetime, days: int) -> RenewalNeed:
    """The credits and chatbots of all renewals that are due before ``days`` days from ``at`` on are
    over, overdue ones included: exact sums."""
    due = [renewal for renewal in renewals if renewal.at < at + days * DAY]
    return RenewalNeed(
        credits=sum(renewal.credits for renewal in due),
        chatbots=sum(renewal.chatbots for renewal in due),
    )


def forecast_error(
    used: Usage, *, until: datetime, credits: int, every: timedelta = timedelta(hours=6)
) -> ForecastError:
    """The method's error on the use of an account from ``since`` to ``until``, had it been asked at
    each ``every`` (whole hours) after the first week. The run-out is that of so many credits, free at
    each of these times, if it came before ``until``; not to foresee it at all is wholly wrong."""
    days, run_outs = [], []
    at = _first(used) + WEEK
    while at + DAY <= until:
        actual = sum(used.hours.get(at + i * HOUR, 0) for i in range(24))
        if actual:
            days.append(abs(expected_use(used, at, at + DAY) - actual) / actual)
        ended = ran_out_at(used, at, until, credits)
        if ended is not None:
            foreseen = run_out_at(free=credits, usage=used, renewals_due=(), at=at)
            off = abs(foreseen - ended) if foreseen is not None else ended - at
            run_outs.append(off / (ended - at))
        at += every
    return ForecastError(
        day=sum(days) / max(1, len(days)),
        days_foreseen=len(days),
        run_out=sum(run_outs) / max(1, len(run_outs)),
        run_outs_foreseen=len(run_outs),
    )


def ran_out_at(used: Usage, at: datetime, until: datetime, credits: int) -> datetime | None:
    """When that many credits had been used from a whole hour on, None if not before ``until``; an
    hour's use is spread over it."""
    while at < until:
        hourly = used.hours.get(at, 0)
        if hourly and hourly >= credits:
            return at + HOUR * (credits / hourly)
        credits -= hourly
        at += HOUR
    return None


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _first(usage: Usage) -> datetime:
    """The first hour that is known as a whole."""
    return _hour(usage.since + HOUR - timedelta.resolution)


def _hours(usage: Usage, running: datetime) -> list[datetime]:
    """All hours before the running one that are known, of the last week."""
    begin = max(_first(usage), running - WEEK)
    return [begin + i * HOUR for i in range((running - begin) // HOUR)]


def _weeks(usage: Usage, hour: datetime) -> list[datetime]:
    """The same hour of the week in each of the last four weeks that is known, for an hour within a
    week from the running one on."""
    first = _first(usage)
    return [past for k in range(HISTORY // WEEK) if (past := hour - (k + 1) * WEEK) >= first]


def _alive(usage: Usage, running: datetime, at: datetime) -> bool:
    """Whether anything was used within the last seven days."""
    if any(credits and minute <= at for minute, credits in usage.minutes.items()):
        return True
    begin = running - WEEK
    return any(credits and begin <= hour < running for hour, credits in usage.hours.items())
