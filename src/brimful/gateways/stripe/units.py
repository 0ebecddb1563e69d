"""Amounts as Stripe writes them (docs.stripe.com/currencies, R26).

Its unit is the minor unit of ISO 4217, but for three currencies: the króna and the shilling, which have
no decimals, are written in hundredths for old times' sake, and the ariary in whole ones.
"""

# So many of Stripe's units are one of ours, and so many of ours are one of Stripe's.
_FINER = {"ISK": 100, "UGX": 100}
_COARSER = {"MGA": 100}


def to_stripe(amount_minor: int, currency: str) -> int:
    """Minor units of ``currency`` (upper case) as Stripe's amount. Raises ValueError for one that
    cannot be written so, which is no multiple of the step that it is charged in."""
    amount, rest = divmod(amount_minor * _FINER.get(currency, 1), _COARSER.get(currency, 1))
    if rest:
        raise ValueError(f"{amount_minor} of {currency} is no amount of Stripe's")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount as minor units of ``currency`` (upper case); a part of one, which no charge and
    no refund has, is left out."""
    return amount * _COARSER.get(currency, 1) // _FINER.get(currency, 1)
