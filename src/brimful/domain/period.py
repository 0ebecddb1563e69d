"""Calendar: the periods of caps in the owner's zone, and of subscriptions from an anchor (R28, R34)."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Interval = Literal["month", "quarter", "year"]
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One running period of a subscription, half-open, with the anchor and interval it comes from."""

    anchor_at: datetime
    starts_at: datetime
    ends_at: datetime
    interval: Interval

    @property
    def months(self) -> int:
        """How many months it stands for."""
        return MONTHS[self.interval]


def caps_periods(at: datetime, zone: str) -> tuple[datetime, datetime, datetime]:
    """Since when charges count against the caps per hour, day and month (R28), in UTC.

    Day and month are the calendar's in the owner's zone. The hour is the last 60 minutes: at an
    hour of the clock a loop could charge twice the cap within a minute.
    """
    local = at.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    first = midnight.replace(day=1)
    return at - timedelta(hours=1), midnight.astimezone(UTC), first.astimezone(UTC)


def month_at(anchor: datetime, index: int) -> datetime:
    """The anchor moved by ``index`` months: the same day where the month has it, else its last one,
    always counted from the anchor, so that 31 January is remembered over February (R34)."""
    months = anchor.year * 12 + anchor.month - 1 + index
    year, month = divmod(months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def period_at(anchor: datetime, interval: Interval, index: int) -> tuple[datetime, datetime]:
    """The half-open period number ``index`` (0 is the first) of a subscription (R34)."""
    step = MONTHS[interval]
    return month_at(anchor, step * index), month_at(anchor, step * (index + 1))
