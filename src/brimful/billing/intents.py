"""Intents as they are written: purchases, their lines, whom they serve and the charges that they will
make (R21)."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from brimful.billing.payments import NewCharge
from brimful.billing.purchases import NewPurchase, PurchaseLine, Runs
from brimful.db.columns import columns
from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.planning import Served

_sql = partial(load, "brimful.billing")

# The values that a charge is written with, and a demand that a purchase is sized for.
_CHARGE_COLUMNS, _SERVED_COLUMNS = 13, 7


async def write_intents(
    tx: Transaction,
    purchases: Sequence[NewPurchase],
    charges: Sequence[NewCharge],
    moment: Moment,
) -> None:
    """Write intents with their lines and the demands that they are sized for (R13), and their charges, all by
    one statement: a group of renewals is many, and so are those who wait for one purchase. What is too small
    to charge has no charge (R26)."""
    lines = [(new, *numbered) for new in purchases for numbered in enumerate(new.lines, 1)]
    await tx.execute(
        _sql("write_intents"),
        moment.at,
        moment.real_at,
        *columns([_purchase(new) for new in purchases]),
        *columns([_line(*line) for line in lines]),
        *columns([_charge(new) for new in charges], width=_CHARGE_COLUMNS),
        *columns(
            [_served(new, one) for new in purchases for one in new.served], width=_SERVED_COLUMNS
        ),
    )


def _charge(new: NewCharge) -> tuple[object, ...]:
    return (
        new.tenant_id,
        new_id(),
        new.purchase_id,
        new.account_id,
        new.card.gateway,
        new.card.gateway_account,
        new.card.gateway_customer,
        new.card.gateway_method,
        new.card.fingerprint,
        new.card.label,
        new.amount_minor,
        new.currency,
        new.capture,
    )


def _purchase(new: NewPurchase) -> tuple[object, ...]:
    return (
        new.tenant_id,
        new.purchase_id,
        new.buyer_id,
        new.seller_id,
        new.origin,
        new.mode,
        new.state,
        new.amount_minor,
        new.currency,
        sum(line.credits for line in new.lines),
        sum(line.chatbots for line in new.lines),
        new.demand_id,
        new.trigger,
        dict(new.explanation),
        new.present,
        new.for_renewals,
    )


def _line(new: NewPurchase, number: int, line: PurchaseLine) -> tuple[object, ...]:
    return (
        new.tenant_id,
        new.purchase_id,
        number,
        line.kind,
        line.package_id,
        line.package_version,
        line.quantity,
        line.credits,
        line.chatbots,
        line.amount_minor,
        line.recurring_minor,
        line.credits_cost_minor,
        line.credits_end_at,
        new_id(),
        new_id(),
        new_id(),
        *_runs(line.runs),
    )


def _served(new: NewPurchase, served: Served) -> tuple[object, ...]:
    return (
        new.tenant_id,
        new.purchase_id,
        UUID(served.demand_id),
        None if served.child_id is None else UUID(served.child_id),
        served.short_credits,
        served.short_chatbots,
        served.allocated_minor,
    )


def _runs(runs: Runs | None) -> tuple[object, ...]:
    if runs is None:
        return (None,) * 9
    period = runs.period
    return (
        runs.subscription_id,
        period.interval,
        period.anchor_at,
        runs.months_done,
        period.starts_at,
        period.ends_at,
        runs.due_at,
        runs.credits,
        runs.begins_period,
    )
