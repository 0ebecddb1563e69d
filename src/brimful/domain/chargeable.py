"""What one charge can be of: whole steps of its currency, and no more than cards are charged at once.

Known before anything is written or asked of a gateway, so that what no card can be charged is refused
with its reason and is nobody's outage (R26).
"""

from collections.abc import Iterable

from brimful.domain.money import charge_limit_minor, charge_step_minor
from brimful.domain.reason import Reason, Refuse


def not_chargeable(amount_minor: int, currency: str) -> Reason | None:
    """Why no charge can be of an amount in minor units, or None when one can, or need not be: zero
    makes no charge. Raises ValueError for a currency that is not known."""
    if amount_minor > charge_limit_minor(currency):
        return Reason.charge_too_large
    return Reason.amount_between_steps if amount_minor % charge_step_minor(currency) else None


def refuse_amounts(account_id: str, currency: str, amounts: Iterable[int]) -> Refuse | None:
    """The refusal of the first of some amounts, in minor units, that no charge can be of, with the
    figure that it does not fit: ``most_minor`` or ``step_minor``. None when each can be charged."""
    for amount_minor in amounts:
        reason = not_chargeable(amount_minor, currency)
        if reason is not None:
            return Refuse(reason=reason, account_id=account_id, detail=_figure(reason, currency))
    return None


def _figure(reason: Reason, currency: str) -> dict[str, int]:
    if reason is Reason.charge_too_large:
        return {"most_minor": charge_limit_minor(currency)}
    return {"step_minor": charge_step_minor(currency)}
