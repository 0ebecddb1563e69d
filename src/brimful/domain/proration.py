"""The price of a part of a period (R37)."""

from datetime import datetime, timedelta


def prorate(
    price_minor: int,
    *,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    full_price: bool = False,
    months: tuple[int, int] = (1, 1),
    step_minor: int = 1,
) -> int:
    """The part of a period's price for what is left of it at ``at``, in minor units.

    ``months`` are those of the period and those that the price is for: a price of 12,000 a year is
    1,000 for a period of a month. Counted in whole seconds and rounded once, half up, to the step in
    which a card can be charged: the minor unit in most currencies (R26). With ``full_price`` that of
    the whole period whatever is left. Never below zero, never above the price of the whole period.
    """
    second = timedelta(seconds=1)
    whole = (ends_at - starts_at) // second
    left = -((at - ends_at) // second)
    if full_price or at <= starts_at:
        left = whole
    elif at >= ends_at:
        return 0
    of_period, of_price = months
    parts = of_price * whole * step_minor
    return (2 * price_minor * of_period * left + parts) // (2 * parts) * step_minor
