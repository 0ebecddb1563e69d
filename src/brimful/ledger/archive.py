"""Months of entries that ended long ago: what the books still need of them is carried into sums, and the
entries leave the table that statements and the audit read."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.limits import LONG_S
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.period import month_at

_sql = partial(load, "brimful.ledger")

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedMonth:
    """A month (UTC) that is out of the entries, and where they are: ``detached`` for the moment,
    ``kept`` in the database, ``written`` to ``file``, whose text has the SHA-256 ``sha256``."""

    starts_at: datetime
    ends_at: datetime
    entries: int
    state: Literal["detached", "kept", "written"]
    file: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ArchivedEnd:
    """Where a statement ends: entries dated ``before`` are archived, the last of them has the number
    ``seq``, and so much was free after it."""

    before: datetime
    seq: int
    free_after: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A page of a tenant's spends: how many keys were forgotten, how many were old enough, how many
    were looked at, and the last one."""

    forgotten: int
    old: int
    looked_at: int
    last_id: UUID | None


async def find_entry_months(db: Database) -> list[datetime]:
    """The months (their first instants, UTC) that have entries outside the archive, oldest first."""
    rows = await db.fetch(_sql("find_entry_months"), timeout=LONG_S)
    return [row["starts_at"] for row in rows]


async def list_archived_months(db: Database) -> list[ArchivedMonth]:
    """The archived months, oldest first."""
    return [ArchivedMonth(**row) for row in await db.fetch(_sql("list_archived_months"))]


async def count_entries(db: Database, starts_at: datetime) -> int:
    """How many entries a month has outside the archive."""
    ends_at = month_at(starts_at, 1)
    count = await db.fetchval(_sql("count_entries"), starts_at, ends_at, timeout=LONG_S)
    return int(count)


async def carry_month(tx: Transaction, starts_at: datetime, moment: Moment) -> int | None:
    """Carry a month into sums; how many entries it has, None when it was archived before. Nobody adds
    to it until the transaction ends. Raises LockNotAvailableError when others hold it for long."""
    entries: int | None = await tx.fetchval(
        _sql("carry_month"), starts_at, month_at(starts_at, 1), moment.at, timeout=LONG_S
    )
    return entries


async def detach_month(tx: Transaction, starts_at: datetime) -> None:
    """Take a month that was carried in this transaction out of the entries. Raises
    LockNotAvailableError when others hold the entries for long."""
    await tx.execute(_sql("detach_month"), starts_at, month_at(starts_at, 1), timeout=LONG_S)


async def keep_month(tx: Transaction, starts_at: datetime) -> None:
    """Make a month that is out of the entries a part of the archive; nothing if it is one."""
    await tx.execute(_sql("keep_month"), starts_at, timeout=LONG_S)


async def drop_month(tx: Transaction, starts_at: datetime, file: str, sha256: str) -> None:
    """Drop a month of the archive that is in a file."""
    await tx.execute(_sql("drop_month"), starts_at, file, sha256)


async def read_archived_span(
    tx: Transaction, month: ArchivedMonth
) -> tuple[datetime | None, datetime | None]:
    """The moments of the first and of the last entry of a kept month."""
    row = await tx.fetchrow(
        _sql("read_archived_span"), month.starts_at, month.ends_at, timeout=LONG_S
    )
    assert row is not None
    return row["first_at"], row["last_at"]


async def copy_archived(
    tx: Transaction, month: ArchivedMonth, took: Callable[[bytes], Coroutine[Any, Any, None]]
) -> int:
    """Hand over the entries of a kept month as the text of a CSV file with a header, always the same to
    the last byte; how many there are."""
    query = _sql("read_archived").strip().removesuffix(";")
    await tx.execute("set local timezone = 'UTC'")
    tag = await tx.copy_from_query(
        query, month.starts_at, month.ends_at,
        output=took, format="csv", header=True, encoding="utf-8", timeout=LONG_S,
    )  # fmt: skip
    return int(tag.split()[-1])


async def read_archived_end(
    db: Database, tenant_id: UUID, account_id: UUID, resource: str
) -> ArchivedEnd | None:
    """Where the statement of an account ends because what was before is archived; None: nothing is."""
    row = await db.fetchrow(_sql("read_archived_end"), tenant_id, account_id, resource)
    return None if row is None else ArchivedEnd(**row)


async def find_unsettled(
    db: Database, starts_at: datetime, after: tuple[UUID, UUID], limit: int
) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those of whose spends in a month some may not be taken from their lots yet,
    in the order of ids."""
    ends_at = month_at(starts_at, 1)
    rows = await db.fetch(_sql("find_unsettled"), starts_at, ends_at, *after, limit, timeout=LONG_S)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def list_tenants(db: Database) -> list[UUID]:
    """Every tenant."""
    return [row["tenant_id"] for row in await db.fetch(_sql("list_tenants"))]


async def count_old_spends(db: Database, before: datetime) -> int:
    """How many keys of spends would be forgotten."""
    return int(await db.fetchval(_sql("count_old_spends"), before, timeout=LONG_S))


async def forget_spends(
    db: Database, tenant_id: UUID, before: datetime, *, after: UUID = _NOBODY, limit: int
) -> Forgotten:
    """Forget the keys of a tenant's spends that ended before an instant (R39): of a page of ``limit``
    spends, in the order of their ids, that follow the id ``after``."""
    row = await db.fetchrow(_sql("forget_spends"), tenant_id, after, before, limit)
    return Forgotten(**row)
