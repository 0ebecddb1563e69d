"""What each payment should have cost, by the offers that were in force: covers, plans, changes, chatbots."""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product

from tests.simulator.gone import Gone, may_begin, ways_back
from tests.simulator.model import Ask, Model
from tests.simulator.paid import Paid
from tests.simulator.world import Offered

HOUR = timedelta(hours=1)
# When time leapt while something was decided on, there are too many hours in which it may have been.
HOURS_MOST = 120


def check_prices(model: Model, paid: list[Paid]) -> Iterator[str]:
    """Each charge is the price of what it says it is for: of a package, of the best cover (R12), of
    the missing chatbots (R11), of the difference between two plans (R37), or of what renews."""
    for one in paid:
        if not one.amount:
            continue
        seller = model.world.tree[one.who]
        shelf = [offer for offer in model.offers if offer.seller == seller]
        right = {
            "auto": _is_best, "seats": _is_for_seats, "rent": _is_rent, "change": _is_difference,
        }.get(one.kind, _is_package)(shelf, one, paid)  # fmt: skip
        if not right:
            what = f"{one.credits} credits and {one.chatbots} chatbots"
            yield f"{one.who} paid {one.amount} for {what} ({one.kind})"


def _is_package(shelf: list[Offered], one: Paid, paid: list[Paid]) -> bool:
    """A package that is sold at some price; what renews a plan may renew chatbots with it."""
    offers = [offer for offer in shelf if offer.kind == one.kind and offer.credits == one.credits]
    if one.ask is not None and one.ask.offer is not None:
        offers = [one.ask.offer]
    prices = {price for offer in offers for price in offer.prices}
    if one.ask is not None or one.kind != "plan":
        return one.amount in prices
    return any(_rents(shelf, one, paid, one.amount - price) for price in prices)


def _is_rent(shelf: list[Offered], one: Paid, paid: list[Paid]) -> bool:
    """What renews chatbots."""
    return _rents(shelf, one, paid, one.amount)


def _rents(shelf: list[Offered], one: Paid, paid: list[Paid], amount: int) -> bool:
    """Whether an amount is the price of some of the extra chatbots that the payer had bought."""
    had = sum(
        other.chatbots
        for other in paid
        if other.who == one.who and other.kind in ("auto", "seats") and other.net
    )
    prices = {price for offer in shelf if offer.kind == "seats" for price in offer.prices}
    return _adds_up(tuple(sorted(prices)), had, amount)


@lru_cache(maxsize=4096)
def _adds_up(prices: tuple[int, ...], pieces: int, amount: int) -> bool:
    """Whether at most so many pieces at these prices make up an amount."""
    if amount == 0:
        return True
    if amount < 0 or not prices:
        return False
    most = min(pieces, amount // prices[-1])
    return any(
        _adds_up(prices[:-1], pieces - n, amount - n * prices[-1]) for n in range(most, -1, -1)
    )


def _is_for_seats(shelf: list[Offered], one: Paid, paid: list[Paid]) -> bool:
    """So many chatbots by hand, at the whole price of a package or, where it is prorated, a part."""
    offers = [offer for offer in shelf if offer.kind == "seats"]
    if one.ask is not None and one.ask.offer is not None:
        offers = [one.ask.offer]
    return _seats_cost(offers, one, one.amount)


def _seats_cost(offers: list[Offered], one: Paid, amount: int) -> bool:
    whole = [
        (version.price * one.chatbots, offer.prorated)
        for offer in offers
        for version in offer.versions
        if version.since <= one.asked
    ]
    return any(amount == price or (part and 0 < amount < price) for price, part in whole)


def _is_best(shelf: list[Offered], one: Paid, paid: list[Paid]) -> bool:
    """Whether no other cover would have been as large and cheaper, at prices that were in force some
    time before the payment was made; beside it chatbots, at the lowest price there was (R11)."""
    if not one.chatbots:
        return _is_best_cover(shelf, one, one.amount)
    seats = [offer for offer in shelf if offer.kind == "seats"]
    if not seats:
        return False
    sure = [o.versions[0].price for o in seats if len(o.versions) == 1 and not o.withdrawn]
    seats = [o for o in seats if not sure or min(o.prices) <= min(sure)]
    if not one.credits:
        return _seats_cost(seats, one, one.amount)
    whole = {version.price * one.chatbots for offer in seats for version in offer.versions}
    if seats[0].prorated:
        packs = _sure_packs(shelf)
        if not packs:
            return True
        least = _least(packs, one.credits)
        return any(0 < one.amount - least <= price for price in whole)
    return any(_is_best_cover(shelf, one, one.amount - price) for price in whole)


def _is_best_cover(shelf: list[Offered], one: Paid, amount: int) -> bool:
    packs = [
        (offer.credits, version.price)
        for offer in shelf
        if offer.kind in ("auto", "hand")
        for version in offer.versions
        if version.since <= one.asked
    ]
    sure = _sure_packs(shelf)
    if not _reaches(tuple(sorted(packs)), one.credits, amount):
        return False
    return not sure or len(sure) < len(packs) or _least(sure, one.credits) == amount


def _sure_packs(shelf: list[Offered]) -> tuple[tuple[int, int], ...]:
    """What auto-billing chose from all the while, at one price."""
    return tuple(
        sorted(
            (offer.credits, offer.versions[0].price)
            for offer in shelf
            if offer.kind in ("auto", "hand") and len(offer.versions) == 1 and not offer.withdrawn
        )
    )


@lru_cache(maxsize=4096)
def _reaches(packs: tuple[tuple[int, int], ...], credits: int, price: int) -> bool:
    """Whether some multiset of packs has exactly these credits and this price."""
    if credits == 0 and price == 0:
        return True
    if credits <= 0 or price <= 0 or not packs:
        return False
    (size, cost), rest = packs[-1], packs[:-1]
    most = min(credits // size, price // cost)
    return any(_reaches(rest, credits - n * size, price - n * cost) for n in range(most, -1, -1))


@lru_cache(maxsize=4096)
def _least(packs: tuple[tuple[int, int], ...], credits: int) -> int:
    """The lowest price of at least so many credits."""
    step = 50
    units = -(-credits // step)
    best = [0] + [10**12] * units
    for here in range(1, units + 1):
        best[here] = min(
            best[max(0, here - size // step)] + price for size, price in packs if size >= step
        )
    return best[units]


def _is_difference(shelf: list[Offered], one: Paid, paid: list[Paid]) -> bool:
    """The difference between two plans for what was left of the month, in money, credits and
    chatbots alike (R37), for a plan that the payer had: which began when it was paid for first, or
    anew. Where money for it may have gone back, the whole of the new one, less what was left of the
    old one beyond that (R17, R25)."""
    if one.ask is None or one.ask.offer is None:
        # What nobody heard of may only be something that was given back.
        return not one.net
    new = one.ask.offer
    mine = [p for p in paid if p.who == one.who and p.net and p.at <= one.at]
    ways = list(ways_back(one, mine, shelf)) if may_begin(one, mine) else []
    if ways and _is_whole(one):
        return True
    begun = [
        p for p in mine if p.ask and (p.ask.verb == "plan" or (p is not one and may_begin(p, mine)))
    ]
    changes = _hours(one.ask, one.at)
    for plan in begun:
        assert plan.ask is not None
        anchors = _hours(plan.ask, plan.at)
        for old in (offer for offer in shelf if offer.kind == "plan" and offer is not new):
            if new.chatbots - old.chatbots != one.chatbots:
                continue
            if max(len(anchors), len(changes)) > HOURS_MOST:
                return 0 < one.amount <= max(new.prices)
            if _differs(old, new, one, anchors, changes, ways):
                return True
    return False


def _is_whole(one: Paid) -> bool:
    """Whether a change was paid for and brought as if the plan began with it."""
    offer = one.ask.offer if one.ask is not None and one.ask.verb == "change" else None
    return offer is not None and one.credits == offer.credits and one.amount in offer.prices


def _hours(ask: Ask, at: datetime) -> list[datetime]:
    """The hours in which something that was paid at an instant may have been decided on."""
    first = min(ask.times)
    hour = first.replace(minute=0, second=0, microsecond=0)
    return [hour + n * HOUR for n in range((at - hour) // HOUR + 1)]


def _differs(
    old: Offered,
    new: Offered,
    one: Paid,
    anchors: list[datetime],
    changes: list[datetime],
    ways: list[tuple[Gone, ...]],
) -> bool:
    for anchor, hour in product(anchors, changes):
        if hour < anchor:
            continue
        month = (hour.year - anchor.year) * 12 + hour.month - anchor.month
        if _month(anchor, month) > hour:
            month -= 1
        ends, begins = _month(anchor, month + 1), _month(anchor, month)
        left, whole = (ends - hour) // HOUR, (ends - begins) // HOUR
        granted = _part(old.credits, left, whole)
        for way in ways:
            back = sum(amount for amount, _ in way)
            prices = product(new.prices, old.prices)
            if any(
                a - max(_part(b, left, whole) - back, 0) == one.amount for a, b in prices
            ) and any(
                new.credits - max(granted - less, 0) == one.credits
                for less in _credits_back(way, (begins, hour, ends))
            ):
                return True
        if _part(new.credits, left, whole) - _part(old.credits, left, whole) != one.credits:
            continue
        prices = product(new.prices, old.prices)
        if any(_part(a, left, whole) - _part(b, left, whole) == one.amount for a, b in prices):
            return True
    return False


def _credits_back(way: tuple[Gone, ...], times: tuple[datetime, datetime, datetime]) -> set[int]:
    """How many credits of what was left of a month may have gone back with payments: a plan's are for
    the month that ``begins``, a change's for what was left of it, if it was made in it."""
    begins, hour, ends = times
    sums = {0}
    for _, paid in way:
        hours = _hours(paid.ask, paid.at) if paid.ask and paid.kind == "change" else []
        since = [at for at in hours if begins <= at <= hour] or [begins]
        parts = {_part(paid.credits, (ends - hour) // HOUR, (ends - at) // HOUR) for at in since}
        if paid.at < begins:
            parts = {0}
        sums = {one + part for one in sums for part in parts}
    return sums


def _part(price: int, left: int, whole: int) -> int:
    """Rounded half up."""
    return (2 * price * left + whole) // (2 * whole)


def _month(anchor: datetime, number: int) -> datetime:
    """The anchor so many months later, on the last day of a month that is too short (R34)."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + number, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)
