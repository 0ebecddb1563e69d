"""Whether what an account lacks may come by what is ahead of it."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction

_sql = partial(load, "brimful.usecases")


async def is_behind(tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime) -> bool:
    """Others wait on its pool (R19), or it or one of its ancestors has something due at ``at`` or a
    renewal under way (R35): whoever ends that plans for it."""
    return bool(await tx.fetchval(_sql("is_behind"), tenant_id, account_id, at))
