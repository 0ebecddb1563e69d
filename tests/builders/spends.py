"""Spends as they are asked for."""

from uuid import UUID

from brimful.db.ids import new_id
from brimful.ledger.spends import NewSpend


def new_spend(
    tenant_id: UUID, account_id: UUID, credits: int, *, key: str | None = None
) -> NewSpend:
    """So many credits of an account, under a key of its own unless one is named."""
    spend_id = new_id()
    return NewSpend(
        tenant_id=tenant_id,
        account_id=account_id,
        key=key or str(spend_id),
        body_hash=str(credits).encode(),
        spend_id=spend_id,
        credits=credits,
        model=None,
        messages=None,
    )
