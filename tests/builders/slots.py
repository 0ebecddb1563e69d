"""The places on which cases of a cascade are played, a few at a time."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.builders.chain import Chain, Slot, slot_on


class Slots:
    """A slot on each of some databases, for chains of some depths; free ones wait in a queue."""

    def __init__(self, chains: dict[int, Chain], databases: Sequence[str], folder: Path) -> None:
        self._chains, self._databases, self._folder = chains, databases, folder
        self._free: asyncio.Queue[Slot] = asyncio.Queue()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        for number, dsn in enumerate(self._databases):
            slot = await self._stack.enter_async_context(slot_on(dsn, self._folder / str(number)))
            self._free.put_nowait(slot)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
