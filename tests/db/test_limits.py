"""R17, R24: how long anybody waits at the database, and what is told when that is over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from brimful.db.address import DatabaseGone, LockedByOthers, TookTooLong, connection_to
from brimful.db.limits import Limits
from brimful.db.transaction import Database, Transaction, connect
from brimful.ledger import archive
from brimful.ledger.audit import audit
from tests.builders.held import blocked, until

ONE_MORE = "update thing set n = n + 1"
FIRST = UUID(int=0)
MAY = datetime(2027, 5, 1, tzinfo=UTC)


@asynccontextmanager
async def limited(dsn: str, size_max: int = 5, **limits: float) -> AsyncIterator[Database]:
    """A database with one row in a table of its own, where this is waited for and no longer."""
    maker = await asyncpg.connect(dsn)
    await maker.execute("create table thing (n int)")
    await maker.execute("insert into thing values (0)")
    await maker.close()
    db = await connect(dsn, size_max=size_max, limits=Limits(**limits))
    try:
        yield db
    finally:
        await db.close()


class Standing:
    """A transaction that has locked the row and stands still until told to go on."""

    def __init__(self, db: Database, then: str | None = None) -> None:
        self.locked, self.go, self._then = asyncio.Event(), asyncio.Event(), then
        self.task = asyncio.create_task(db.run(self._body))

    async def _body(self, tx: Transaction) -> None:
        await tx.execute(ONE_MORE)
        self.locked.set()
        await self.go.wait()
        if self._then is not None:
            await tx.execute(self._then)


@pytest.mark.parametrize("then", [None, ONE_MORE])
async def test_r24_who_stands_still_with_a_lock_holds_up_nobody(dsn: str, then: str | None) -> None:
    """The server ends it, as it does one whose host died; the next goes on. It hears that the database
    went away, at its commit or at its next statement, and nothing of it is done."""
    async with limited(dsn, idle_s=0.5) as db:
        standing = Standing(db, then)
        await standing.locked.wait()
        assert await db.execute("update thing set n = n + 10") == "UPDATE 1"
        standing.go.set()
        with pytest.raises(DatabaseGone, match="went away") as told:
            await standing.task
        assert not isinstance(told.value, TookTooLong)
        assert await db.fetchval("select n from thing") == 10


async def test_r17_a_lock_that_others_keep_is_told_as_one(dsn: str) -> None:
    """Nothing was done; by itself or in a transaction, and the connection is good for the next."""
    async with limited(dsn, size_max=2, lock_s=0.3) as db:
        standing = Standing(db)
        await standing.locked.wait()
        with pytest.raises(LockedByOthers, match="try again"):
            await db.execute(ONE_MORE)
        with pytest.raises(LockedByOthers):
            await db.run(lambda tx: tx.execute(ONE_MORE))
        standing.go.set()
        await standing.task
        await db.execute(ONE_MORE)
        assert await db.fetchval("select n from thing") == 2


async def test_r17_who_gets_no_connection_is_told_so(dsn: str) -> None:
    """All are held up: the next waits for a while, and not for ever."""
    async with limited(dsn, size_max=1, connection_s=0.3) as db:
        standing = Standing(db)
        await standing.locked.wait()
        with pytest.raises(DatabaseGone, match=r"no connection to it came free within 0\.3 s"):
            await db.fetchval("select 1")
        with pytest.raises(DatabaseGone, match="no connection"):
            await db.run(lambda tx: tx.fetchval("select 1"))
        standing.go.set()
        await standing.task
        assert await db.fetchval("select n from thing") == 1


async def test_a_statement_that_takes_too_long_is_told_as_one(dsn: str) -> None:
    """The database is there: it did not go away."""
    async with limited(dsn, statement_s=2) as db:
        with pytest.raises(TookTooLong, match=r"^a statement took longer than it may$"):
            await db.fetchval("select pg_sleep(60)")


READS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "audit": audit,
    "find_entry_months": archive.find_entry_months,
    "count_entries": lambda db: archive.count_entries(db, MAY),
    "count_old_spends": lambda db: archive.count_old_spends(db, MAY),
    "find_unsettled": lambda db: archive.find_unsettled(db, MAY, (FIRST, FIRST), 10),
}


@pytest.mark.parametrize("read", READS)
async def test_r43_what_reads_all_books_takes_its_time(dsn: str, read: str) -> None:
    """It takes longer than a statement of a request may."""
    other = await asyncpg.connect(dsn)
    async with limited(dsn, statement_s=2) as db:
        begun = other.transaction()
        await begun.start()
        await other.execute("lock table entry, entry_default, spend, balance, account")
        reading = asyncio.ensure_future(READS[read](db))
        await until(lambda: blocked(other, 1))
        await other.fetchval("select pg_sleep(3)")
        await begun.rollback()
        assert await reading in ([], 0)
    await other.close()


async def test_r24_a_session_is_limited_and_a_migration_is_not(dsn: str) -> None:
    """The limits as the server has them; those of TCP read as zero where there is none."""
    db = await connect(dsn, size_max=1)
    shown = {
        name: await db.fetchval("select current_setting($1)", name)
        for name in (
            "idle_in_transaction_session_timeout",
            "lock_timeout",
            "tcp_keepalives_idle",
            "tcp_user_timeout",
        )
    }
    by_socket = await db.fetchval("select inet_client_addr() is null")
    await db.close()
    assert tuple(shown.values()) == ("15s", "30s", *(("0", "0") if by_socket else ("10", "60000")))
    migrating = await connection_to(dsn)
    for name in ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout"):
        assert await migrating.fetchval("select current_setting($1)", name) == "0"
    await migrating.close()
