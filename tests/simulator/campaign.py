"""Many seeds: a database of its own for each process that simulates, one server for all."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg

from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from tests.simulator.loop import SimLoop
from tests.simulator.run import Outcome, Place_, listen, run_seed
from tests.simulator.sessions import open_session
from tests.simulator.stock import Stock

SESSIONS = 12
SERVER = (
    "fsync=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0",
    "shared_buffers=64MB", "deadlock_timeout=1s", "synchronous_commit=off", "track_activities=on",
    "max_wal_size=4GB",
)  # fmt: skip


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[str]:
    """A PostgreSQL to throw away."""
    with tempfile.TemporaryDirectory(prefix="brimful-simulator-") as folder:
        Path(folder).chmod(0o755)
        async with embedded(Path(folder), settings=SERVER) as dsn:
            yield dsn


async def open_place(loop: SimLoop, dsn: str, name: str) -> Place_:
    """A migrated database of one's own on a server, with connections to it."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"create database {name}")
    await admin.close()
    head, _, query = dsn.partition("?")
    mine = f"{head.rsplit('/', 1)[0]}/{name}?{query}"
    await migrate(mine)
    rows = Stock(await asyncpg.connect(mine))
    await rows.prepare()
    sessions = [await open_session(mine) for _ in range(SESSIONS)]
    return Place_(loop, sessions, await asyncpg.connect(mine), rows)


def simulate(dsn: str, name: str, seeds: range, *, keep_trace: bool = False) -> Iterator[Outcome]:
    """Play seeds one after the other in this process, on a database of its own."""
    listen()
    loop = SimLoop()
    asyncio.set_event_loop(loop)
    try:
        here = loop.run_until_complete(open_place(loop, dsn, name))
        for seed in seeds:
            yield loop.run_until_complete(run_seed(here, seed, keep_trace=keep_trace))
    finally:
        loop.gate = None
        loop.close()


def environment() -> dict[str, str]:
    """Ours, with hashes of texts that are the same in every process."""
    return {**os.environ, "PYTHONHASHSEED": "0"}
