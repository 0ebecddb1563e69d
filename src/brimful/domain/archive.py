"""Which months of entries are old enough to be archived, and which keys of spends to be forgotten."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from brimful.domain.period import month_at

# Forecasts look back 28 days (their sums are kept 29) and keys of spends are kept 35: no month that
# ended since is archived.
MONTHS_MIN = 2
MONTHS_MAX = 1_200
KEY_DAYS_MIN = 35
KEY_DAYS_MAX = 36_500
# The key of a spend is dated by its registration, its entry by its debit, which may come later; and
# the clocks of two machines differ by less.
KEY_MARGIN = timedelta(days=1)


def archivable(starts: Iterable[datetime], at: datetime, months: int) -> list[datetime]:
    """Of months that begin at ``starts`` (UTC), those that ended ``months`` months before ``at`` or
    earlier, oldest first. Raises ValueError for fewer ``months`` than MONTHS_MIN."""
    if months < MONTHS_MIN:
        raise ValueError(f"no month is archived within {MONTHS_MIN} months of its end")
    limit = month_at(at, -months)
    return [start for start in sorted(starts) if month_at(start, 1) <= limit]


def forget_before(
    archived: Iterable[datetime], at: datetime, key_days: int | None
) -> datetime | None:
    """Spends that ended before this have their keys forgotten (R39): those of months that are archived
    (they begin at ``archived``), and those older than ``key_days``; None when there are none.
    Raises ValueError for fewer ``key_days`` than KEY_DAYS_MIN."""
    if key_days is not None and key_days < KEY_DAYS_MIN:
        raise ValueError(f"keys of spends are kept at least {KEY_DAYS_MIN} days")
    instants = [month_at(start, 1) + KEY_MARGIN for start in archived]
    if key_days is not None:
        instants.append(at - timedelta(days=key_days))
    return max(instants, default=None)
