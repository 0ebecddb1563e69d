"""Moves of accounts to another seller of their tenant, as records (R46)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction

_sql = partial(load, "brimful.billing")


async def write(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    *,
    moves_to: UUID,
    moves_at: datetime,
    moves_by: str,
) -> None:
    """Note to which seller an account moves, from when on, and by whose word."""
    await tx.execute(_sql("set_move"), tenant_id, account_id, moves_to, moves_at, moves_by)


async def drop(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """It stays where it is."""
    await tx.execute(_sql("set_move"), tenant_id, account_id, None, None, None)


async def find_due(
    db: Database, at: datetime, limit: int, seller: tuple[UUID, UUID] | None = None
) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those that are to move by ``at`` and of which no purchase is under way;
    with ``seller`` (tenant, account), of its clients alone."""
    rows = await db.fetch(_sql("find_due_moves"), at, limit, *(seller or (None, None)))
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def place_below(tx: Transaction, tenant_id: UUID, account_id: UUID, seller_id: UUID) -> None:
    """Put an account, with all below it, below another seller. The tree is locked."""
    await tx.execute(_sql("place_below"), tenant_id, account_id, seller_id)


async def is_external_id_taken(
    tx: Transaction, tenant_id: UUID, account_id: UUID, seller_id: UUID
) -> bool:
    """Whether a seller has an account of the same external id already."""
    return bool(await tx.fetchval(_sql("is_external_id_taken"), tenant_id, account_id, seller_id))
