"""What every use case is given: the database, the cover tables, and two facts about the gateway."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from brimful.db.transaction import Database, Transaction
from brimful.domain.cover import CoverTables, Pack

# The least recently used tables go when there are more of them, or when they take more memory; the
# last used always stay.
_TABLES_KEPT = 256
_TABLES_BYTES = 512 * 1024 * 1024


class CoversNotReady(Exception):
    """A catalogue changed between warming its tables and planning: warm again and repeat."""

    def __init__(self, packs: tuple[Pack, ...]) -> None:
        super().__init__("the catalogue changed while a purchase was planned")
        self.packs = packs


class CoverCache:
    """Tables of covers by catalogue: built outside transactions, shared by all who plan (R12)."""

    def __init__(self) -> None:
        self._tables: OrderedDict[tuple[Pack, ...], CoverTables] = OrderedDict()
        self._building: dict[tuple[Pack, ...], asyncio.Task[CoverTables]] = {}

    def of(self, packs: tuple[Pack, ...]) -> CoverTables | None:
        """The tables of some packs, None for none. Never builds: raises CoversNotReady."""
        if not packs:
            return None
        tables = self._tables.get(packs)
        if tables is None:
            raise CoversNotReady(packs)
        self._tables.move_to_end(packs)
        return tables

    async def warm(self, packs: tuple[Pack, ...]) -> None:
        """Build the tables of some packs off the event loop, once however many ask."""
        task = self._building.get(packs)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(CoverTables.build, packs))
            self._building[packs] = task
            task.add_done_callback(lambda _: self._building.pop(packs, None))
        self._tables[packs] = await asyncio.shield(task)
        self._tables.move_to_end(packs)
        self._evict()

    def _evict(self) -> None:
        size = sum(tables.nbytes for tables in self._tables.values())
        while len(self._tables) > 1 and (len(self._tables) > _TABLES_KEPT or size > _TABLES_BYTES):
            _, gone = self._tables.popitem(last=False)
            size -= gone.nbytes


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all use cases of a process; holds no state of any account."""

    db: Database
    gateway: str
    minimum_minor: Callable[[str], int]
    # Where the owners' pages are: what links in notices begin with.
    public_url: str = ""
    covers: CoverCache = field(default_factory=CoverCache)


T = TypeVar("T")


Body = Callable[[Transaction], Awaitable[T]]


async def with_covers(ctx: Context, body: Body[T]) -> T:
    """Run a transaction that plans purchases; when it meets a catalogue whose tables are not built,
    build them with no transaction open and run it again (R12)."""

    async def once() -> T:
        return await ctx.db.run(body)

    return await _warmed(ctx, once)


async def reading_with_covers(ctx: Context, body: Body[T]) -> T:
    """The same of a forecast that only reads, each time what is committed by then."""

    async def once() -> T:
        async with ctx.db.reading() as connection:
            return await body(connection)

    return await _warmed(ctx, once)


async def _warmed(ctx: Context, once: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await once()
        except CoversNotReady as stale:
            await ctx.covers.warm(stale.packs)
