"""A ledger with many entries beside one with few: the rate of spends over HTTP, a page of a statement
and a balance."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from rich.progress import Progress

from benchmarks.figure import Figure
from benchmarks.spends.history import BEGAN, make_history
from benchmarks.spends.http import Caller
from benchmarks.spends.load import Load
from benchmarks.spends.measured import Measured, tell
from benchmarks.spends.plan import quantile_ms
from benchmarks.spends.sizes import Sizes, sizes
from benchmarks.spends.stage import Clock, Stage, stage
from benchmarks.spends.world import World, make_world

RATE_LIMIT = 0.85
PAGE_LIMIT_MS, BALANCE_LIMIT_MS = 20.0, 2.0
READINGS = 200
# The two are measured so many times each: an even number, so that each is first as often as the other.
TURNS = 4
# Before that each is run once more, with other spends, and not counted.
WARMING_SEED = 100
# One account has this part of all entries: its statement is the longest.
HOT_PART = 20
# So many accounts get their past in one transaction.
TOGETHER = 100
# With more entries than this the audit takes longer than the measurement.
AUDITED = 1_000_000


T = TypeVar("T")


def run() -> list[Figure]:
    """The rate with many entries by that with few; a page and a balance with many."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with _ledger(chosen, 0) as few, _ledger(chosen, chosen.entries) as many:
        # The pages of a large ledger come to memory as they are used, and each is written to the log whole
        # when it is first changed after a checkpoint. What a ledger does between two checkpoints is asked
        # about, not in the seconds after one: there is one before all runs and none between.
        for one in (few, many):
            await one.begin(WARMING_SEED)
        runs = await in_turns(few.run, many.run)
        rates = [sum(one.per_second for one in of_one) / TURNS for of_one in runs]
        ratio = Figure(
            name="growth_ratio",
            value=rates[1] / rates[0],
            unit="of the rate",
            rival="limit",
            rival_value=RATE_LIMIT,
            more_is_better=True,
            details={
                "entries": chosen.entries,
                "few": [one.details() for one in runs[0]],
                "many": [one.details() for one in runs[1]],
            },
        )
        readings = await _read(many, chosen.entries)
    return [tell(one) for one in (ratio, *readings)]


@dataclass(frozen=True, slots=True)
class _Ledger:
    """A ledger that is served, and the load on it."""

    world: World
    address: str
    load: Load

    async def begin(self, seed: int) -> Measured:
        """Spends at full load, spread over all accounts, from a calm database."""
        return await self.load.run(self.load.plan(self.world.many, seed=seed))

    async def run(self, seed: int) -> Measured:
        """The same, from where the last run ended."""
        return await self.load.go_on(self.load.plan(self.world.many, seed=seed))


@asynccontextmanager
async def _ledger(chosen: Sizes, entries: int) -> AsyncIterator[_Ledger]:
    """A fresh database with so many entries beside those that each account begins with."""
    async with stage(chosen) as at:
        clock = Clock(datetime.now(UTC) - BEGAN)
        async with at.engine(clock) as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        if entries:
            await _grow(at, world, entries)
        async with at.serving(chosen.servers) as (addresses, meter):
            load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
            yield _Ledger(world, addresses[0], load)
        if entries <= AUDITED:
            await at.check_books()


async def in_turns(
    one: Callable[[int], Awaitable[T]], other: Callable[[int], Awaitable[T]]
) -> tuple[list[T], list[T]]:
    """What came of each of two that stand beside each other and are run in turns, with the same seeds: a
    machine that is faster at one time than at another is so for both."""
    ones: list[T] = []
    others: list[T] = []
    for turn in range(TURNS):
        pair = [(one, ones), (other, others)]
        for run, results in pair if turn % 2 == 0 else reversed(pair):
            results.append(await run(turn))
    return ones, others


async def _grow(at: Stage, world: World, entries: int) -> None:
    hot = entries // HOT_PART
    await make_history(at.connection, [_id(world.hot)], hot)
    each = (entries - hot) // len(world.many)
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("entries", total=len(world.many))
        for first in range(0, len(world.many), TOGETHER):
            some = [_id(one) for one in world.many[first : first + TOGETHER]]
            await make_history(at.connection, some, each)
            progress.advance(task, len(some))


def _id(shown: str) -> UUID:
    return UUID(hex=shown.removeprefix("acc_"))


async def _read(ledger: _Ledger, entries: int) -> list[Figure]:
    """The newest page of the longest statement, a page from its middle, and balances."""
    world = ledger.world
    middle = entries // HOT_PART // 2
    statement = f"/v1/accounts/{world.hot}/statement?limit=50"
    asked = (
        ("statement_page_ms_p99", [statement], PAGE_LIMIT_MS),
        ("statement_old_page_ms_p99", [f"{statement}&after={max(1, middle)}"], PAGE_LIMIT_MS),
        (
            "balance_ms_p99",
            [f"/v1/accounts/{one}/balance" for one in world.many[:READINGS]],
            BALANCE_LIMIT_MS,
        ),
    )
    figures, caller = [], Caller(ledger.address, world.key)
    for name, paths, limit in asked:
        took: list[float] = []
        for number in range(READINGS):
            status, body, sent_at, answered_at = await caller.ask("GET", paths[number % len(paths)])
            if status != 200:
                raise SystemExit(f"{name}: answered {status}: {body[:300]!r}")
            took.append(answered_at - sent_at)
        figures.append(
            Figure(
                name=name,
                value=quantile_ms(took, 99),
                unit="ms",
                rival="limit",
                rival_value=limit,
                details={"p50_ms": quantile_ms(took, 50), "entries": entries},
            )
        )
    caller.close()
    return figures
