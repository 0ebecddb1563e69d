"""Holding work up where a test wants it, and waiting for what a test waits for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from brimful.db.transaction import Database, Transaction
from brimful.usecases.steps import Step, set_hook

# What happens at all happens within this, on a machine with much else to do as well; what does not, never.
SOON_S = 100


@dataclass(slots=True)
class Held:
    """Work that stands at a step: ``arrived`` when the first has come, until ``go`` is set."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.asynccontextmanager
async def held_at(
    step: Step, which: Callable[[Any], bool] = lambda subject: True
) -> AsyncIterator[Held]:
    """Hold up all that reaches a step with such a subject, until told to let go, or the end."""
    held = Held()

    async def hook(reached: Step, subject: object) -> None:
        if reached is step and which(subject):
            held.arrived.set()
            await held.go.wait()

    set_hook(hook)
    try:
        yield held
    finally:
        held.go.set()
        set_hook(None)


async def until(condition: Callable[[], Awaitable[Any]], timeout_s: float = SOON_S) -> None:
    """Wait until a condition holds. Raises TimeoutError when it does not within the time."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.01)


async def blocked(tx: Transaction | Database, number: int) -> bool:
    """Whether so many statements of this database, or more, wait for a lock."""
    waiting: int = await tx.fetchval(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
        "and datname = current_database()"
    )
    return waiting >= number
