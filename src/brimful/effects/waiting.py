"""Callers that wait for an operation: one poll for all of them, hastened by whoever finishes one.

The rows are the truth; being woken only saves the time until the next poll. So it does not matter
which process completes an operation.
"""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from brimful.db.address import DatabaseGone
from brimful.db.sqlfile import load
from brimful.db.transaction import Database
from brimful.domain.reason import Reason, Refuse

_sql = partial(load, "brimful.effects")

_log = structlog.get_logger()

POLL_S = 0.25


def refusal_of(account_id: UUID, row: Mapping[str, Any]) -> Refuse:
    """What the caller of an operation hears that ended without success, by its row."""
    reason = Reason(row["reason"] or Reason.canceled)
    return Refuse(reason=reason, account_id=str(account_id), detail={})


class Waiters:
    """The operations that callers of this process wait for."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # One request may be sent several times at once, so an operation has any number of callers.
        self._waiting: dict[UUID, tuple[UUID, set[asyncio.Future[Mapping[str, Any] | None]]]] = {}
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # Nobody waits any more.
        self.ended = False

    def __len__(self) -> int:
        """How many callers wait."""
        return sum(len(futures) for _, futures in self._waiting.values())

    def wake(self, operation_id: UUID) -> None:
        """An operation may have its answer: look at once."""
        if operation_id in self._waiting:
            self._hurry.set()

    async def wait(
        self, tenant_id: UUID, operation_id: UUID, timeout_s: float
    ) -> Mapping[str, Any] | None:
        """The row of one operation, as by ``wait_all``; None when it has not ended by then."""
        return (await self.wait_all(tenant_id, [operation_id], timeout_s)).get(operation_id)

    async def wait_all(
        self, tenant_id: UUID, operation_ids: Collection[UUID], timeout_s: float
    ) -> dict[UUID, Mapping[str, Any]]:
        """The rows (id, state, reason, balance_after) of those of some operations that have ended within
        ``timeout_s`` seconds of real time, or by when nobody is to wait any more."""
        loop = asyncio.get_running_loop()
        mine: dict[UUID, asyncio.Future[Mapping[str, Any] | None]] = {}
        for operation_id in dict.fromkeys(operation_ids):
            future = mine[operation_id] = loop.create_future()
            _, futures = self._waiting.setdefault(operation_id, (tenant_id, set()))
            futures.add(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        self._hurry.set()
        try:
            await asyncio.wait(mine.values(), timeout=0 if self.ended else max(timeout_s, 0))
            ended = {
                one: row for one, told in mine.items() if told.done() and (row := told.result())
            }
            # Some may have ended before the first look, above all of who does not wait at all.
            left = {one: tenant_id for one in mine if one not in ended}
            if left:
                ended |= {row["operation_id"]: row for row in await self._look(left)}
            return ended
        finally:
            for operation_id, future in mine.items():
                _, futures = self._waiting[operation_id]
                futures.discard(future)
                if not futures:
                    del self._waiting[operation_id]

    def end(self) -> None:
        """Let nobody wait any more: who does, or comes later, hears that there is no answer yet."""
        self.ended = True
        for _, futures in self._waiting.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)

    async def stop(self) -> None:
        """Let nobody wait who waits now, and look for no answers; ``end`` is for good."""
        ended = self.ended
        self.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.ended = ended

    async def _look(self, asked: Mapping[UUID, UUID]) -> list[Any]:
        """The rows of what has ended; none when the database cannot be asked, which passes."""
        try:
            return await self._db.fetch(
                _sql("read_ended"), list(asked.values()), list(asked.keys())
            )
        except DatabaseGone as gone:
            _log.warning("waiting_without_database", why=str(gone))
            return []
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            _log.exception("waiting_poll_failed")
            return []

    async def _poll(self) -> None:
        while self._waiting:
            self._hurry.clear()
            asked = {key: tenant for key, (tenant, _) in self._waiting.items()}
            rows = await self._look(asked)
            for row in rows:
                _, futures = self._waiting.get(row["operation_id"], (None, ()))
                for future in futures:
                    if not future.done():
                        future.set_result(row)
            try:
                async with asyncio.timeout(POLL_S):
                    await self._hurry.wait()
            except TimeoutError:
                continue
