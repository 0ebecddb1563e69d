"""What is worth telling an owner before it hurts, and how long before (R33, R42)."""

from datetime import datetime, timedelta
from typing import Literal

EVERY = timedelta(hours=1)
LOW_WITHIN = timedelta(days=1)
FORECAST_WITHIN = timedelta(days=7)
RENEWAL_WITHIN = timedelta(days=3)
CARD_WITHIN = timedelta(days=30)


def balance_warning(
    *, free: int, threshold: int | None, run_out_at: datetime | None, at: datetime
) -> Literal["low_balance", "forecast"] | None:
    """Which warning a balance that nothing fills automatically is worth, if any.

    Low: none are left, fewer than the owner's threshold, or they are expected to last less than a
    day. The forecast speaks a week before the run-out. Not to be asked for an account that used
    nothing lately.
    """
    lasts = None if run_out_at is None else run_out_at - at
    if free <= 0 or (threshold is not None and free < threshold):
        return "low_balance"
    if lasts is not None and lasts <= LOW_WITHIN:
        return "low_balance"
    return "forecast" if lasts is not None and lasts <= FORECAST_WITHIN else None


def expires_by(at: datetime) -> tuple[int, int]:
    """The last (year, month) printed on a card that has expired when ``CARD_WITHIN`` is over: a card
    is valid to the end of its month."""
    then = at + CARD_WITHIN
    return (then.year, then.month - 1) if then.month > 1 else (then.year - 1, 12)
