"""What is bought and what it costs: the cheapest cover by trying all, chatbots by the month."""

from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import product

from tests.histories.dates import month, month_of, part, period
from tests.histories.offers import Offered
from tests.histories.parties import Account, Line, Subscription

# The least that can be charged.
MINIMUM = 50


@lru_cache(maxsize=100_000)
def cover(packs: tuple[Offered, ...], need: int) -> tuple[int, ...]:
    """How many of each pack: the lowest price, then most credits, fewest packs, and the greater
    counts in the order of the catalogue (R12)."""
    best = None
    for counts in product(*(range(-(-need // pack.credits), -1, -1) for pack in packs)):
        credits = sum(count * pack.credits for count, pack in zip(counts, packs, strict=True))
        if credits < need:
            continue
        price = sum(count * pack.price for count, pack in zip(counts, packs, strict=True))
        key = (price, -credits, sum(counts), tuple(-count for count in counts))
        if best is None or key < best:
            best = key
    assert best is not None
    return tuple(-count for count in best[3])


def of_kind(seller: Account, kind: str) -> tuple[Offered, ...]:
    """What a seller offers of a kind."""
    return tuple(one for one in seller.offers if one.kind == kind)


def cover_lines(seller: Account, need: int, now: datetime) -> list[Line] | None:
    """The packs that cover a need, None when none are offered."""
    packs = of_kind(seller, "additional_credits")
    if not packs:
        return None
    counts = cover(packs, need)
    return [pack_line(pack, count, now) for pack, count in zip(packs, counts, strict=True) if count]


def pack_line(pack: Offered, count: int, now: datetime) -> Line:
    """So many packs of credits."""
    ends = None if pack.days is None else now + timedelta(days=pack.days)
    return Line(pack, pack.credits * count, 0, pack.price * count, ends)


def cheapest_seats(seller: Account) -> Offered | None:
    """The extra chatbots that are cheapest by the month (R11)."""
    return min(
        of_kind(seller, "extra_chatbots"),
        key=lambda one: Fraction(one.price, one.months),
        default=None,
    )


def seats_line(
    buyer: Account, package: Offered, count: int, now: datetime, automatic: bool
) -> Line:
    """So many extra chatbots: they join the period that runs at the price of what is left of it, or
    begin their own (R37)."""
    whole = package.price * count
    joined = buyer.running(now)
    if joined is None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        runs = begin(package, 0, count, whole, hour, automatic)
        return Line(package, 0, count, whole, runs=runs, begins=True)
    ratio = Fraction(joined.months, package.months)
    runs = Subscription(
        package=package,
        credits=0,
        chatbots=count,
        price=part(whole, joined.period, joined.period[0], ratio),
        months=joined.months,
        anchor=joined.anchor,
        done=month_of(joined.anchor, now) + 1,
        period=joined.period,
        due=joined.period[1],
        wake=joined.period[1],
        automatic=automatic,
    )
    return Line(package, 0, count, part(whole, joined.period, now, ratio), runs=runs, begins=True)


def plan_line(package: Offered, count: int, now: datetime) -> Line:
    """A plan begins in this hour: its first month's credits and its chatbots."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    credits, chatbots, price = (
        count * of for of in (package.credits, package.chatbots, package.price)
    )
    runs = begin(package, credits, chatbots, price, hour, False)
    return Line(package, credits, chatbots, price, month(hour, 1), runs=runs, begins=True)


def begin(
    package: Offered, credits: int, chatbots: int, price: int, hour: datetime, automatic: bool
) -> Subscription:
    """A subscription whose first month begins at an hour."""
    first = period(hour, package.months, 0)
    due = month(hour, 1) if credits else first[1]
    return Subscription(
        package, credits, chatbots, price, package.months, hour, 1, first, due, due, automatic
    )


def renewal_line(held: Subscription, now: datetime) -> Line:
    """The month and period that run now, once, whatever was missed (R34): the price when a period
    has begun, the credits each month."""
    number = month_of(held.anchor, now)
    bounds = period(held.anchor, held.months, number)
    ends = month(held.anchor, number + 1)
    return Line(
        held.package,
        held.credits,
        held.to_come,
        held.price if bounds != held.period else 0,
        ends if held.credits else None,
        runs=held,
        next_done=number + 1,
        next_period=bounds,
        next_due=ends if held.credits else bounds[1],
    )
