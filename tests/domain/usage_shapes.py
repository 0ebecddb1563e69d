"""Replayed usage for the forecast (R33): three shapes of queries, and a pool that serves them, either
bought for only at zero or also ahead. The same seed makes the same queries, each with its own instant.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import Any, Literal

from brimful.domain.buy_ahead import MINUTE, Ahead, buy_ahead
from brimful.domain.cover import CoverTables
from brimful.domain.forecast import DAY, HISTORY, HOUR, WEEK, Usage
from tests.domain.makers import AT, PRICE_LIST

Shape = Literal["steady", "weekly", "bursty"]
SHAPES: tuple[Shape, ...] = ("steady", "weekly", "bursty")

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
LONG_AGO = AT - 60 * DAY
WEEKS = 8
# Credits of a reply by model (R15) with their shares of the queries: 6.85 credits on average.
REPLIES, SHARES = (1, 10, 25), (0.6, 0.25, 0.15)
# The smallest pack lasts this long at the average use of a seed.
PACK = PRICE_LIST[0].credits
PACK_LASTS_HOURS = (4.0, 36.0)
CHARGE_S = 3.0
CAMPAIGNS_A_WEEK, CAMPAIGN_S, CAMPAIGN_TIMES = 2, 3600.0, 20.0

# From second to second, so many times a common rate.
Piece = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Queries in order: the second of each after the start, and its credits."""

    seconds: Sequence[float]
    credits: Sequence[int]
    weeks: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a replay."""

    queries: int = 0
    waited: int = 0
    bought: int = 0
    charges: int = 0


def queries(
    shape: Shape,
    seed: int,
    *,
    weeks: int = WEEKS,
    pack_lasts_hours: tuple[float, float] = PACK_LASTS_HOURS,
) -> Queries:
    """The queries of one account; how busy it is depends on the seed, too."""
    random = Random(f"{shape} {seed}")
    shortest, longest = pack_lasts_hours
    lasts_s = 3600 * shortest * (longest / shortest) ** random.random()
    pieces = _PIECES[shape](random, weeks)
    mean_credits = sum(reply * share for reply, share in zip(REPLIES, SHARES, strict=True))
    in_all = weeks * WEEK.total_seconds() * PACK / lasts_s / mean_credits
    rate = in_all / sum((end - begin) * times for begin, end, times in pieces)
    seconds = []
    for begin, end, times in pieces:
        at = begin + random.expovariate(rate * times)
        while at < end:
            seconds.append(at)
            at += random.expovariate(rate * times)
    return Queries(
        seconds=seconds, credits=random.choices(REPLIES, SHARES, k=len(seconds)), weeks=weeks
    )


def _steady(_: Random, weeks: int) -> list[Piece]:
    return [(0.0, weeks * WEEK.total_seconds(), 1.0)]


def _weekly(random: Random, weeks: int) -> list[Piece]:
    """Office hours with shoulders, quiet nights and weekends; days differ by a fifth."""
    pieces = []
    for day in range(7 * weeks):
        busy = random.lognormvariate(0, 0.2)
        for hour in range(24):
            times = 0.08
            if day % 7 < 5:
                times = 1.0 if 9 <= hour < 18 else 0.4 if hour in (8, 18, 19) else 0.05
            begin = 3600.0 * (24 * day + hour)
            pieces.append((begin, begin + 3600.0, times * busy))
    return pieces


def _bursty(random: Random, weeks: int) -> list[Piece]:
    """Steady, with campaigns of an hour at irregular instants."""
    pieces, quiet_from, end = [], 0.0, weeks * WEEK.total_seconds()
    gap = CAMPAIGNS_A_WEEK / WEEK.total_seconds()
    begin = random.expovariate(gap)
    while begin + CAMPAIGN_S < end:
        pieces += [
            (quiet_from, begin, 1.0),
            (begin, begin + CAMPAIGN_S, CAMPAIGN_TIMES),
        ]
        quiet_from = begin + CAMPAIGN_S
        begin = quiet_from + random.expovariate(gap)
    return [*pieces, (quiet_from, end, 1.0)]


_PIECES = {"steady": _steady, "weekly": _weekly, "bursty": _bursty}


def usage_of(asked: Queries) -> Usage:
    """All of it by hour, as if every query had been served at once."""
    hours: dict[datetime, int] = {}
    for second, credits in zip(asked.seconds, asked.credits, strict=True):
        hour = START + second // 3600 * HOUR
        hours[hour] = hours.get(hour, 0) + credits
    return Usage(since=START, hours=hours, largest=max(asked.credits))


def every_hour(credits: int, hours: int = 28 * 24, **changes: Any) -> Usage:
    """So many credits in each of the hours before ``AT``, a Tuesday at noon."""
    used = {AT - i * HOUR: credits for i in range(1, hours + 1)}
    return replace(Usage(since=LONG_AGO, hours=used, largest=25), **changes)


def the_minutes_before(at: datetime, *credits: int) -> Mapping[datetime, int]:
    """Credits of the last minutes, the latest last."""
    return {at - (len(credits) - 1 - i) * MINUTE: used for i, used in enumerate(credits)}


def replay(asked: Queries, ahead: Ahead | None) -> Outcome:
    """Serve all queries in order from a pool that begins with one pack. With ``ahead`` the forecast
    is looked at in its interval; the guarantee buys in either case."""
    pool = _Pool(ahead=ahead)
    look_s = ahead.look.total_seconds() if ahead else inf
    look_at = look_s
    for second, credits in zip(asked.seconds, asked.credits, strict=True):
        while look_at <= second:
            pool.look(look_at)
            look_at += look_s
        pool.query(second, credits)
    pool.settle(inf)
    return pool.outcome


@dataclass(slots=True, kw_only=True)
class _Pool:
    """A pool with at most one purchase under way, which arrives ``CHARGE_S`` after its intent and is
    sized for what lacked then (R19). Queries that cannot be served wait in their order."""

    ahead: Ahead | None
    free: int = PACK
    coming: int = 0
    arrives_at: float = inf
    waiting: deque[int] = field(default_factory=deque)
    outcome: Outcome = field(default_factory=Outcome)
    hours: dict[datetime, int] = field(default_factory=dict)
    minutes: dict[datetime, int] = field(default_factory=dict)
    largest: int = 0

    def query(self, at: float, credits: int) -> None:
        """One query: served at once or made to wait."""
        self.settle(at)
        self.outcome.queries += 1
        if credits <= self.free and not self.waiting:
            self._use(at, credits)
            return
        self.outcome.waited += 1
        self.waiting.append(credits)
        if self.arrives_at == inf:
            self._buy(at, sum(self.waiting) - self.free)

    def look(self, at: float) -> None:
        """The worker's look, unless a purchase is open."""
        self.settle(at)
        assert self.ahead is not None
        if self.arrives_at < inf:
            return
        moment = START + timedelta(seconds=at)
        for known, kept in ((self.hours, HISTORY + HOUR), (self.minutes, HOUR)):
            while known and next(iter(known)) < moment - kept:
                del known[next(iter(known))]
        usage = Usage(since=START, hours=self.hours, minutes=self.minutes, largest=self.largest)
        need = buy_ahead(
            free=self.free, usage=usage, renewals_due=(), setting=self.ahead, at=moment
        )
        if need:
            self._buy(at, need)

    def settle(self, until: float) -> None:
        """Purchases that arrived, and what they serve."""
        while self.arrives_at <= until and self.arrives_at < inf:
            at, self.arrives_at = self.arrives_at, inf
            self.free += self.coming
            while self.waiting and self.waiting[0] <= self.free:
                self._use(at, self.waiting.popleft())
            if self.waiting:
                self._buy(at, sum(self.waiting) - self.free)

    def _buy(self, at: float, need: int) -> None:
        self.coming = _covered(need)
        self.arrives_at = at + CHARGE_S
        self.outcome.bought += self.coming
        self.outcome.charges += 1

    def _use(self, at: float, credits: int) -> None:
        self.free -= credits
        if self.ahead:
            hour, minute = START + at // 3600 * HOUR, START + at // 60 * MINUTE
            self.hours[hour] = self.hours.get(hour, 0) + credits
            self.minutes[minute] = self.minutes.get(minute, 0) + credits
            self.largest = max(self.largest, credits)


_TABLES = CoverTables.build(PRICE_LIST)


def _covered(need: int) -> int:
    """The credits of the best cover of a need (R12)."""
    cover = _TABLES.best(need)
    assert cover is not None
    return cover.credits
