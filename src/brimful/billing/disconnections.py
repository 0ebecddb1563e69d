"""Sellers' gateway accounts that are closed to the platform, as records (R10)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.disconnection import PAUSES
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Merchant:
    """Whose account at the gateway a name is: a seller's, or (``supply``) the platform's; and since
    when it is known to be closed to us, if it is."""

    tenant_id: UUID
    account_id: UUID
    supply: bool
    since_at: datetime | None


async def note(tx: Transaction, tenant_id: UUID, seller_id: UUID, moment: Moment) -> bool:
    """The gateway says that a seller's account is closed to us; the seller's pool is locked. True
    when that is news, False when it stood already, and for the supply, whose account is the
    platform's own."""
    ask_real_at = moment.real_at + PAUSES[0]
    is_new = await tx.fetchval(
        _sql("note_disconnection"), tenant_id, seller_id, moment.at, moment.real_at, ask_real_at
    )
    return bool(is_new)


async def end(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, asked_real_at: datetime
) -> datetime | None:
    """The gateway, asked at an instant of real time, answers for a seller's account. Since when it
    was closed, None when it was not, or was said to be closed after that instant."""
    since: datetime | None = await tx.fetchval(
        _sql("end_disconnection"), tenant_id, seller_id, asked_real_at
    )
    return since


async def hasten(
    tx: Transaction, tenant_id: UUID, seller_ids: Collection[UUID], real_at: datetime
) -> list[UUID]:
    """Let the gateway be asked now after those of some sellers whose accounts are closed; which."""
    rows = await tx.fetch(_sql("hasten_disconnections"), tenant_id, list(seller_ids), real_at)
    return [row["account_id"] for row in rows]


async def wake_canceling(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, real_at: datetime
) -> list[UUID]:
    """Let what is left to be cancelled at a seller's account be tried now; which purchases."""
    rows = await tx.fetch(_sql("wake_canceling"), tenant_id, seller_id, real_at)
    return [row["purchase_id"] for row in rows]


async def find_due(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, seller) of those whose account is closed and is to be asked after."""
    rows = await db.fetch(_sql("find_due_disconnections"), real_at, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def take(db: Database, tenant_id: UUID, seller_id: UUID, real_at: datetime) -> str | None:
    """Take one that is due, which is due again after the next pause; the account's name at the
    gateway. None when it is not due any more, or another has taken it."""
    ref: str | None = await db.fetchval(
        _sql("take_disconnection"), tenant_id, seller_id, real_at, list(PAUSES)
    )
    return ref


async def find_by_merchant(db: Database, merchant_ref: str) -> Merchant | None:
    """Whose account at the gateway a name is; None for nobody's of ours."""
    row = await db.fetchrow(_sql("find_by_merchant"), merchant_ref)
    return None if row is None else Merchant(**dict(row))
