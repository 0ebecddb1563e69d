"""The least amounts that Stripe charges, by currency (docs.stripe.com/currencies, R26)."""

# In minor units: those of a currency without decimals are whole, those of three decimals thousandths.
MINIMUMS = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1_500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17_500, "INR": 50, "JPY": 50, "MXN": 1_000,
    "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1_000,
}  # fmt: skip
# For the others Stripe converts the amount and wants about 0.50 USD after that; these are twice as
# much or more at any rate of the last years, so that none is refused for a rate that moved.
OTHERS = {
    "ARS": 200_000, "CLP": 1_000, "COP": 500_000, "IDR": 2_000_000, "ILS": 400, "ISK": 150,
    "KES": 15_000, "KRW": 1_500, "NGN": 200_000, "PEN": 400, "PHP": 6_000, "PYG": 8_000,
    "TRY": 5_000, "TWD": 3_500, "UAH": 4_500, "UGX": 4_000, "VND": 26_000, "XAF": 700, "XOF": 700,
    "ZAR": 2_000, "MGA": 450_000, "BHD": 400, "JOD": 710, "KWD": 310, "OMR": 390, "TND": 3_200,
}  # fmt: skip
ELSE = 100


def minimum_minor(currency: str) -> int:
    """The least amount in minor units of ``currency``, an ISO 4217 code in upper case (R26)."""
    return MINIMUMS.get(currency) or OTHERS.get(currency, ELSE)
