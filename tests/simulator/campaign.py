"""Many seeds: a database of its own for each process that simulates, one server for all."""

import asyncio
import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from tests.simulator.loop import SimLoop
from tests.simulator.run import Ground, Outcome, listen, run_seed
from tests.simulator.sessions import open_session
from tests.simulator.stall import keeps_at
from tests.simulator.stock import Stock

ROOT = Path(__file__).resolve().parents[2]
SESSIONS = 12
SERVER = (
    "fsync=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0",
    "shared_buffers=128MB", "deadlock_timeout=1s", "synchronous_commit=off", "track_activities=off",
    "track_counts=off", "update_process_title=off", "max_wal_size=512MB", "bgwriter_lru_maxpages=0",
)  # fmt: skip


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[str]:
    """A PostgreSQL to throw away."""
    with tempfile.TemporaryDirectory(prefix="brimful-simulator-") as folder:
        Path(folder).chmod(0o755)
        async with embedded(Path(folder), settings=SERVER) as dsn:
            yield dsn


async def open_ground(loop: SimLoop, dsn: str, name: str) -> Ground:
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
    return Ground(loop, sessions, await open_session(mine), rows)


def _stay(core: int, pids: Iterable[int]) -> None:
    """Keep this process and those of its connections on one core, where the system has a way to: they
    take turns anyway, and each would only wake the other from afar."""
    with contextlib.suppress(AttributeError, OSError):
        for pid in (0, *pids):
            os.sched_setaffinity(pid, {core})


def simulate(
    dsn: str,
    name: str,
    seeds: Iterable[int],
    *,
    keep_trace: bool = False,
    core: int | None = None,
) -> Iterator[Outcome]:
    """Play seeds one after the other in this process, on a database of its own."""
    listen()
    loop = SimLoop()
    asyncio.set_event_loop(loop)
    try:
        here = loop.run_until_complete(open_ground(loop, dsn, name))
        if core is not None:
            _stay(core, [one.pid for one in (*here.sessions, here.monitor)])
        # A twentieth of the time; what a run leaves behind is collected now and then, by itself.
        gc.disable()
        gc.freeze()
        for played, seed in enumerate(seeds):
            if played % 20 == 19:
                gc.collect()
            yield loop.run_until_complete(run_seed(here, seed, keep_trace=keep_trace))
    finally:
        gc.unfreeze()
        gc.enable()
        loop.gate = None
        loop.close()


@dataclass(frozen=True, slots=True)
class Share:
    """What one process is to play: seeds from ``start`` to ``stop`` by ``step``, beginning none after
    ``within_s`` seconds, and of them only those of which ``at`` is a weak spot, if given; on the
    ``core`` of the machine, if one is named."""

    dsn: str
    name: str
    start: int
    stop: int
    step: int
    within_s: float | None = None
    at: str | None = None
    core: int | None = None

    @property
    def seeds(self) -> Iterator[int]:
        """Them."""
        seeds = range(self.start, self.stop, self.step)
        return (one for one in seeds if self.at is None or keeps_at(one, self.at))


def _cores(jobs: int) -> list[int] | list[None]:
    """A core for each of so many processes; none where there are not as many."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return cores[:jobs] if jobs <= len(cores) else [None] * jobs


async def run_all(
    seeds: range,
    jobs: int,
    within_s: float | None,
    at: str | None,
    seen: Callable[[Outcome], None],
) -> None:
    """Play seeds in so many processes as ``Share`` says; each outcome is ``seen`` as it comes."""
    async with server() as dsn:
        shares = [
            Share(dsn, f"simulated_{job}", seeds.start + job, seeds.stop, jobs, within_s, at, core)
            for job, core in zip(range(min(jobs, len(seeds))), _cores(jobs), strict=False)
        ]
        working = [asyncio.create_task(_listen(share, seen)) for share in shares]
        try:
            await asyncio.gather(*working)
        finally:
            for one in working:
                one.cancel()
            await asyncio.gather(*working, return_exceptions=True)


async def _listen(share: Share, seen: Callable[[Outcome], None]) -> None:
    """One process, whose every line is an outcome."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulator.worker", json.dumps(asdict(share)),
        stdout=asyncio.subprocess.PIPE, env=environment(), cwd=ROOT, limit=2**24,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            seen(Outcome(**json.loads(line)))
        if await process.wait():
            raise RuntimeError(f"a process that simulates ended with status {process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def work(text: str) -> None:
    """What such a process does: its seeds, one after the other, a line of JSON each."""
    share = Share(**json.loads(text))
    began = time.monotonic()
    for outcome in simulate(share.dsn, share.name, share.seeds, core=share.core):
        print(json.dumps(asdict(outcome)), flush=True)
        if share.within_s is not None and time.monotonic() - began > share.within_s:
            return


def environment() -> dict[str, str]:
    """Ours, with hashes of texts that are the same in every process."""
    paths = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": paths}
