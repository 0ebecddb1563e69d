"""R26: the least amounts at Stripe: none that it would find worth less than about half a dollar."""

import pytest

from brimful.domain.money import DECIMALS, charge_limit_minor, charge_step_minor
from brimful.gateways.stripe.minimums import MINIMUMS, OTHERS, minimum_minor

# About 0.50 USD in minor units, at the rates of late 2026 or the weakest since 2024.
HALF_DOLLARS = {
    "BIF": 1_500, "DJF": 90, "GNF": 4_400, "KMF": 230, "RWF": 740, "VUV": 62, "XPF": 57, "XAF": 315,
    "XOF": 315, "PYG": 4_000, "UGX": 1_950, "CLP": 500, "KRW": 750, "VND": 13_300, "ISK": 72,
    "AMD": 20_500, "COP": 225_000, "CRC": 26_500, "IDR": 850_000, "KHR": 206_000, "KZT": 27_500,
    "LAK": 1_100_000, "LBP": 4_500_000, "MGA": 235_000, "MWK": 90_000, "NGN": 85_000, "PHP": 3_000,
    "PKR": 14_500, "TZS": 135_000, "UZS": 650_000, "YER": 27_500, "ZMW": 1_450, "EGP": 2_600,
}  # fmt: skip
# What docs.stripe.com/currencies does not list.
NOT_CHARGED = frozenset(
    ["CUP", "ERN", "IQD", "IRR", "KPW", "LYD", "SDG", "SSP", "SYP", "TMT", "VES", "ZWG"]
)


@pytest.mark.parametrize(("currency", "half_dollar"), HALF_DOLLARS.items())
def test_r26_the_least_is_well_above_half_a_dollar(currency: str, half_dollar: int) -> None:
    """So that a rate that moves by a half again is not met with a refusal."""
    assert minimum_minor(currency) * 2 >= half_dollar * 3


@pytest.mark.parametrize("currency", DECIMALS)
def test_r26_the_least_is_some_amount_that_can_be_charged(currency: str) -> None:
    """In whole steps, below the most, and looked up where Stripe charges the currency."""
    least = minimum_minor(currency)
    assert least % charge_step_minor(currency) == 0
    assert 0 < least < charge_limit_minor(currency)
    assert (currency in MINIMUMS or currency in OTHERS) is (currency not in NOT_CHARGED)
