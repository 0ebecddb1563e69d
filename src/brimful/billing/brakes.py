"""The brake of an account as a record: pulled when its auto-billing runs away, let go by its owner (R30)."""

from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction

_sql = partial(load, "brimful.billing")

BrakeCause = Literal["pace", "not_cured"]


async def pull(
    tx: Transaction, tenant_id: UUID, account_id: UUID, cause: BrakeCause, at: datetime
) -> bool:
    """Stop an account's auto-billing; False when it was stopped before."""
    return await tx.fetchval(_sql("pull_brake"), tenant_id, account_id, cause, at) is not None


async def let_go(tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime) -> bool:
    """Its owner lets it go on; True when it was stopped."""
    return await tx.fetchval(_sql("let_brake_go"), tenant_id, account_id, at) is not None


async def is_uncured(tx: Transaction, tenant_id: UUID, purchase_id: UUID) -> bool:
    """Whether any demand that a delivered purchase was sized for still waits for something."""
    return bool(await tx.fetchval(_sql("is_uncured"), tenant_id, purchase_id))
