"""Whether what an account lacks may come by what is ahead of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction

_sql = partial(load, "brimful.usecases")


@dataclass(frozen=True, slots=True)
class Behind:
    """Whether anything ``is_ahead`` of an account; and its ``zone``, which spares whoever plans next a round
    trip."""

    is_ahead: bool
    zone: str


async def read_behind(tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime) -> Behind:
    """Look whether others wait on an account's pool (R19), or it or one of its ancestors has something due at
    ``at`` or a renewal under way (R35): whoever ends that plans for it."""
    row = await tx.fetchrow(_sql("read_behind"), tenant_id, account_id, at)
    assert row is not None, "only an account that there is can be short"
    return Behind(row["is_ahead"], row["zone"])
