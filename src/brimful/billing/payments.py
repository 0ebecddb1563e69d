"""The gateway's side of a charge: the payment's id, what became of it, how often it was tried."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.billing.purchases import Purchase
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


async def store_payment(
    tx: Transaction, purchase: Purchase, payment_id: str, moment: Moment
) -> None:
    """Store the payment's id, before it is confirmed (R22), and the way from it to the purchase."""
    await tx.execute(
        _sql("store_payment"),
        purchase.tenant_id,
        purchase.purchase_id,
        moment.real_at,
        payment_id,
    )


async def note_decline(tx: Transaction, purchase: Purchase, code: str, hard: bool) -> None:
    """Keep why the card was declined."""
    await tx.execute(_sql("note_decline"), purchase.tenant_id, purchase.purchase_id, code, hard)


async def note_try(db: Database, tenant_id: UUID, purchase_id: UUID, next_real_at: datetime) -> int:
    """Count a try whose outcome is not known and say when the next is due; returns the count."""
    return int(await db.fetchval(_sql("note_try"), tenant_id, purchase_id, next_real_at))


async def claim(
    db: Database,
    *,
    tenant_id: UUID,
    purchase_id: UUID,
    real_at: datetime,
    until: datetime,
    fence: int,
) -> int | None:
    """Take or renew the lease on a purchase's next step. ``fence`` is the token held, 0 for none.

    Returns the token, or None when another holds it or nothing is to be done.
    """
    token = await db.fetchval(_sql("claim_purchase"), tenant_id, purchase_id, real_at, until, fence)
    return None if token is None else int(token)


async def release(db: Database, tenant_id: UUID, purchase_id: UUID, fence: int) -> None:
    """Give the lease back, unless another has it by now."""
    await db.execute(_sql("release_purchase"), tenant_id, purchase_id, fence)


async def find_due(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Purchases whose next step is due and that nobody drives: (tenant, purchase)."""
    rows = await db.fetch(_sql("find_due_purchases"), real_at, limit)
    return [(row["tenant_id"], row["purchase_id"]) for row in rows]


async def find_unplanned(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Accounts on whose pools demands wait, registered before ``real_at``, that nobody buys for."""
    rows = await db.fetch(_sql("find_unplanned_pools"), real_at, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def find_payment(db: Database, gateway: str, payment_id: str) -> tuple[UUID, UUID] | None:
    """The (tenant, purchase) that a gateway's payment id belongs to."""
    row = await db.fetchrow(_sql("find_payment"), gateway, payment_id)
    return None if row is None else (row["tenant_id"], row["purchase_id"])
