"""Money: integer minor units and an ISO 4217 currency (R26). No float, no division without a rule."""

# The decimals of each currency that cards are charged in; two unless said otherwise.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DECIMALS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
DECIMALS = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
# Cards are charged and refunded in steps of so many minor units, where that is more than one: the last
# of three decimals is a zero on a card, and nobody pays a part of an ariary.
_STEPS = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}
# The most that one charge can be of: eight digits in the units that Stripe writes, twelve for the rupiah
# (docs.stripe.com/currencies). Two currencies without decimals are written in hundredths there, and the
# ariary in whole ones.
_MOST = {"IDR": 999_999_999_999, "ISK": 999_999, "UGX": 999_999, "MGA": 9_999_999_900}
_MOST_ELSE = 99_999_999
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

# The largest amount and the largest number of credits that a request may name. Both leave room to
# add millions of them in 64 bits, and both pass unharmed through JSON in any language.
MAX_MINOR = 10**11
MAX_CREDITS = 10**12
MAX_CHATBOTS = 10**6
# A small overdraft lets a conversation finish; it is no credit line (R33).
MAX_OVERDRAFT = 10**5


def decimals(currency: str) -> int:
    """How many decimals a currency has. Raises ValueError for one that is not known."""
    try:
        return DECIMALS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency that can be charged") from None


def charge_step_minor(currency: str) -> int:
    """The step, in minor units, of amounts that a card can be charged or refunded: each is a multiple
    of it (R26). Raises ValueError for a currency that is not known."""
    decimals(currency)
    return _STEPS.get(currency, 1)


def charge_limit_minor(currency: str) -> int:
    """The greatest amount, in minor units and whole steps, that one charge can be of (R26). Raises
    ValueError for a currency that is not known."""
    return whole_steps(_MOST.get(currency, _MOST_ELSE), charge_step_minor(currency))


def whole_steps(minor: int, step_minor: int) -> int:
    """The greatest multiple of a step, in minor units, that is not above an amount (R26)."""
    return minor - minor % step_minor


def format_money(minor: int, currency: str) -> str:
    """An amount for people: "$10.00", "¥500", "KWD 1.250", "-$0.05"."""
    places = decimals(currency)
    whole, part = divmod(abs(minor), 10**places)
    figures = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'-' if minor < 0 else ''}{sign}{figures}"
