"""Transactions: never nested, never open while a byte goes over the network, repeatable as a whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from brimful.db.address import UNREACHABLE, DatabaseGone, why

# What a transaction is worked with: a connection's fetch, fetchrow, fetchval and execute.
Transaction = PoolConnectionProxy

T = TypeVar("T")

_open: ContextVar[bool] = ContextVar("transaction_open", default=False)

RETRIES = 8

# What a connection ends with, or cannot be made for, when the server goes away or has no more to give.
_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    # A connection that broke a moment ago, before the driver heard that it is closed.
    asyncpg.InternalClientError,
)


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
    """Say in one way that the database is gone, whatever the driver says. Raises DatabaseGone."""
    try:
        yield
    except _LOST as problem:
        raise DatabaseGone(f"the database went away: {problem}") from problem
    except asyncpg.InterfaceError as problem:
        # The driver's word for a misuse of its own, too.
        if "closed" not in str(problem):
            raise
        raise DatabaseGone(f"the database went away: {problem}") from problem


class Database:
    """A pool of connections to PostgreSQL. Each method raises DatabaseGone when it goes away."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction on one connection; committed at the end, undone by an exception."""
        if _open.get():
            raise NestedTransaction("a transaction is open already")
        with _reached():
            async with self._pool.acquire() as connection:
                mark = _open.set(True)
                try:
                    async with connection.transaction():
                        yield connection
                finally:
                    _open.reset(mark)

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

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of one statement, committed by itself."""
        with _reached():
            rows: list[Any] = await self._pool.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """One row or None."""
        with _reached():
            return await self._pool.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """One value or None."""
        with _reached():
            return await self._pool.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """One statement, committed by itself; its command tag."""
        with _reached():
            tag: str = await self._pool.execute(sql, *args)
        return tag

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", encoder=_dump, decoder=json.loads, schema="pg_catalog")


def _dump(value: Any) -> str:
    return json.dumps(value, default=str)


async def _no_reset(connection: Any) -> None:
    """Nothing in a session is ever set, so nothing has to be reset between uses."""


async def connect(dsn: str, *, size_max: int = 20) -> Database:
    """Open a pool. Commits are durable: a money system does not turn that off. Raises
    CannotConnect."""
    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            init=_prepare,
            reset=_no_reset,
            command_timeout=60,
            server_settings={
                "application_name": "brimful",
                "synchronous_commit": "on",
                "jit": "off",
            },
        )
    except UNREACHABLE as problem:
        raise why(problem) from None
    return Database(pool)
