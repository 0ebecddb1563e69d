"""Hard caps (R28): what auto-billing may spend, and what it has spent or may yet have spent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from brimful.domain.reason import Reason

CAPS = (
    Reason.cap_per_charge,
    Reason.cap_per_hour,
    Reason.cap_per_day,
    Reason.cap_per_month,
    Reason.cap_per_child,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The owner's limits; None is no limit. Money in minor units of the seller's currency."""

    per_charge_minor: int | None = None
    per_hour_count: int | None = None
    per_day_minor: int | None = None
    per_month_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What counts against the limits: everything not known to have failed."""

    hour_count: int = 0
    day_minor: int = 0
    month_minor: int = 0
    child_month_minor: Mapping[str, int] = field(default_factory=dict)
    # What the next charge collects as well (R26); what auto-billing itself left of it is in the sums.
    outstanding_minor: int = 0
    outstanding_by_hand_minor: int = 0


def first_breach(limits: Limits, spent: Spent, amount_minor: int) -> Reason | None:
    """Which cap one more purchase of ``amount_minor`` would pass, the narrowest first.

    Its charge collects what is outstanding, too: all of it counts against the cap per charge, and
    for day and month the part that no automatic purchase counted before.
    """
    if limits.per_hour_count is not None and spent.hour_count + 1 > limits.per_hour_count:
        return Reason.cap_per_hour
    charge = amount_minor + spent.outstanding_minor
    if limits.per_charge_minor is not None and charge > limits.per_charge_minor:
        return Reason.cap_per_charge
    amount = amount_minor + spent.outstanding_by_hand_minor
    if limits.per_day_minor is not None and spent.day_minor + amount > limits.per_day_minor:
        return Reason.cap_per_day
    month = spent.month_minor + amount
    if limits.per_month_minor is not None and month > limits.per_month_minor:
        return Reason.cap_per_month
    return None


def crossed(limit: int, before: int, after: int) -> tuple[int, ...]:
    """Which of 80 and 100 per cent of a limit were reached between two amounts."""
    return tuple(share for share in (80, 100) if before * 100 < limit * share <= after * 100)


def episode(cap: str, limit: int | None, at: datetime, zone: str) -> str:
    """What makes two notices about a cap one to its owner (R42): the same cap with the same limit,
    in the same month of the owner's for caps by the month, on the same day for the others."""
    day = at.astimezone(ZoneInfo(zone)).date().isoformat()
    monthly = cap in (Reason.cap_per_month, Reason.cap_per_child)
    return f"{cap}:{limit}:{day[:7] if monthly else day}"


def limit_of(limits: Limits, cap: Reason) -> int | None:
    """The limit that a cap refers to, None for one that is not the account's own (per child)."""
    return {
        Reason.cap_per_charge: limits.per_charge_minor,
        Reason.cap_per_hour: limits.per_hour_count,
        Reason.cap_per_day: limits.per_day_minor,
        Reason.cap_per_month: limits.per_month_minor,
    }.get(cap)
