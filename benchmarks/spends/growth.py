"""A ledger with many entries beside one with few: the rate of spends over HTTP, a page of a statement
and a balance (acceptance 6)."""

import asyncio
import sys
from datetime import UTC, datetime
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
# One account has this part of all entries: its statement is the longest.
HOT_PART = 20
# So many accounts get their past in one transaction.
TOGETHER = 100
# With more entries than this the audit takes longer than the measurement.
AUDITED = 1_000_000


def run() -> list[Figure]:
    """The rate with many entries by that with few; a page and a balance with many."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    few, _ = await _measured(chosen, 0)
    many, readings = await _measured(chosen, chosen.entries)
    ratio = Figure(
        name="growth_ratio",
        value=many.per_second / few.per_second,
        unit="of the rate",
        rival="limit",
        rival_value=RATE_LIMIT,
        more_is_better=True,
        details={"entries": chosen.entries, "few": few.details(), "many": many.details()},
    )
    return [tell(one) for one in (ratio, *readings)]


async def _measured(chosen: Sizes, entries: int) -> tuple[Measured, list[Figure]]:
    """On a fresh database with so many entries beside those that each account begins with."""
    async with stage(chosen) as at:
        clock = Clock(datetime.now(UTC) - BEGAN)
        async with at.engine(clock) as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        if entries:
            await _grow(at, world, entries)
        async with at.serving(chosen.servers) as (addresses, meter):
            load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
            measured = await load.run(load.plan(world.many))
            readings = await _read(addresses[0], world, entries) if entries else []
        if entries <= AUDITED:
            await at.check_books()
        return measured, readings


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


async def _read(address: str, world: World, entries: int) -> list[Figure]:
    """The newest page of the longest statement, a page from its middle, and balances."""
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
    figures, caller = [], Caller(address, world.key)
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
