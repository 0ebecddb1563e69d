"""Chatbots: exactly the missing number, from the offer that is cheapest per month (R11, R37)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from brimful.domain.period import MONTHS, Interval, Period
from brimful.domain.proration import prorate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffer:
    """An extra-chatbots package: the recurring price of one chatbot per interval, in a currency whose
    cards are charged in steps of ``step_minor`` minor units."""

    package_id: str
    price_minor: int
    interval: Interval
    full_price_first: bool = False
    step_minor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLine:
    """What is bought: so many chatbots, the amount due now and the one of each later period."""

    package_id: str
    chatbots: int
    amount_minor: int
    recurring_minor: int


def choose_seats(
    offers: Sequence[SeatOffer], missing: int, period: Period | None, at: datetime
) -> SeatLine | None:
    """The line that supplies ``missing`` chatbots, or None when nothing is offered.

    Prices per month are compared exactly; a tie goes to the first in catalogue order.
    """
    if not offers or missing < 1:
        return None
    best = min(offers, key=lambda o: Fraction(o.price_minor, MONTHS[o.interval]))
    return price_seats(best, missing, period, at)


def price_seats(offer: SeatOffer, chatbots: int, period: Period | None, at: datetime) -> SeatLine:
    """What so many chatbots of a package cost (R37): they join the buyer's period at its prorated
    price, or start a period of the package's own at the full one.

    A price for another interval is converted by months: a year's to a twelfth for a month. The
    amount now and the recurring one are each rounded once, half up, for the whole line, to what can
    be charged (R26).
    """
    amount = recurring = offer.price_minor * chatbots
    if period is not None:
        amount, recurring = (
            prorate(
                offer.price_minor * chatbots,
                starts_at=period.starts_at,
                ends_at=period.ends_at,
                at=at,
                full_price=full,
                months=(period.months, MONTHS[offer.interval]),
                step_minor=offer.step_minor,
            )
            for full in (offer.full_price_first, True)
        )
    return SeatLine(
        package_id=offer.package_id,
        chatbots=chatbots,
        amount_minor=amount,
        recurring_minor=recurring,
    )
