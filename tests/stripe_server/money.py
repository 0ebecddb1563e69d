"""Which currencies there are and how small a charge may be, in minor units."""

from typing import Any

from tests.stripe_server.errors import invalid

MINIMUM = {
    "usd": 50, "eur": 50, "gbp": 30, "chf": 50, "aud": 50, "cad": 50, "nzd": 50, "sgd": 50,
    "brl": 50, "inr": 50, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "czk": 1_500,
    "huf": 17_500, "ron": 200, "hkd": 400, "mxn": 1_000, "myr": 200, "thb": 1_000, "aed": 200,
    "jpy": 50, "krw": 100, "bhd": 200, "kwd": 150, "jod": 350, "clp": 500, "vnd": 13_000,
    "omr": 190, "tnd": 1_500, "isk": 6_000, "ugx": 170_000, "mga": 2_000,
    "twd": 1_500, "idr": 850_000,
}  # fmt: skip
# The last of three decimals has to be 0; what used to have two is written with them, and they are 00.
STEPS = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}
# Eight digits, but twelve of the rupiah.
MAXIMUM = 99_999_999
MAXIMUMS = {"idr": 999_999_999_999}


def check_currency(currency: str) -> str:
    """The currency in lower case. Raises StripeError (400) when Stripe has no such one."""
    lower = currency.lower()
    if lower not in MINIMUM:
        raise invalid(
            f"Invalid currency: {lower}. Stripe currently supports these currencies: "
            + ", ".join(sorted(MINIMUM)),
            param="currency",
        )
    return lower


def check_amount(amount: int, currency: str, param: str = "amount") -> int:
    """An amount that can be charged. Raises StripeError (400)."""
    if amount < 1:
        raise invalid("Invalid positive integer", code="parameter_invalid_integer", param=param)
    if amount > MAXIMUMS.get(currency, MAXIMUM):
        raise invalid(
            "Amount must be no more than $999,999.99", code="amount_too_large", param=param
        )
    if amount < MINIMUM[currency]:
        raise invalid(
            "Amount must convert to at least 50 cents.", code="amount_too_small", param=param
        )
    check_step(amount, currency, param)
    return amount


def check_step(amount: int, currency: str, param: str) -> None:
    """An amount that cards can pay. Raises StripeError (400)."""
    step = STEPS.get(currency, 1)
    if amount % step:
        raise invalid(
            f"Invalid amount. Charged amounts in {currency.upper()} must be evenly divisible by "
            f"{step}. See https://stripe.com/docs/currencies for more information.",
            code="parameter_invalid_integer",
            param=param,
        )


def check_fee(fee: Any, amount: int) -> None:
    """An application fee is part of what it is taken from. Raises StripeError (400)."""
    if fee is not None and not 0 < fee <= amount:
        raise invalid(
            "The application fee cannot be greater than the charge.", param="application_fee_amount"
        )
