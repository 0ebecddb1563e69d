"""The brake (R30): auto-billing that runs away stops and asks its owner, instead of charging on.

It is no cap: it needs no figure of the owner's, for it compares an account with itself. What clients'
renewals make it buy is ignored, for that comes in waves by itself.
"""

from dataclasses import dataclass

# A day of spending is unusual from so many automatic charges on, at so many times the usual.
CHARGES, FACTOR = 3, 10
# The usual is the mean of so many whole days before.
DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeRule:
    """When a day is unusual; a ``factor`` of None never brakes."""

    charges: int = CHARGES
    factor: int | None = FACTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Automatic charges without those for renewals, in minor units: so many today (or since the owner
    let it go on today), for so much; and for so much in the seven days before. ``has_history``: it
    bought by itself before those days, so that they tell what is usual."""

    charges_today: int = 0
    today_minor: int = 0
    week_minor: int = 0
    has_history: bool = False


def brakes(rule: BrakeRule, pace: Pace, amount_minor: int) -> bool:
    """Whether one more charge of ``amount_minor`` today is to be asked of the owner first (R30).

    There were as many charges today as make a day unusual, and with this one the day comes to so many
    times the mean of the seven days before. A week without any charge is no measure: after a quiet
    week the caps alone hold.
    """
    if rule.factor is None or not pace.has_history or not pace.week_minor:
        return False
    unusual = (pace.today_minor + amount_minor) * DAYS >= rule.factor * pace.week_minor
    return pace.charges_today >= rule.charges and unusual
