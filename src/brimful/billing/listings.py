"""Pages of what an account has, by id or sequence, oldest or newest first as each says."""

from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database

_sql = partial(load, "brimful.billing")

Listing = Literal[
    "list_purchases",
    "list_charges",
    "list_lots",
    "list_notices",
    "list_chatbots",
    "list_subscriptions",
    "list_refunds",
    "list_disputes",
    "list_holds",
]


async def list_page(
    db: Database,
    listing: Listing,
    *,
    tenant_id: UUID,
    account_id: UUID,
    after: UUID | None,
    limit: int,
) -> list[dict[str, Any]]:
    """A page of a listing, newest first, after the row of id ``after``."""
    statements = {
        "list_purchases": _sql("list_purchases"),
        "list_charges": _sql("list_charges"),
        "list_lots": _sql("list_lots"),
        "list_notices": _sql("list_notices"),
        "list_chatbots": _sql("list_chatbots"),
        "list_subscriptions": _sql("list_subscriptions"),
        "list_refunds": _sql("list_refunds"),
        "list_disputes": _sql("list_disputes"),
        "list_holds": _sql("list_holds"),
    }
    rows = await db.fetch(statements[listing], tenant_id, account_id, after, limit)
    return [dict(row) for row in rows]


async def read_subscription(
    db: Database, tenant_id: UUID, account_id: UUID, subscription_id: UUID
) -> dict[str, Any] | None:
    """A subscription of an account as it is listed, None when there is none such."""
    row = await db.fetchrow(_sql("read_subscription"), tenant_id, account_id, subscription_id)
    return None if row is None else dict(row)


async def list_entries(
    db: Database,
    *,
    tenant_id: UUID,
    account_id: UUID,
    resource: str,
    before_seq: int | None,
    limit: int,
) -> list[dict[str, Any]]:
    """A page of the statement: movements of one resource, newest first."""
    rows = await db.fetch(_sql("list_entries"), tenant_id, account_id, resource, before_seq, limit)
    return [dict(row) for row in rows]


async def mark_notice_read(
    db: Database, *, tenant_id: UUID, account_id: UUID, notice_id: UUID, at: object
) -> bool:
    """Mark a notice of an account read; False when there is none such."""
    read = await db.fetchval(_sql("mark_notice_read"), tenant_id, account_id, notice_id, at)
    return read is not None
