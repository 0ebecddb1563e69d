"""Transactions: never nested, never open while a byte goes over the network, repeatable as a whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from brimful.db.address import (
    UNREACHABLE,
    DatabaseGone,
    LockedByOthers,
    TakesNothing,
    TookTooLong,
    why,
)
from brimful.db.limits import Limits

# What a transaction is worked with: a connection's fetch, fetchrow, fetchval and execute.
Transaction = PoolConnectionProxy

T = TypeVar("T")

_open: ContextVar[bool] = ContextVar("transaction_open", default=False)

RETRIES = 8

# What a server says that is there and takes nothing: no disk, memory or connection left, a read-only copy.
_TAKES_NOTHING = (
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresIOError,
)

# What a connection ends with, or cannot be made for, when the server goes away.
_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    # We said nothing for so long that the server took the process for dead; what was begun is undone.
    asyncpg.IdleInTransactionSessionTimeoutError,
    # A connection that broke a moment ago, before the driver heard that it is closed.
    asyncpg.InternalClientError,
)

# A copy that follows another server, or one that was set so by whoever runs it.
_IS_READ_ONLY = "select pg_is_in_recovery() or current_setting('transaction_read_only')::bool"


class NestedTransaction(RuntimeError):
    """A transaction was begun inside another. Pass the outer one on instead: one use case, one
    transaction, so that what is committed together is seen in one place."""


class NetworkInTransaction(RuntimeError):
    """The network was about to be used while a database transaction is open. Commit the intent
    first and call afterwards: a lost connection would undo what the outside has already seen."""


def assert_no_transaction() -> None:
    """Called before the first byte leaves for anybody (R21). Raises NetworkInTransaction."""
    if _open.get():
        raise NetworkInTransaction("commit the intent before calling out")


@contextmanager
def _reached() -> Iterator[None]:
    """Say in one way that the database is gone, takes nothing or took too long, whatever the driver says.
    Raises DatabaseGone, TakesNothing, TookTooLong, LockedByOthers."""
    try:
        yield
    except DatabaseGone:
        raise
    except asyncpg.LockNotAvailableError as problem:
        raise LockedByOthers(
            f"others hold what is needed for too long; nothing was done, try again: {problem}"
        ) from problem
    except _TAKES_NOTHING as problem:
        raise TakesNothing(f"the database takes nothing at present: {problem}") from problem
    except _LOST as problem:
        # The driver's own clock; one of the system's, of a line that is dead, has a number.
        if isinstance(problem, TimeoutError) and problem.errno is None:
            raise TookTooLong("a statement took longer than it may") from problem
        raise DatabaseGone(f"the database went away: {problem}") from problem
    except asyncpg.InterfaceError as problem:
        # The driver's word for a misuse of its own, too.
        if "closed" not in str(problem):
            raise
        raise DatabaseGone(f"the database went away: {problem}") from problem


class Database:
    """A pool of connections to PostgreSQL. Each method raises DatabaseGone when it goes away or has no
    connection free for long, TakesNothing when it is there and cannot be written to, TookTooLong when a
    statement does, LockedByOthers when a lock does."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", limits: Limits | None = None) -> None:
        self._pool, self._limits = pool, limits or Limits()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction on one connection; committed at the end, undone by an exception."""
        if _open.get():
            raise NestedTransaction("a transaction is open already")
        with _reached():
            async with self._connection() as connection:
                mark = _open.set(True)
                try:
                    async with connection.transaction():
                        yield connection
                finally:
                    _open.reset(mark)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """One connection for some reads that need not be of one instant, each as its statement is:
        two round trips less than a transaction. Nothing is locked by them, and nothing is to be written."""
        with _reached():
            async with self._connection() as connection:
                yield connection

    async def run(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run ``body`` in a transaction, again when PostgreSQL undid it for concurrency's sake.

        ``body`` may run several times, so it does nothing but read and write the database.
        """

        async def once() -> T:
            async with self.transaction() as tx:
                return await body(tx)

        return await self.repeat(once)

    async def repeat(self, once: Callable[[], Awaitable[T]]) -> T:
        """Do what is one transaction, such as a single statement, again when PostgreSQL undid it for
        concurrency's sake."""
        for again in range(RETRIES):
            try:
                return await once()
            except (
                asyncpg.SerializationError,
                asyncpg.DeadlockDetectedError,
                asyncpg.UniqueViolationError,
            ):
                if again == RETRIES - 1:
                    raise
                await asyncio.sleep(0.005 * 2**again)
        raise AssertionError("unreachable")

    async def fetch(self, sql: str, *args: Any, timeout: float | None = None) -> list[Any]:
        """Rows of one statement, committed by itself; it may take ``timeout`` seconds, if given."""
        rows: list[Any] = await self._alone("fetch", sql, args, timeout)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """One row or None."""
        return await self._alone("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: Any, timeout: float | None = None) -> Any:
        """One value or None; it may take ``timeout`` seconds, if given."""
        return await self._alone("fetchval", sql, args, timeout)

    async def execute(self, sql: str, *args: Any) -> str:
        """One statement, committed by itself; its command tag."""
        tag: str = await self._alone("execute", sql, args)
        return tag

    async def _alone(
        self, how: str, sql: str, args: tuple[Any, ...], timeout: float | None = None
    ) -> Any:
        with _reached():
            async with self._connection() as connection:
                return await getattr(connection, how)(sql, *args, timeout=timeout)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Transaction]:
        """A connection of the pool; a process whose connections are all held up for long says so."""
        patience_s, came = self._limits.connection_s, False
        try:
            async with self._pool.acquire(timeout=patience_s) as connection:
                came = True
                yield connection
        except TimeoutError as late:
            if came or late.errno is not None:
                raise
            raise DatabaseGone(f"no connection to it came free within {patience_s:g} s") from late

    async def check_writable(self) -> None:
        """Do nothing where what is asked for now could be written. Raises DatabaseGone, TakesNothing."""
        if await self.fetchval(_IS_READ_ONLY):
            raise TakesNothing("the database takes nothing at present: it is read-only")

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", encoder=_dump, decoder=json.loads, schema="pg_catalog")


def _dump(value: Any) -> str:
    return json.dumps(value, default=str)


async def _no_reset(connection: Any) -> None:
    """Nothing in a session is ever set, so nothing has to be reset between uses."""


async def connect(dsn: str, *, size_max: int = 20, limits: Limits | None = None) -> Database:
    """Open a pool. Commits are durable: a money system does not turn that off. Raises
    CannotConnect."""
    limits = limits or Limits()
    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            init=_prepare,
            reset=_no_reset,
            command_timeout=limits.statement_s,
            server_settings={
                "application_name": "brimful",
                "synchronous_commit": "on",
                "jit": "off",
                # Days are added to instants: by the server's own zone some would have 23 hours (R36).
                "timezone": "UTC",
                **limits.of_session(),
            },
        )
    except UNREACHABLE as problem:
        raise why(problem) from None
    return Database(pool, limits)
