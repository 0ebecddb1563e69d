"""Buying ahead as records: what the owner agreed to, and when the account is looked at next (R33)."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.ahead import Agreed, BuyAhead
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


async def read(db: Transaction | Database, tenant_id: UUID, account_id: UUID) -> BuyAhead:
    """What an account's owner agreed to."""
    row = await db.fetchrow(_sql("read_buy_ahead"), tenant_id, account_id)
    return BuyAhead() if row is None else BuyAhead(**dict(row))


async def write(
    tx: Transaction, tenant_id: UUID, account_id: UUID, setting: BuyAhead, moment: Moment
) -> None:
    """Write what the owner chose; it is looked at at once."""
    await tx.execute(
        _sql("write_buy_ahead"),
        tenant_id,
        account_id,
        setting.threshold_credits,
        setting.target_credits,
        setting.forecast,
        setting.renewals,
        moment.at,
    )


async def record_consent(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    what: Agreed,
    enabled: bool,
    figures: Mapping[str, object],
    given_by: str,
    terms: str,
    moment: Moment,
) -> None:
    """Add who switched which half on or off, when, with which figures and under which terms."""
    await tx.execute(
        _sql("record_ahead_consent"),
        tenant_id,
        new_id(),
        account_id,
        what,
        enabled,
        dict(figures),
        given_by,
        terms,
        moment.at,
    )


async def find_due(db: Database, at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those that are due for a look at business time ``at``."""
    rows = await db.fetch(_sql("find_due_looks"), at, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def note_look(
    tx: Transaction, tenant_id: UUID, account_id: UUID, next_at: datetime, *, refused: bool
) -> None:
    """An account was looked at. ``refused``: it could not buy, and tries no sooner than that."""
    await tx.execute(_sql("note_look"), tenant_id, account_id, next_at, refused)


async def find_overdrawn(db: Database, at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those that owe credits, and may buy them at business time ``at``."""
    rows = await db.fetch(_sql("find_overdrawn"), at, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]
