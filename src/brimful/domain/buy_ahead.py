"""Credits bought before they are missing, so that no query waits for a charge (R33).

The guarantee, auto-billing inside the request that falls short, does not rest on this. Two rules
name a need: a threshold with a target, and a forecast that is made every few minutes. The planner
covers the larger of the two with packs within the owner's caps, as it covers any shortage (R12, R28).

The forecast keeps free what queries may use until the purchase of the next look is there, the larger
of two figures:

- the use expected for that time, and in case more come than expected, three standard deviations (as
  if all queries were as large as the largest) and one query more;
- in a burst, the busiest of the last 15 minutes, kept up for all that time, but no more than twice
  what these 15 minutes used together.

Amounts never grow by themselves. What is bought is no use, so it raises no forecast; the need is what
is missing of the figure, so it is bought once and then there; and 15 minutes after its last query a
burst counts no more, except for 28 days in the means that the expected use is made of. What was
bought for it and is left over is used before anything else is bought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil, sqrt

from brimful.domain.forecast import Renewal, Usage, expected_use

RECENT = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
# How far above the expected use, in standard deviations; and for a burst, how many times the credits
# of the last 15 minutes at most.
DEVIATIONS = 3
BURST_MAX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How an owner who consented lets credits be bought ahead. ``look`` is the time from one look
    to the next, ``lead`` the longest that a purchase takes from a look until its credits are there.

    Renewals that the pool does not cover are bought for only with ``renewals``, a consent of its own:
    otherwise they buy for themselves once the clients' cards are held, so that a client who declines
    costs the seller nothing (R35)."""

    look: timedelta = timedelta(minutes=5)
    lead: timedelta = timedelta(minutes=1)
    renewals: bool = False


def below_threshold(*, free: int, threshold: int, target: int) -> int:
    """The credits to the target when fewer than ``threshold`` are free, else none. Raises ValueError
    for a target below the threshold, which would be short again at once."""
    if not 0 <= threshold <= target:
        raise ValueError(
            f"a threshold of {threshold} needs a target of at least as much, not {target}"
        )
    return target - free if free < threshold else 0


def buy_ahead(
    *, free: int, usage: Usage, renewals_due: Sequence[Renewal], setting: Ahead, at: datetime
) -> int:
    """The credits to buy now so as not to run out before the next look's purchase is there, 0 when
    none. ``free`` is what nobody has reserved; it is not asked while a purchase is open (R19).
    Without any history of use it buys nothing for queries."""
    span = setting.look + setting.lead
    due = [renewal for renewal in renewals_due if renewal.at <= at + span]
    if setting.renewals:
        left = free - sum(renewal.credits for renewal in due)
    else:
        left = _after_renewals(free, due)
    return max(0, may_use(usage, span, at) - left)


def may_use(usage: Usage, span: timedelta, at: datetime) -> int:
    """The credits that queries may use within a span from ``at`` on. Never less for an account that
    used more."""
    mean = expected_use(usage, at, at + span)
    ordinary = mean + DEVIATIONS * sqrt(mean * usage.largest) + usage.largest if mean > 0 else 0
    return ceil(max(ordinary, _burst(usage, span, at)))


def _burst(usage: Usage, span: timedelta, at: datetime) -> float:
    """What a burst that may be under way uses within a span."""
    recent = [credits for minute, credits in usage.minutes.items() if at - RECENT < minute <= at]
    return min(max(recent, default=0) * (span / MINUTE), BURST_MAX * sum(recent))


def _after_renewals(free: int, due: Sequence[Renewal]) -> int:
    """What renewals leave of a pool, those due at one instant as one group: one that the pool does
    not cover buys for itself (R35), and is left out."""
    ordered = sorted(due, key=lambda renewal: renewal.at)
    for _, group in groupby(ordered, key=lambda renewal: renewal.at):
        need = sum(renewal.credits for renewal in group)
        free -= need if need <= free else 0
    return free
