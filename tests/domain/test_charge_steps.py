"""R26, R37: what a card can be charged: multiples of a step, and prorated prices that are some."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.money import DECIMALS, charge_step_minor, whole_steps
from brimful.domain.period import Period, period_at
from brimful.domain.plan_change import Downgrade, PlanTerms, Upgrade, change_plan
from brimful.domain.proration import prorate
from brimful.domain.seats import SeatOffer, price_seats

STARTS, ENDS = period_at(datetime(2026, 3, 1, tzinfo=UTC), "month", 0)
PERIOD = Period(anchor_at=STARTS, starts_at=STARTS, ends_at=ENDS, interval="month")
HOURS = (ENDS - STARTS) // timedelta(hours=1)
HOUR = timedelta(hours=1)
STEPS = st.sampled_from([1, 10, 100])


@pytest.mark.parametrize(
    ("currency", "step"),
    [("USD", 1), ("JPY", 1), ("ISK", 1), ("HUF", 1), ("TWD", 1), ("KWD", 10), ("BHD", 10),
     ("JOD", 10), ("OMR", 10), ("TND", 10), ("MGA", 100)],
)  # fmt: skip
def test_r26_the_step_of_each_currency(currency: str, step: int) -> None:
    """Three decimals end in 0, the ariary is whole; what only payouts are rounded for is charged
    to the minor unit."""
    assert charge_step_minor(currency) == step


def test_r26_a_step_is_of_a_currency_that_is_known() -> None:
    """And no step is more than one whole unit of money."""
    with pytest.raises(ValueError, match="ISO 4217"):
        charge_step_minor("XXX")
    assert all(10 ** DECIMALS[one] % charge_step_minor(one) == 0 for one in DECIMALS)


@given(minor=st.integers(0, 10**11), step=STEPS)
def test_r26_whole_steps_is_the_next_below(minor: int, step: int) -> None:
    """A multiple, at most the amount, less than a step away from it."""
    whole = whole_steps(minor, step)
    assert whole % step == 0 and 0 <= minor - whole < step


@given(price=st.integers(0, 10**10), left=st.integers(0, HOURS), step=STEPS)
def test_r37_a_prorated_price_is_rounded_once_to_the_step(price: int, left: int, step: int) -> None:
    """The oracle: in steps, exactly, halves up."""
    due = prorate(price, starts_at=STARTS, ends_at=ENDS, at=ENDS - left * HOUR, step_minor=step)
    assert due == step * floor(Fraction(price * left, HOURS * step) + Fraction(1, 2))


@given(price=st.integers(0, 10**8), early=st.integers(0, HOURS), late=st.integers(0, HOURS))
def test_r37_a_price_in_steps_stays_in_its_bounds(price: int, early: int, late: int) -> None:
    """Later never costs more, and nothing is above the whole price, which is a multiple."""
    early, late = sorted((early, late))
    first, second = (
        prorate(price * 10, starts_at=STARTS, ends_at=ENDS, at=STARTS + hours * HOUR, step_minor=10)
        for hours in (early, late)
    )
    assert 0 <= second <= first <= price * 10


@given(
    price=st.integers(1, 10**6),
    chatbots=st.integers(1, 50),
    hours=st.integers(0, HOURS),
    interval=st.sampled_from(["month", "quarter", "year"]),
    full=st.booleans(),
)
def test_r26_r37_chatbots_cost_what_can_be_charged(
    price: int, chatbots: int, hours: int, interval: str, full: bool
) -> None:
    """Now and in every later period, whatever interval their price is for."""
    offer = SeatOffer(
        package_id="seat",
        price_minor=price * 10,
        interval=interval,  # type: ignore[arg-type]
        full_price_first=full,
        step_minor=10,
    )
    seats = price_seats(offer, chatbots, PERIOD, STARTS + hours * HOUR)
    assert seats.amount_minor % 10 == seats.recurring_minor % 10 == 0


@given(
    prices=st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)),
    hours=st.integers(0, HOURS - 1),
    interval=st.sampled_from(["month", "year"]),
)
def test_r26_r37_an_upgrade_costs_what_can_be_charged(
    prices: tuple[int, int], hours: int, interval: str
) -> None:
    """The difference of two prorated prices is a multiple when both are."""
    now, wanted = (
        PlanTerms(
            package_id=name,
            version=1,
            price_minor=price * 10,
            credits=100,
            chatbots=1,
            interval=of,  # type: ignore[arg-type]
            step_minor=10,
        )
        for name, price, of in zip("ab", prices, ("month", interval), strict=True)
    )
    change = change_plan(now, wanted, period=PERIOD, month=(STARTS, ENDS), at=STARTS + hours * HOUR)
    assert isinstance(change, Downgrade) or (
        isinstance(change, Upgrade) and change.charge_minor % 10 == change.left_minor % 10 == 0
    )
