"""The database as processes of ours see it: every statement and every commit goes through the gate.

A few connections serve all processes of all runs, so that what PostgreSQL has prepared is kept. A
process that dies does not close its connections: what it had begun is undone on them, as a server does.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

import brimful
from brimful.db.transaction import Database, Transaction, _prepare, _reached
from tests.simulator.gate import Gate
from tests.simulator.wire import Wire

T = TypeVar("T")

_MAY_WRITE = re.compile(r"\b(insert|update|delete)\b|_v\d+\s*\(")
_committing: ContextVar[str] = ContextVar("committing", default="?")
_SERVER = {
    "application_name": "brimful-simulator",
    "synchronous_commit": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "deadlock_timeout": "1000",
}


class Lost(asyncpg.ConnectionDoesNotExistError):
    """The connection broke while a commit was under way: a fault of ours."""


def broken_by_us(problem: BaseException | None) -> bool:
    """Whether the engine speaks of a connection that we broke."""
    return problem is not None and Lost in (type(problem), type(problem.__cause__))


@cache
def names() -> dict[str, str]:
    """What each statement is called, by its text."""
    root = Path(str(files(brimful)))
    return {
        path.read_text(encoding="utf-8"): f"{path.parent.parent.name}.{path.stem}"
        for path in root.glob("*/sql/*.sql")
    }


class Session:
    """One connection to PostgreSQL."""

    __slots__ = ("_statements", "connection", "in_transaction", "pid", "waiting", "wire")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._statements: dict[str, Any] = {}
        self.wire: Wire = connection._transport
        self.pid: int = connection.get_server_pid()
        self.in_transaction = self.waiting = False

    async def ask(self, how: str, sql: str, args: tuple[Any, ...]) -> Any:
        """What the connection's method of that name does, by the shortest way to the wire."""
        if how == "executemany" or not args:
            return await getattr(self.connection, how)(sql, *args)
        prepared = self._statements.get(sql)
        if prepared is None:
            prepared = self._statements[sql] = await self.connection.prepare(sql)
        one, tells = how in ("fetchrow", "fetchval"), how == "execute"
        rows = await self.connection._protocol.bind_execute(
            prepared._state, args, "", int(one), tells, None
        )
        if how == "fetch":
            return rows
        if tells:
            return rows[1].decode()
        row = rows[0] if rows else None
        return row if how == "fetchrow" or row is None else row[0]


async def open_session(dsn: str) -> Session:
    """Connect as the engine does, but for what only costs time where nothing has to outlive a crash
    of PostgreSQL."""
    connection = await asyncpg.connect(
        dsn,
        server_settings=_SERVER,
        statement_cache_size=1000,
        max_cached_statement_lifetime=0,
    )
    await _prepare(connection)
    return Session(connection)


class Sessions:
    """The connections of one run, the last used first."""

    def __init__(self, free: list[Session]) -> None:
        self.all = list(free)
        self._free = free
        self._queue: deque[Any] = deque()

    async def take(self, loop: Any) -> Session:
        """A connection of one's own for now."""
        while not self._free:
            future = loop.create_future()
            self._queue.append(future)
            await future
        return self._free.pop()

    def give(self, session: Session) -> None:
        """Have it back."""
        self._free.append(session)
        while self._queue:
            future = self._queue.popleft()
            if not future.done():
                future.set_result(None)
                break


class GatedConnection:
    """What a transaction is worked with."""

    def __init__(self, pool: "GatedPool", session: Session) -> None:
        self._pool, self._session = pool, session

    async def fetch(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._do("fetch", sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._do("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._do("fetchval", sql, args)

    async def execute(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._do("execute", sql, args)

    async def executemany(self, sql: str, args: Any) -> Any:
        """As ever."""
        return await self._do("executemany", sql, (args,))

    async def _do(self, how: str, sql: str, args: tuple[Any, ...]) -> Any:
        gate, session = self._pool.gate, self._session
        await gate.enter(names().get(sql, "sql"), session)
        answer = await gate.reply(session, session.ask(how, sql, args))
        self._pool.breathe()
        return answer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """One transaction, whose commit may fail as the process's fate says."""
        gate, session, pool = self._pool.gate, self._session, self._pool
        session.wire.begin()
        gate.begun(session)
        how = "rollback"
        try:
            yield
            name = _committing.get()
            await gate.enter(f"commit {name}", session)
            fate = pool.fate(name)
            if fate == "dies_before_commit":
                pool.die()
            if fate == "commit_undone":
                raise Lost("before the commit")
            how = "commit"
        finally:
            try:
                if session.wire.begun():
                    await gate.reply(session, session.connection.execute(how))
            finally:
                gate.ended(session)
        if fate == "dies_after_commit":
            pool.die()
        if fate == "commit_reply_lost":
            raise Lost("after the commit")
        pool.breathe()


class GatedPool:
    """What a database is worked with: the pool of one process, ``life``, if it is one's."""

    def __init__(self, sessions: Sessions, gate: Gate, life: Any = None) -> None:
        self._sessions, self.gate, self._life = sessions, gate, life

    def breathe(self) -> None:
        """A process that is dead comes no further."""
        if self._life is not None:
            self._life.breathe()

    def fate(self, name: str) -> str:
        """What befalls a commit of this process."""
        return "" if self._life is None else str(self._life.fate_of_commit(name))

    def die(self) -> None:
        """The process ends here."""
        self._life.die()

    @asynccontextmanager
    async def acquire(self, timeout: float | None = None) -> AsyncIterator[GatedConnection]:
        """A connection for one transaction, however long that takes: nobody's time passes meanwhile."""
        session = await self._sessions.take(self.gate.loop)
        try:
            yield GatedConnection(self, session)
        finally:
            self._sessions.give(session)

    async def fetch(self, sql: str, *args: Any) -> Any:
        """One statement."""
        return await self._alone("fetch", sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """One statement."""
        return await self._alone("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """One statement."""
        return await self._alone("fetchval", sql, args)

    async def execute(self, sql: str, *args: Any) -> Any:
        """One statement."""
        return await self._alone("execute", sql, args)

    async def _alone(self, how: str, sql: str, args: tuple[Any, ...]) -> Any:
        name = names().get(sql, "sql")
        async with self.acquire() as connection:
            session = connection._session
            await self.gate.enter(name, session)
            fate = self.fate(name) if _may_write(sql) else ""
            if fate == "dies_before_commit":
                self.die()
            if fate == "commit_undone":
                raise Lost("before the commit")
            try:
                answer = await self.gate.reply(session, session.ask(how, sql, args))
            finally:
                self.gate.ended(session)
            if fate == "dies_after_commit":
                self.die()
            if fate == "commit_reply_lost":
                raise Lost("after the commit")
        self.breathe()
        return answer


@cache
def _may_write(sql: str) -> bool:
    return _MAY_WRITE.search(sql) is not None


class GatedDatabase(Database):
    """The engine's database, whose transactions are named by the function that runs them."""

    def __init__(self, pool: GatedPool) -> None:
        super().__init__(pool)  # type: ignore[arg-type]

    async def run(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """As ever, under the name of the use case that the body belongs to."""
        module, function = body.__module__.split(".")[-1], body.__qualname__.split(".")[0]
        mark = _committing.set(function if function == module else f"{module}.{function}")
        try:
            return await super().run(body)
        finally:
            _committing.reset(mark)

    async def _alone(
        self, how: str, sql: str, args: tuple[Any, ...], timeout: float | None = None
    ) -> Any:
        with _reached():
            return await getattr(self._pool, how)(sql, *args)
