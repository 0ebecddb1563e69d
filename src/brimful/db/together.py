"""Reads that are asked for at the same time are one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Reads by key. Nothing is kept: whoever asks is answered by a statement that began after it did.

    A statement begins in the turn of the loop after the first that asks, and while ``at_once`` are under
    way the next ones gather; so a quiet process reads each by itself, and a busy one hundreds together.
    """

    def __init__(
        self,
        read: Callable[[list[K]], Awaitable[Mapping[K, V]]],
        *,
        most: int = 500,
        at_once: int = 2,
    ) -> None:
        self._read, self._most, self._at_once = read, most, at_once
        # Each who asks waits for itself: one that is cancelled takes nothing from the others.
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = 0
        self._about_to_read = False

    async def of(self, key: K) -> V | None:
        """What is there by a key; None for nothing. Raises what reading raises."""
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        waiting = self._asked.get(key)
        if waiting is None:
            self._asked[key] = [answer]
            self._begin()
        else:
            waiting.append(answer)
        return await answer

    def _begin(self) -> None:
        if self._about_to_read or self._reading >= self._at_once:
            return
        self._about_to_read = True
        self._reading += 1
        task = asyncio.create_task(self._read_all())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_all(self) -> None:
        self._about_to_read = False
        try:
            while self._asked:
                keys = list(self._asked)[: self._most]
                asked = {key: self._asked.pop(key) for key in keys}
                await self._answer(asked)
        finally:
            self._reading -= 1

    async def _answer(self, asked: dict[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._read(list(asked))
        except Exception as problem:
            for answer in _still_there(asked.values()):
                answer.set_exception(problem)
            return
        for key, waiting in asked.items():
            for answer in _still_there((waiting,)):
                answer.set_result(found.get(key))


def _still_there(waiting: Iterable[list[asyncio.Future[V]]]) -> Iterator[asyncio.Future[V]]:
    """Those who ask and have not gone away."""
    return (one for some in waiting for one in some if not one.done())
