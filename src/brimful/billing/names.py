"""Names of accounts, for notices and explanations."""

from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction

_sql = partial(load, "brimful.billing")


async def names_of(
    tx: Transaction | Database, tenant_id: UUID, account_ids: list[UUID]
) -> dict[UUID, str]:
    """The names of some accounts of one tenant."""
    if not account_ids:
        return {}
    rows = await tx.fetch(_sql("read_names"), tenant_id, account_ids)
    return {row["account_id"]: row["name"] for row in rows}
