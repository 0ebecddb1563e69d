"""Short ways to say what the domain is asked: a buyer, an offer, demands that wait."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from brimful.domain.caps import Limits, Spent
from brimful.domain.chain import Level
from brimful.domain.cover import CoverTables, Pack
from brimful.domain.period import Interval, Period
from brimful.domain.planning import Buy, Buyer, Offer, Waiting
from brimful.domain.reason import Refuse
from brimful.domain.seats import SeatOffer
from brimful.domain.sizing import allowed_packs, size_purchase

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)

# The price list of R15 in the order of its catalogue, and chatbots at $3.00 a month.
SMALL = Pack(package_id="small", credits=2_000, price_minor=1_000)
MEDIUM = Pack(package_id="medium", credits=12_500, price_minor=5_000)
LARGE = Pack(package_id="large", credits=35_000, price_minor=10_000)
PRICE_LIST = (SMALL, MEDIUM, LARGE)
SEATS = (SeatOffer(package_id="seat", price_minor=300, interval="month"),)

_BUYER = Buyer(
    account_id="agency",
    sells=True,
    enabled=True,
    allowed_by_seller=True,
    paused=None,
    retry_at=None,
    card="fingerprint",
    limits=Limits(),
    spent=Spent(),
    buys_chatbots_for_itself=True,
)


def a_buyer(**changes: Any) -> Buyer:
    """An agency that may buy, without limits, unless changed."""
    return replace(_BUYER, **changes)


def a_period(starts_at: datetime, ends_at: datetime, interval: Interval = "month") -> Period:
    """A running period that begins at its anchor."""
    return Period(anchor_at=starts_at, starts_at=starts_at, ends_at=ends_at, interval=interval)


def an_offer(packs: Sequence[Pack] = PRICE_LIST, seats: Sequence[SeatOffer] = SEATS) -> Offer:
    """What the seller offers, in dollars."""
    return Offer(currency="USD", packs=tuple(packs), seats=tuple(seats), version="7")


def needs(*shortages: int | tuple[int, int], children: Sequence[str | None] = ()) -> list[Waiting]:
    """Demands a, b, c ... in arrival order that lack credits, or credits and chatbots."""
    return [
        Waiting(
            demand_id=chr(ord("a") + place),
            child_id=children[place] if children else None,
            short_credits=short if isinstance(short, int) else short[0],
            short_chatbots=0 if isinstance(short, int) else short[1],
        )
        for place, short in enumerate(shortages)
    ]


def decide(
    buyer: Buyer,
    waiting: Sequence[Waiting],
    offer: Offer | None = None,
    at: datetime = AT,
) -> Buy | Refuse:
    """Size one purchase with tables of the packs that the owner allows, as the engine does."""
    offer = an_offer() if offer is None else offer
    return size_purchase(buyer, waiting, offer, CoverTables.build(allowed_packs(buyer, offer)), at)


def bought(
    buyer: Buyer,
    waiting: Sequence[Waiting],
    offer: Offer | None = None,
    at: datetime = AT,
) -> Buy:
    """The same where a purchase must be the answer."""
    decision = decide(buyer, waiting, offer, at)
    assert isinstance(decision, Buy), decision
    return decision


def a_level(
    name: str,
    free_credits: int = 0,
    free_chatbots: int = 0,
    offer: Offer | None = None,
    **changes: Any,
) -> Level:
    """An account of a chain that buys from the price list of R15 unless told otherwise."""
    offer = an_offer() if offer is None else offer
    buyer = a_buyer(account_id=name, **changes)
    return Level(
        buyer=buyer,
        free_credits=free_credits,
        free_chatbots=free_chatbots,
        unlimited=False,
        offer=offer,
        tables=CoverTables.build(allowed_packs(buyer, offer)),
    )


SUPPLY = Level(buyer=None, free_credits=0, free_chatbots=0, unlimited=True, offer=None, tables=None)


def cheapest_by_counting(packs: Sequence[Pack], need: int) -> int:
    """The lowest price that reaches a need, found by filling a table credit by credit: an oracle
    that shares nothing with the search it judges."""
    prices = [0]
    for reach in range(1, need + 1):
        prices.append(min(p.price_minor + prices[max(0, reach - p.credits)] for p in packs))
    return prices[need]
