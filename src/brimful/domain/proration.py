"""The price of a part of a period (R37)."""

from datetime import datetime, timedelta


def prorate(
    price_minor: int,
    *,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    full_price: bool = False,
) -> int:
    """The part of a period's price for what is left of it at ``at``, in minor units.

    Counted in whole seconds and rounded once, half up, to the minor unit. With ``full_price`` the
    whole price whatever is left. Never below zero, never above the price.
    """
    if full_price or at <= starts_at:
        return price_minor
    if at >= ends_at:
        return 0
    second = timedelta(seconds=1)
    whole = (ends_at - starts_at) // second
    left = -((at - ends_at) // second)
    return (2 * price_minor * left + whole) // (2 * whole)
