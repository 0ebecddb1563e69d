"""The accounts that a batch of spends names, read together."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Spender:
    """An account that spends; ``sold_by`` is whose catalogue and rates are its."""

    tenant_id: UUID
    account_id: UUID
    state: str
    sold_by: UUID


async def read_spenders(
    db: Database, account_ids: Collection[UUID], within: UUID | None
) -> dict[UUID, Spender]:
    """Those of some accounts that are ``within``: the account of that id and all below it, or for None
    every account that buys (R40). What is not there is not in the answer."""
    rows = await db.fetch(_sql("read_spenders"), list(account_ids), within)
    return {row["account_id"]: Spender(*row) for row in rows}
