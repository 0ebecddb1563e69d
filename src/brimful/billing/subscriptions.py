"""Subscriptions begun by a delivered purchase: a plan, or chatbots that recur with its period."""

from datetime import datetime
from functools import partial
from typing import Any

from brimful.billing.purchases import Purchase
from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.period import Interval, period_at

_sql = partial(load, "brimful.billing")


def period_start(at: datetime) -> datetime:
    """Period boundaries fall on whole UTC hours (R34): the hour in which a period begins."""
    return at.replace(minute=0, second=0, microsecond=0)


async def start(
    tx: Transaction, purchase: Purchase, lines: list[dict[str, Any]], moment: Moment
) -> None:
    """Open a subscription for each line of a locked purchase that recurs.

    A plan begins its own period. Chatbots join the period that they were priced for, and without
    one begin it (R37).
    """
    for line in lines:
        if line["kind"] not in ("subscription", "extra_chatbots"):
            continue
        interval: Interval = line["billing_interval"] or "month"
        anchor = period_start(moment.at)
        starts_at, ends_at = period_at(anchor, interval, 0)
        if line["joins_anchor_at"] is not None:
            anchor, interval = line["joins_anchor_at"], line["joins_interval"]
            starts_at, ends_at = line["joins_starts_at"], line["joins_ends_at"]
        await tx.execute(
            _sql("open_subscription"),
            purchase.tenant_id,
            new_id(),
            purchase.buyer_id,
            line["package_id"],
            line["package_version"],
            purchase.purchase_id,
            line["credits"],
            line["chatbots"],
            line["recurring_minor"],
            purchase.currency,
            interval,
            anchor,
            starts_at,
            ends_at,
            line["kind"],
            purchase.automatic,
            moment.at,
        )
