"""Chatbots: exactly the missing number, from the offer that is cheapest per month (R11, R37)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from brimful.domain.period import MONTHS, Interval
from brimful.domain.proration import prorate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffer:
    """An extra-chatbots package: the recurring price of one chatbot per interval."""

    package_id: str
    price_minor: int
    interval: Interval
    full_price_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLine:
    """What is bought: so many chatbots, the amount due now and the one of each later period."""

    package_id: str
    chatbots: int
    amount_minor: int
    recurring_minor: int


def choose_seats(
    offers: Sequence[SeatOffer],
    missing: int,
    period: tuple[datetime, datetime] | None,
    at: datetime,
) -> SeatLine | None:
    """The line that supplies ``missing`` chatbots, or None when nothing is offered.

    Prices per month are compared exactly; a tie goes to the first in catalogue order. They join the
    buyer's period at its prorated price, or start a period at the full one.
    """
    if not offers or missing < 1:
        return None
    best = min(offers, key=lambda o: Fraction(o.price_minor, MONTHS[o.interval]))
    full = best.price_minor * missing
    amount = full
    if period is not None:
        starts_at, ends_at = period
        amount = prorate(
            full, starts_at=starts_at, ends_at=ends_at, at=at, full_price=best.full_price_first
        )
    return SeatLine(
        package_id=best.package_id, chatbots=missing, amount_minor=amount, recurring_minor=full
    )
