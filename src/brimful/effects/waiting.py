"""Callers that wait for an operation: one poll for all of them, hastened by whoever finishes one.

The rows are the truth; being woken only saves the time until the next poll. So it does not matter
which process completes an operation.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog

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
        """The row (id, state, reason, balance_after) of an operation once it has ended, or None
        when it has not within ``timeout_s`` seconds of real time, or nobody is to wait any more."""
        future: asyncio.Future[Mapping[str, Any] | None] = (
            asyncio.get_running_loop().create_future()
        )
        _, futures = self._waiting.setdefault(operation_id, (tenant_id, set()))
        futures.add(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        self._hurry.set()
        try:
            row = await self._answer(future, 0 if self.ended else timeout_s)
            if row is None:
                # It may have ended before the first look, above all for who does not wait at all.
                rows = await self._look({operation_id: tenant_id})
                row = rows[0] if rows else None
            return row
        finally:
            futures.discard(future)
            if not futures:
                self._waiting.pop(operation_id, None)

    async def _answer(
        self, future: "asyncio.Future[Mapping[str, Any] | None]", timeout_s: float
    ) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(max(timeout_s, 0)):
                return await future
        except TimeoutError:
            return None

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
