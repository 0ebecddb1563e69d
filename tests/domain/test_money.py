"""R26: money is integer minor units, with as many decimals as its currency has."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.money import DECIMALS, MAX_CREDITS, MAX_MINOR, decimals, format_money


@pytest.mark.parametrize(
    ("currency", "places"),
    [("JPY", 0), ("KRW", 0), ("ISK", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("TND", 3)],
)
def test_r26_currencies_have_zero_two_or_three_decimals(currency: str, places: int) -> None:
    """By ISO 4217."""
    assert decimals(currency) == places


@pytest.mark.parametrize("currency", ["", "usd", "XXX", "US", "USDT"])
def test_r26_a_currency_that_is_not_known_is_an_error_and_never_two_decimals(currency: str) -> None:
    """A wrong guess would charge a hundred times too much."""
    with pytest.raises(ValueError, match="ISO 4217"):
        decimals(currency)


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (1_000, "USD", "$10.00"),
        (5, "USD", "$0.05"),
        (-5, "USD", "-$0.05"),
        (0, "EUR", "€0.00"),
        (500, "JPY", "¥500"),
        (1_250, "KWD", "KWD 1.250"),
        (-1_000_001, "KWD", "-KWD 1,000.001"),
        (123_456_789, "CHF", "CHF 1,234,567.89"),
        (1_234_567, "KRW", "KRW 1,234,567"),
    ],
)
def test_r26_amounts_read_as_people_write_them(minor: int, currency: str, told: str) -> None:
    """The sign first, groups of three, all the decimals of the currency."""
    assert format_money(minor, currency) == told


@given(
    minor=st.integers(-MAX_MINOR, MAX_MINOR),
    currency=st.sampled_from(sorted(DECIMALS)),
)
def test_r26_what_is_told_is_the_exact_amount(minor: int, currency: str) -> None:
    """Read back as a decimal number, nothing was rounded."""
    told = format_money(minor, currency)
    figures = "".join(c for c in told if c.isdigit() or c in "-.")
    assert Decimal(figures).scaleb(decimals(currency)) == minor


def test_r26_millions_of_the_largest_amounts_fit_in_64_bits() -> None:
    """And one of them passes through JSON numbers of any language."""
    assert max(MAX_MINOR, MAX_CREDITS) * 1_000_000 < 2**63
    assert max(MAX_MINOR, MAX_CREDITS) < 2**53
