"""A database that counts what an engine commits, and fails once where it is told.

Nothing is listed by hand: a run in which nothing fails names every commit and every call, in order.
"""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from brimful.db.address import DatabaseGone
from brimful.db.transaction import Database, Transaction

T = TypeVar("T")

COMMIT_KINDS = ("dies_before_commit", "dies_after_commit", "commit_reply_lost", "commit_undone")
_MAY_WRITE = re.compile(r"\b(insert|update|delete)\b|_v\d+\s*\(")
_WROTE = "select pg_current_xact_id_if_assigned() is not null"
_committing: ContextVar[str] = ContextVar("committing", default="")


@dataclass(frozen=True, slots=True)
class Point:
    """A commit (by the function that makes it) or a call (by verb and whose account), the nth."""

    at: str
    name: str
    nth: int
    held: bool = False

    def __str__(self) -> str:
        return f"{self.at} {self.name} {self.nth}"


class Script:
    """What one engine reached so far, and the one fault that is to befall it."""

    def __init__(self, point: Point | None = None, kind: str = "") -> None:
        self.point, self.kind = point, kind
        self.reached: list[Point] = []
        self.armed = False
        self.happened = False
        self.dead = False
        self._counts: Counter[tuple[str, str]] = Counter()

    def breathe(self) -> None:
        """Whoever comes here in a process that is dead comes no further."""
        if self.dead:
            raise asyncio.CancelledError

    def reach(self, at: str, name: str, *, held: bool = False) -> str:
        """Count a commit or call; answers the kind of fault if this is where it is to be."""
        self.breathe()
        if not self.armed:
            return ""
        self._counts[at, name] += 1
        nth = self._counts[at, name]
        self.reached.append(Point(at, name, nth, held))
        here = self.point
        return self.kind if here and (here.at, here.name, here.nth) == (at, name, nth) else ""

    def die(self) -> None:
        """The process ends here."""
        self.happened = self.dead = True
        raise asyncio.CancelledError

    def lose_connection(self) -> None:
        """The connection to the database breaks here."""
        self.happened = True
        raise DatabaseGone("the connection broke")

    def before_commit(self, name: str) -> str:
        """What happens between the last statement and the commit."""
        kind = self.reach("commit", name)
        if kind == "dies_before_commit":
            self.die()
        if kind == "commit_undone":
            self.lose_connection()
        return kind

    def after_commit(self, kind: str) -> None:
        """What happens when the commit is durable and nobody has heard of it yet."""
        if kind == "dies_after_commit":
            self.die()
        if kind == "commit_reply_lost":
            self.lose_connection()


def _use_case(body: Callable[..., Any]) -> str:
    """What a function that is done in a transaction belongs to."""
    module, function = body.__module__.split(".")[-1], body.__qualname__.split(".")[0]
    return function if function == module else f"{module}.{function}"


class FaultyDatabase(Database):
    """A database whose every commit is a point: of a transaction, or of a statement that writes."""

    def __init__(self, database: Database, script: Script) -> None:
        super().__init__(database._pool)
        self._script = script

    async def run(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """As ever, under the name of the use case that the body belongs to."""
        mark = _committing.set(_use_case(body))
        try:
            return await super().run(body)
        finally:
            _committing.reset(mark)

    async def repeat(self, once: Callable[[], Awaitable[T]]) -> T:
        """As ever, under the name of the use case whose one statement this is."""
        mark = _committing.set(_committing.get() or _use_case(once))
        try:
            return await super().repeat(once)
        finally:
            _committing.reset(mark)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """As ever, with the fault before or after its commit."""
        self._script.breathe()
        async with super().transaction() as tx:
            yield tx
            kind = self._script.before_commit(_committing.get())
        self._script.after_commit(kind)

    async def fetch(self, sql: str, *args: Any, timeout: float | None = None) -> Any:
        """As ever."""
        return await self._alone("fetch", sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._alone("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: Any, timeout: float | None = None) -> Any:
        """As ever."""
        return await self._alone("fetchval", sql, args)

    async def execute(self, sql: str, *args: Any) -> Any:
        """As ever."""
        return await self._alone("execute", sql, args)

    async def _alone(self, how: str, sql: str, args: tuple[Any, ...]) -> Any:
        """One statement; PostgreSQL itself says whether it wrote, and so has something to commit."""
        self._script.breathe()
        if not _MAY_WRITE.search(sql):
            return await getattr(self._pool, how)(sql, *args)
        caller = sys._getframe(2)
        name = _committing.get()
        name = name or f"{caller.f_globals['__name__'].split('.')[-1]}.{caller.f_code.co_name}"
        kind = ""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await getattr(connection, how)(sql, *args)
            if await connection.fetchval(_WROTE):
                kind = self._script.before_commit(name)
        self._script.after_commit(kind)
        return rows

    def terminate(self) -> None:
        """Break every connection, as the end of a process does."""
        self._pool.terminate()
