"""Renewals that could not be paid: when they are tried again, and when access ends (R29, R35).

Two troubles that never mix. The **subscriber's card** is declined: the renewal is past due, tried
on the schedule of soft declines, and suspended seven days after it became due; nothing is deleted.
The **seller** cannot be secured: the subscriber was not charged and did nothing wrong. Its renewal
stays due and is tried again for as long as it takes; the subscriber keeps access, chatbots and
additional credits and is never suspended for it.

An outage of the gateway is neither: it is no attempt and no decline. When a card may be tried again is
said in `declines`.
"""

from datetime import datetime, timedelta
from itertools import count

# A subscriber whose own card is declined loses access so long after the renewal became due.
SUSPENDED_AFTER = timedelta(days=7)

# A renewal whose seller could not be secured is tried again so long after the first failure, then
# every so often without an end.
SELLER_RETRY_AFTER = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 48, 72))
SELLER_RETRY_EVERY = timedelta(hours=24)


def suspended_at(due_at: datetime) -> datetime:
    """When a subscriber whose card is declined loses access, should nothing be paid by then (R35).

    ``due_at`` is when the renewal was first put to the subscriber's card: its due time, or, where
    its seller had to be secured first, when that was done. Days lost by the seller do not count.
    """
    return due_at + SUSPENDED_AFTER


def next_seller_retry(first_failed_at: datetime, at: datetime) -> datetime:
    """When a renewal is tried again whose seller could not be secured at ``at`` (R35).

    1, 6, 24, 48 and 72 hours after the first failure, then every 24 hours until it succeeds: it is
    a renewal of somebody who keeps access meanwhile, so no day is the last. The schedule is one of
    instants, so tries at once, because the pool filled or a card was replaced, do not use it up.
    The answer is always after ``at``: times that passed while nothing ran are dropped, not made up
    for in a burst. Raises ValueError for a failure before the first.
    """
    if at < first_failed_at:
        raise ValueError("nothing failed before the first failure")
    schedule = (first_failed_at + _seller_retry_after(number) for number in count(1))
    return next(retry_at for retry_at in schedule if retry_at > at)


def _seller_retry_after(number: int) -> timedelta:
    """How long after the first failure the retry of that number (1 is the first) is due."""
    last = len(SELLER_RETRY_AFTER)
    beyond = max(0, number - last)
    return SELLER_RETRY_AFTER[min(number, last) - 1] + beyond * SELLER_RETRY_EVERY
