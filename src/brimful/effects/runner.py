"""Doing effects: each in a task of its own, one at a time for the same thing.

An effect that fails is logged and left to the worker's scan: the rows still say that it is due. Kinds
of which there are many at once have places of their own, so that the rest never waits for them. Renewals
of a tenant that wait for a place go together when there is one, in whatever groups they were begun.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice
from uuid import UUID

import structlog

from brimful.db.address import DatabaseGone
from brimful.domain.effect import DriveRenewals, Effect, Look
from brimful.usecases.outcomes import TOGETHER

_log = structlog.get_logger()

Handler = Callable[[Effect], Awaitable[tuple[Effect, ...]]]


class Runner:
    """Runs effects by their type; at most ``limit`` at once, and never the same effect twice at once.
    The types of ``apart`` do not count in that: of each so many are done at once."""

    def __init__(
        self,
        handlers: Mapping[type, Handler],
        limit: int = 64,
        apart: Mapping[type, int] | None = None,
    ) -> None:
        self._handlers = handlers
        self._limit = limit
        self._slots = asyncio.Semaphore(limit)
        self._apart = {kind: asyncio.Semaphore(most) for kind, most in (apart or {}).items()}
        self._tasks: dict[Effect, asyncio.Task[None]] = {}
        self._again: set[Effect] = set()
        # Purchases of renewals that are to be driven here and have no place yet: by tenant, in order.
        self._waiting: dict[UUID, dict[UUID, None]] = {}
        # Until when what is being done may end, by the loop's clock, once nothing is begun any more.
        self._until_s: float | None = None

    def run(self, effects: Iterable[Effect]) -> None:
        """Start what is to be done; an effect that is being done is done once more afterwards. Of
        renewals those that wait for a place here already are not begun again: whatever group they are
        named in, their rows are read when they have it. Nothing is, once this ends."""
        if self._until_s is not None:
            return
        for effect in effects:
            if isinstance(effect, DriveRenewals):
                waiting = self._waiting.get(effect.tenant_id, {})
                left = tuple(one for one in effect.purchase_ids if one not in waiting)
                effect = DriveRenewals(effect.tenant_id, left)
                if not left:
                    continue
            if effect in self._tasks:
                self._again.add(effect)
                continue
            if isinstance(effect, DriveRenewals):
                waiting = self._waiting.setdefault(effect.tenant_id, {})
                waiting.update(dict.fromkeys(effect.purchase_ids))
            self._tasks[effect] = asyncio.create_task(self._do(effect))

    @property
    def busy(self) -> bool:
        """More is begun than can be done at once, of all that has no places of its own."""
        return sum(type(one) not in self._apart for one in self._tasks) > self._limit

    async def _do(self, effect: Effect) -> None:
        following: tuple[Effect, ...] = ()
        try:
            async with self._apart.get(type(effect), self._slots):
                if self._until_s is not None:
                    return
                doing = self._take(effect) if isinstance(effect, DriveRenewals) else effect
                if doing is not None:
                    following = await self._handlers[type(doing)](doing)
        except DatabaseGone as gone:
            _log.warning("effect_without_database", effect=repr(effect), why=str(gone))
        except Exception:
            _log.exception("effect_failed", effect=repr(effect))
        finally:
            self._tasks.pop(effect, None)
        if effect in self._again:
            self._again.discard(effect)
            self.run((effect,))
        self.run(following)

    def _take(self, effect: DriveRenewals) -> DriveRenewals | None:
        """What a group of renewals drives that has a place: the first of its tenant that wait, as many as
        go together, so that many groups of one need no place each. None when those before it took all.
        Each takes as many as it added, or more, so none is left without a task."""
        waiting = self._waiting.get(effect.tenant_id, {})
        taken = tuple(islice(waiting, max(TOGETHER, len(effect.purchase_ids))))
        for one in taken:
            del waiting[one]
        if not waiting:
            self._waiting.pop(effect.tenant_id, None)
        return DriveRenewals(effect.tenant_id, taken) if taken else None

    @property
    def is_doing(self) -> bool:
        """Something is being done, or waits for a place."""
        return bool(self._tasks)

    async def idle(self) -> None:
        """Wait until nothing is being done."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def rest(self, most_s: float) -> bool:
        """Wait until all is done that is about something, for at most ``most_s`` seconds of real
        time; whether there was any. Mail and whatever else only looks is not waited for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + most_s
        waited = False
        while doing := [task for one, task in self._tasks.items() if not isinstance(one, Look)]:
            waited = True
            if (left_s := end - loop.time()) <= 0:
                break
            await asyncio.wait(doing, timeout=left_s)
        return waited

    def end(self, within_s: float) -> None:
        """Begin nothing any more; what is being done has so many seconds of real time to end. The rows
        keep the rest due, for others."""
        self._until_s = asyncio.get_running_loop().time() + within_s

    async def stop(self) -> None:
        """Give up what is being done, at once or when the time that it was given is over; the rows keep
        it due."""
        tasks = list(self._tasks.values())
        if tasks and self._until_s is not None:
            left_s = self._until_s - asyncio.get_running_loop().time()
            await asyncio.wait(tasks, timeout=max(left_s, 0))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._waiting.clear()
