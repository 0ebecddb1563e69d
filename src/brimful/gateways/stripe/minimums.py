"""The least amounts that Stripe charges, by currency (docs.stripe.com/currencies, R26)."""

# In minor units: those of a currency without decimals are whole, those of three decimals thousandths.
MINIMUMS = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1_500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17_500, "INR": 50, "JPY": 50, "MXN": 1_000,
    "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1_000,
}  # fmt: skip
# For the others Stripe converts the amount and wants about 0.50 USD after that. These are about 1 to 1.40
# USD at the rates of 2025 and 2026, so that none is refused for a rate that moved. All that Stripe charges
# and is not above is here.
OTHERS = {
    "AFN": 10_000, "ALL": 10_000, "AMD": 50_000, "ANG": 200, "AOA": 120_000, "ARS": 200_000, "AWG": 200,
    "AZN": 200, "BAM": 200, "BBD": 250, "BDT": 15_000, "BHD": 400, "BIF": 4_000, "BMD": 100, "BND": 150,
    "BOB": 1_500, "BSD": 100, "BTN": 10_000, "BWP": 1_600, "BYN": 400, "BZD": 250, "CDF": 350_000,
    "CLP": 1_200, "CNY": 800, "COP": 500_000, "CRC": 60_000, "CVE": 12_000, "DJF": 200, "DOP": 7_500,
    "DZD": 16_000, "EGP": 6_500, "ETB": 20_000, "FJD": 300, "FKP": 100, "GEL": 350, "GHS": 1_800,
    "GIP": 100, "GMD": 9_000, "GNF": 11_000, "GTQ": 900, "GYD": 25_000, "HNL": 3_200, "HTG": 16_000,
    "IDR": 2_000_000, "ILS": 400, "ISK": 150, "JMD": 20_000, "JOD": 710, "KES": 15_000, "KGS": 11_000,
    "KHR": 500_000, "KMF": 600, "KRW": 1_500, "KWD": 310, "KYD": 100, "KZT": 65_000, "LAK": 2_600_000,
    "LBP": 11_000_000, "LKR": 36_000, "LRD": 24_000, "LSL": 2_200, "MAD": 1_200, "MDL": 2_200,
    "MGA": 500_000, "MKD": 7_000, "MMK": 500_000, "MNT": 440_000, "MOP": 1_000, "MRU": 5_000,
    "MUR": 5_600, "MVR": 1_900, "MWK": 250_000, "MZN": 8_000, "NAD": 2_200, "NGN": 200_000, "NIO": 4_500,
    "NPR": 17_000, "OMR": 390, "PAB": 100, "PEN": 400, "PGK": 550, "PHP": 7_000, "PKR": 35_000,
    "PYG": 9_000, "QAR": 450, "RSD": 13_000, "RUB": 13_000, "RWF": 1_800, "SAR": 450, "SBD": 1_000,
    "SCR": 1_800, "SHP": 100, "SLE": 3_000, "SOS": 70_000, "SRD": 5_000, "STN": 2_700, "SVC": 1_100,
    "SZL": 2_200, "TJS": 1_400, "TND": 3_500, "TOP": 300, "TRY": 5_000, "TTD": 850, "TWD": 3_500,
    "TZS": 330_000, "UAH": 5_000, "UGX": 4_500, "UYU": 5_000, "UZS": 1_600_000, "VND": 32_000, "VUV": 150,
    "WST": 350, "XAF": 700, "XCD": 330, "XOF": 700, "XPF": 140, "YER": 65_000, "ZAR": 2_200, "ZMW": 3_500,
}  # fmt: skip
# What Stripe does not charge at all.
ELSE = 100


def minimum_minor(currency: str) -> int:
    """The least amount in minor units of ``currency``, an ISO 4217 code in upper case (R26)."""
    return MINIMUMS.get(currency) or OTHERS.get(currency, ELSE)
