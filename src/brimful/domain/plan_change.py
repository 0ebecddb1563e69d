"""From one plan to another: at once and prorated, or at the end of the period (R31, R37).

**Time.** New terms hold from the beginning of the UTC hour in which the change is made, like every
boundary (R34). That hour is paid for on the new terms only: what is left of the old price counts
from its beginning, too.

**Rounding.** Each price is prorated by itself and rounded once, half up, to the step in which a card
can be charged (R26: the minor unit in most currencies), as `prorate` does; the charge is the
difference of the two. So within an hour any way from one plan to another by upgrades costs exactly
what going at once costs, or more, and over the hours of a period a way through a third plan saves at
most the one step of its rounding. No amount is negative or above the whole price. The credits are
counted in the same way, over what is left of their month: a month's credits for a month's price, a
day's for a day's, so that nobody gets a month's for the price of its last hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from brimful.domain.period import MONTHS, Interval, Period, month_at, period_at
from brimful.domain.proration import prorate
from brimful.domain.renewal import whole_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """A subscription package at one version.

    ``price_minor`` is for an interval, in minor units of the seller's one currency (R26), which is
    charged in steps of ``step_minor``;
    ``credits`` are a month's, whatever the interval (R34); ``chatbots`` are held all the while.
    """

    package_id: str
    version: int
    price_minor: int
    credits: int
    chatbots: int
    interval: Interval
    step_minor: int = 1

    @property
    def per_month(self) -> Fraction:
        """The price of one month, exactly, in minor units."""
        return Fraction(self.price_minor, MONTHS[self.interval])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was paid for the running period and has gone back whole, by refunds or lost disputes (R25):
    so much, with the ``credits`` that it had brought for what was left of the running month at
    ``since_at``."""

    amount_minor: int
    credits: int
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """At once: what it costs and what it brings now.

    ``charge_minor`` is ``new_minor``, the new price for the rest of the period (or for all of a
    period that begins), minus ``left_minor``, what is left of the old. ``credits`` are granted now
    and end at ``credits_expire_at``; ``chatbots`` are added now. ``period`` is the one that runs
    from now on. Where it ``begins_period``, its anchor is new and its first month has just begun;
    otherwise the anchor, the period and the months begun stay.
    """

    charge_minor: int
    new_minor: int
    left_minor: int
    credits: int
    credits_expire_at: datetime
    chatbots: int
    period: Period
    begins_period: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgrade:
    """At period end, at no charge now: everything stays until ``takes_effect_at``.

    The renewal of that moment is on the new terms, counted from ``anchor_at``: the old anchor while
    the interval stays, otherwise the period's end. The chatbots in excess are paused then (R31).
    """

    takes_effect_at: datetime
    anchor_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoChange:
    """The plan wanted is the one held, at the same version. A downgrade that waits may be dropped."""

    package_id: str
    version: int


def change_plan(
    now: PlanTerms,
    wanted: PlanTerms,
    *,
    period: Period,
    month: tuple[datetime, datetime],
    at: datetime,
    gone: Sequence[Gone] = (),
) -> Upgrade | Downgrade | NoChange:
    """Decide what a change from ``now`` to ``wanted`` at ``at`` means (R31, R37).

    ``period`` is the running one, paid for; ``month`` is the bounds of its running month, whose
    credits were granted. An upgrade gives neither fewer credits nor fewer chatbots, and costs no
    less a month (compared exactly); it is immediate. Everything else waits for the period's end. So
    does an upgrade to a shorter interval while more is left of the old price than the new one
    costs: at once, the rest of what was paid would be lost. ``gone``: what was paid for the period and
    has gone back. Where there is any, an upgrade begins a period, at the whole price and with a whole
    month's credits: what is left of the old ones counts less what has gone of them.

    Raises ValueError when ``at`` is in neither the period nor the month: what is due must be applied
    first (R35).
    """
    if (now.package_id, now.version) == (wanted.package_id, wanted.version):
        return NoChange(package_id=now.package_id, version=now.version)
    hour = whole_hour(at)
    _check(now, period, month, hour)
    fewer = wanted.credits < now.credits or wanted.chatbots < now.chatbots
    if not fewer and wanted.per_month >= now.per_month:
        if not gone and wanted.interval == now.interval:
            upgrade = _within(now, wanted, period, month, hour)
        else:
            upgrade = _anew(now, wanted, period, month, hour, gone)
        if upgrade.charge_minor >= 0:
            return upgrade
    return Downgrade(
        takes_effect_at=period.ends_at,
        anchor_at=period.anchor_at if wanted.interval == now.interval else period.ends_at,
    )


def _within(
    now: PlanTerms,
    wanted: PlanTerms,
    period: Period,
    month: tuple[datetime, datetime],
    hour: datetime,
) -> Upgrade:
    """An upgrade that keeps the period: both prices for what is left of it, and the difference of
    both plans' credits for what is left of the month, with which they end."""
    left, new = (_price_left(terms, period, hour) for terms in (now, wanted))
    fewer, more = (
        prorate(terms.credits, starts_at=month[0], ends_at=month[1], at=hour)
        for terms in (now, wanted)
    )
    return Upgrade(
        charge_minor=new - left,
        new_minor=new,
        left_minor=left,
        credits=more - fewer,
        credits_expire_at=month[1],
        chatbots=wanted.chatbots - now.chatbots,
        period=period,
        begins_period=False,
    )


def _anew(
    now: PlanTerms,
    wanted: PlanTerms,
    period: Period,
    month: tuple[datetime, datetime],
    hour: datetime,
    gone: Sequence[Gone],
) -> Upgrade:
    """An upgrade with which a period and a month begin at this hour, at the full price: to another
    interval, or where some of what was paid for the period has ``gone`` back.

    The old month's credits stay usable until its end. So the new month brings its own minus the
    part of the old for what was left of that month, the part whose price is given back: who has just
    been granted a month gets the difference, who has used up most of one gets nearly all. Money that has
    gone back pays for nothing that is left, nor are the credits there that it brought.
    """
    left_minor = _price_left(now, period, hour) - sum(one.amount_minor for one in gone)
    granted = prorate(now.credits, starts_at=month[0], ends_at=month[1], at=hour)
    granted -= sum(
        prorate(one.credits, starts_at=one.since_at, ends_at=month[1], at=hour) for one in gone
    )
    left_minor, granted = max(left_minor, 0), max(granted, 0)
    starts_at, ends_at = period_at(hour, wanted.interval, 0)
    return Upgrade(
        charge_minor=wanted.price_minor - left_minor,
        new_minor=wanted.price_minor,
        left_minor=left_minor,
        credits=wanted.credits - granted,
        credits_expire_at=month_at(hour, 1),
        chatbots=wanted.chatbots - now.chatbots,
        period=Period(
            anchor_at=hour, starts_at=starts_at, ends_at=ends_at, interval=wanted.interval
        ),
        begins_period=True,
    )


def _price_left(terms: PlanTerms, period: Period, hour: datetime) -> int:
    """The part of a plan's price for what is left of a period, as it could be charged."""
    return prorate(
        terms.price_minor,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        at=hour,
        step_minor=terms.step_minor,
    )


def _check(
    now: PlanTerms, period: Period, month: tuple[datetime, datetime], hour: datetime
) -> None:
    """Refuse facts that do not belong together."""
    if now.interval != period.interval:
        raise ValueError(f"a plan by the {now.interval} has no period by the {period.interval}")
    if not period.starts_at <= month[0] <= hour < month[1] <= period.ends_at:
        raise ValueError(f"{hour} is not in the running month, or that not in the period")
