"""How far an account may spend beyond its pool, as its seller allows, and who owes (R2, R33)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")


async def read_limit(db: Transaction | Database, tenant_id: UUID, account_id: UUID) -> int:
    """The credits that an account may be overdrawn by; 0 unless its seller allows more."""
    return int(await db.fetchval(_sql("read_overdraft"), tenant_id, account_id) or 0)


async def write_limit(
    tx: Transaction, tenant_id: UUID, account_id: UUID, limit_credits: int, moment: Moment
) -> None:
    """Set the credits that an account may be overdrawn by."""
    await tx.execute(_sql("write_overdraft"), tenant_id, account_id, limit_credits, moment.at)


async def is_overdrawn(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether an account has used more than it had and owes the rest."""
    return bool(await tx.fetchval(_sql("is_overdrawn"), tenant_id, account_id))


async def note_refused(
    tx: Transaction, tenant_id: UUID, account_id: UUID, retry_at: datetime
) -> None:
    """What is owed could not be bought; it is tried again from ``retry_at`` on."""
    await tx.execute(_sql("note_repayment_refused"), tenant_id, account_id, retry_at)
