"""When a subscription will bring monthly credits next, for the needs of the days to come (R33, R34)."""

from datetime import datetime
from itertools import count, takewhile

from brimful.domain.period import month_at
from brimful.domain.renewal import month_index


def due_dates(
    anchor: datetime, due_at: datetime, *, at: datetime, until: datetime
) -> tuple[datetime, ...]:
    """The instants before ``until`` at which a subscription that is due next at ``due_at`` is due.

    One that is overdue counts once, however many months have passed: it catches up once (R34).
    Raises ValueError for a ``due_at`` before the anchor.
    """
    if due_at >= until:
        return ()
    following = month_index(anchor, max(at, due_at)) + 1
    later = (month_at(anchor, index) for index in count(following))
    return (due_at, *takewhile(lambda due: due < until, later))
