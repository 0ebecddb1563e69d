"""Amounts too small to charge, collected with the next charge (R26)."""

from functools import partial
from uuid import UUID

from brimful.billing.purchases import PurchaseLine
from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


async def outstanding_minor(tx: Transaction, tenant_id: UUID, account_id: UUID) -> int:
    """What the account owes and no charge is collecting yet, in minor units."""
    return int(await tx.fetchval(_sql("read_open_receivables"), tenant_id, account_id))


def line(amount_minor: int) -> PurchaseLine:
    """The line by which a charge collects what was outstanding."""
    return PurchaseLine(
        kind="receivable",
        package_id=None,
        package_version=None,
        quantity=1,
        credits=0,
        chatbots=0,
        amount_minor=amount_minor,
        recurring_minor=0,
    )


async def claim(tx: Transaction, tenant_id: UUID, account_id: UUID, purchase_id: UUID) -> None:
    """Let a purchase collect all that is outstanding; no other will meanwhile."""
    await tx.execute(_sql("claim_receivables"), tenant_id, account_id, purchase_id)


async def unclaim(tx: Transaction, tenant_id: UUID, purchase_id: UUID) -> None:
    """A purchase failed: what it would have collected is outstanding again."""
    await tx.execute(_sql("unclaim_receivables"), tenant_id, purchase_id)


async def open_receivable(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    purchase_id: UUID,
    amount_minor: int,
    currency: str,
    moment: Moment,
) -> None:
    """Note what a delivered purchase still owes."""
    await tx.execute(
        _sql("open_receivable"),
        tenant_id,
        new_id(),
        account_id,
        purchase_id,
        amount_minor,
        currency,
        moment.at,
    )
