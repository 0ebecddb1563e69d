"""R11, R37: exactly the missing chatbots, from the offer that is cheapest per month, prorated."""

from datetime import UTC, datetime
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.period import MONTHS, Interval
from brimful.domain.seats import SeatOffer, choose_seats
from tests.domain.makers import a_period

STARTS = datetime(2026, 4, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 4, 16, tzinfo=UTC)
ENDS = datetime(2026, 5, 1, tzinfo=UTC)
INTERVALS = {months: interval for interval, months in MONTHS.items()}
APRIL = a_period(STARTS, ENDS)
MONTHS_OF: dict[Interval, int] = {"month": 1, "quarter": 3, "year": 12}


def seat(name: str, price_minor: int, interval: Interval = "month", **more: bool) -> SeatOffer:
    """A package of extra chatbots."""
    return SeatOffer(package_id=name, price_minor=price_minor, interval=interval, **more)


@pytest.mark.parametrize("missing", [1, 5, 999_999])
def test_r11_exactly_the_missing_number_is_bought(missing: int) -> None:
    """No more, no less; without a period one starts at the full price."""
    line = choose_seats([seat("a", 300)], missing, None, STARTS)
    assert line is not None
    assert (line.chatbots, line.amount_minor) == (missing, 300 * missing)
    assert line.recurring_minor == 300 * missing


@pytest.mark.parametrize("missing", [0, -1])
def test_r11_nothing_missing_buys_nothing(missing: int) -> None:
    """A pool with enough is left alone."""
    assert choose_seats([seat("a", 300)], missing, None, STARTS) is None


def test_r11_without_an_offer_there_is_no_line() -> None:
    """The caller refuses then, with its reason."""
    assert choose_seats([], 5, APRIL, STARTS) is None


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ([seat("a", 300), seat("b", 299)], "b"),
        ([seat("a", 300), seat("q", 897, "quarter")], "q"),  # 299 a month
        ([seat("a", 300), seat("y", 3_600, "year")], "a"),  # a tie goes to the first
        ([seat("y", 3_600, "year"), seat("a", 300)], "y"),
        ([seat("q", 100, "quarter"), seat("y", 400, "year")], "q"),  # 33 and a third, both
        ([seat("q", 100, "quarter"), seat("y", 399, "year")], "y"),
        ([seat("a", 34), seat("q", 100, "quarter")], "q"),
        ([seat("a", 33), seat("q", 100, "quarter")], "a"),
    ],
)
def test_r11_the_cheapest_per_month_is_taken(offers: list[SeatOffer], chosen: str) -> None:
    """Compared exactly, thirds of a cent included."""
    line = choose_seats(offers, 2, None, STARTS)
    assert line is not None
    assert line.package_id == chosen


@given(
    offers=st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(sorted(MONTHS_OF))), min_size=1, max_size=8
    ),
    missing=st.integers(1, 1_000),
)
def test_r11_no_offer_is_cheaper_over_a_year_and_none_before_it_as_cheap(
    offers: list[tuple[int, Interval]], missing: int
) -> None:
    """The oracle: what a year of each would cost, in whole minor units."""
    yearly = [price * (12 // MONTHS_OF[interval]) for price, interval in offers]
    line = choose_seats(
        [seat(str(i), price, interval) for i, (price, interval) in enumerate(offers)],
        missing,
        None,
        STARTS,
    )
    assert line is not None
    assert int(line.package_id) == yearly.index(min(yearly))


def test_r37_chatbots_bought_in_mid_period_cost_the_prorated_part() -> None:
    """Half of April is left: half of 5 × $3.00 now, all of it each later period."""
    line = choose_seats([seat("a", 300)], 5, APRIL, MIDDLE)
    assert line is not None
    assert (line.amount_minor, line.recurring_minor) == (750, 1_500)


def test_r37_rounding_happens_once_for_the_line_and_not_for_each_chatbot() -> None:
    """Three chatbots at $0.01 for half a month come to 1.5 cents, which is 2 and not 3."""
    line = choose_seats([seat("a", 1)], 3, APRIL, MIDDLE)
    assert line is not None
    assert line.amount_minor == 2


def test_r37_a_package_may_ask_the_full_price_for_the_first_period() -> None:
    """However little of it is left."""
    line = choose_seats([seat("a", 300, full_price_first=True)], 5, APRIL, MIDDLE)
    assert line is not None
    assert line.amount_minor == line.recurring_minor == 1_500


@given(
    price=st.integers(1, 10**6),
    missing=st.integers(1, 1_000),
    hours=st.integers(0, 720),
)
def test_r37_the_line_agrees_with_exact_fractions(price: int, missing: int, hours: int) -> None:
    """Any hour of April."""
    at = STARTS + (ENDS - STARTS) * hours / 720
    line = choose_seats([seat("a", price)], missing, APRIL, at)
    assert line is not None
    exact = Fraction(price * missing * (720 - hours), 720)
    assert line.amount_minor == floor(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("price", "interval", "months", "recurring", "half"),
    [
        (12_000, "year", 1, 1_000, 500),  # $120.00 a year is $10.00 a month
        (12_000, "year", 3, 3_000, 1_500),
        (900, "quarter", 1, 300, 150),
        (300, "month", 3, 900, 450),
        (300, "month", 12, 3_600, 1_800),
        (900, "quarter", 12, 3_600, 1_800),
        (100, "year", 1, 8, 4),  # 8 and a third; 4 and a sixth
        (102, "year", 1, 9, 4),  # 8.5; 4.25, not half of 9
    ],
)
def test_r11_r37_a_price_for_another_interval_is_converted_by_months(
    price: int, interval: Interval, months: int, recurring: int, half: int
) -> None:
    """To the buyer's period, exactly, each amount rounded once, half up."""
    period = a_period(STARTS, ENDS, INTERVALS[months])
    line = choose_seats([seat("a", price, interval)], 1, period, MIDDLE)
    assert line is not None
    assert (line.recurring_minor, line.amount_minor) == (recurring, half)


def test_r37_full_price_first_is_that_of_the_whole_period_joined() -> None:
    """Not that of a year which is never paid at once."""
    line = choose_seats([seat("a", 12_000, "year", full_price_first=True)], 2, APRIL, MIDDLE)
    assert line is not None
    assert (line.amount_minor, line.recurring_minor) == (2_000, 2_000)


@given(
    price=st.integers(1, 10**6),
    missing=st.integers(1, 1_000),
    interval=st.sampled_from(sorted(MONTHS_OF)),
    months=st.sampled_from([1, 3, 12]),
    hours=st.integers(0, 720),
)
def test_r37_converted_lines_agree_with_exact_fractions(
    price: int, missing: int, interval: Interval, months: int, hours: int
) -> None:
    """Any interval joining any other, at any hour."""
    at = STARTS + (ENDS - STARTS) * hours / 720
    period = a_period(STARTS, ENDS, INTERVALS[months])
    line = choose_seats([seat("a", price, interval)], missing, period, at)
    assert line is not None
    whole = Fraction(price * missing * months, MONTHS_OF[interval])
    assert line.recurring_minor == floor(whole + Fraction(1, 2))
    assert line.amount_minor == floor(whole * Fraction(720 - hours, 720) + Fraction(1, 2))
