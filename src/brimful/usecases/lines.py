"""The lines of a purchase: what a package brings, costs, and lets recur from now on (R25, R34, R37)."""

from datetime import datetime

from brimful.billing.buyers import BuyerFacts
from brimful.billing.offers import Package
from brimful.billing.purchases import PurchaseLine, Runs
from brimful.db.ids import new_id
from brimful.domain.moment import Moment
from brimful.domain.period import Interval, Period, month_at
from brimful.domain.renewal import month_index, next_due, period_of, whole_hour
from brimful.domain.seats import price_seats


def line_of(facts: BuyerFacts, package: Package, quantity: int, moment: Moment) -> PurchaseLine:
    """What ``quantity`` of a package brings and costs this buyer now.

    A plan begins its own period. Chatbots bought in mid-period join the buyer's at the prorated
    price, unless their package says full price, and without a period begin one (R37).
    """
    if package.kind == "extra_chatbots":
        seats = price_seats(package.as_seat(), quantity, facts.buyer.period, moment.at)
        return seat_line(
            facts, package, quantity, seats.amount_minor, seats.recurring_minor, moment
        )
    amount = package.price_minor * quantity
    if package.kind == "additional_credits":
        return credit_line(package, quantity)
    runs = begin(
        package.billing_interval or "month", brings_credits=package.credits > 0, at=moment.at
    )
    return PurchaseLine(
        kind="subscription",
        package_id=package.package_id,
        package_version=package.version,
        quantity=quantity,
        credits=package.credits * quantity,
        chatbots=package.chatbots * quantity,
        amount_minor=amount,
        recurring_minor=amount,
        credits_cost_minor=package.credits_price_minor * quantity // runs.period.months,
        credits_end_at=credits_end(runs.period.anchor_at, 1, package.rolls_over),
        runs=runs,
    )


def credit_line(package: Package, quantity: int) -> PurchaseLine:
    """So many packs of additional credits."""
    amount = package.price_minor * quantity
    return PurchaseLine(
        kind="additional_credits",
        package_id=package.package_id,
        package_version=package.version,
        quantity=quantity,
        credits=package.credits * quantity,
        chatbots=0,
        amount_minor=amount,
        recurring_minor=0,
        credits_cost_minor=amount,
    )


def seat_line(
    facts: BuyerFacts,
    package: Package,
    chatbots: int,
    amount_minor: int,
    recurring_minor: int,
    moment: Moment,
) -> PurchaseLine:
    """So many extra chatbots at a price that was worked out: they join the buyer's running period,
    and without one begin their own (R37)."""
    runs = begin(package.billing_interval or "month", brings_credits=False, at=moment.at)
    if facts.buyer.period is not None:
        runs = join(facts.buyer.period, moment.at)
    return PurchaseLine(
        kind="extra_chatbots",
        package_id=package.package_id,
        package_version=package.version,
        quantity=chatbots,
        credits=0,
        chatbots=chatbots,
        amount_minor=amount_minor,
        recurring_minor=recurring_minor,
        runs=runs,
    )


def credits_end(anchor: datetime, months_done: int, rolls_over: bool) -> datetime:
    """When the credits of a plan's month lapse: with the month, or where they roll over with the one
    after it (R36)."""
    return month_at(anchor, months_done + int(rolls_over))


def begin(interval: Interval, *, brings_credits: bool, at: datetime) -> Runs:
    """A subscription that begins in this hour (R34)."""
    anchor = whole_hour(at)
    return _runs(period_of(anchor, interval, 0), 1, brings_credits, begins_period=True)


def join(period: Period, at: datetime) -> Runs:
    """A subscription without monthly credits that runs on with a period that has begun."""
    months_done = month_index(period.anchor_at, at) + 1
    return _runs(period, months_done, brings_credits=False, begins_period=False)


def _runs(period: Period, months_done: int, brings_credits: bool, begins_period: bool) -> Runs:
    return Runs(
        subscription_id=new_id(),
        period=period,
        months_done=months_done,
        due_at=next_due(period.anchor_at, period.interval, months_done, brings_credits),
        begins_period=begins_period,
    )
