"""What is measured, as it is run for real: a PostgreSQL, ``brimful serve`` and a test gateway, each a
process of its own on this machine."""

import asyncio
import contextlib
import resource
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from tests.builders.processes import free_port

from benchmarks.spends.measured import ROOT, environment
from benchmarks.spends.meters import Meter, postmaster_of
from benchmarks.spends.sizes import Sizes
from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from brimful.db.transaction import Database, connect
from brimful.domain.moment import Moment
from brimful.gateways.testbank.adapter import Testbank
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine

# A server that has not said where it listens after so long will not.
STARTS_WITHIN_S = 300
EVENTS = "/v1/gateways/testbank/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The database, the bank and how to put an API before them."""

    dsn: str
    folder: Path
    bank_url: str
    # Where the first server will listen: the bank sends its events there.
    port: int
    secret: str
    connection: Any
    postmaster: int

    @asynccontextmanager
    async def engine(self, clock: "Clock | None" = None) -> AsyncIterator[Engine]:
        """An engine in this process, to make a world with."""
        db = await connect(self.dsn)
        gateway = Testbank(self.bank_url, events_secret=self.secret)
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="testbank",
            clock=clock or Clock(),
            mailer=FolderMailer(self.folder / "mail"),
            settings=Settings(),
        )
        try:
            yield engine
        finally:
            await engine.stop()
            await gateway.close()
            await db.close()

    @asynccontextmanager
    async def serving(self, servers: int) -> AsyncIterator[tuple[list[str], Meter]]:
        """So many ``brimful serve``: their addresses, and a meter of them and of PostgreSQL."""
        async with AsyncExitStack() as stack:
            processes, addresses = [], []
            for number in range(servers):
                port = self.port if number == 0 else free_port()
                env = {
                    "DATABASE_URL": self.dsn,
                    "BRIMFUL_PORT": str(port),
                    "BRIMFUL_DATA_DIR": str(self.folder),
                    "BRIMFUL_TESTBANK_URL": self.bank_url,
                    "BRIMFUL_EVENTS_SECRET": self.secret,
                }
                words = ("-m", "brimful.cli", "serve")
                process = await stack.enter_async_context(running(*words, env=env))
                await first_line(process, words)
                processes.append(process.pid)
                addresses.append(f"127.0.0.1:{port}")
            pids = {"server": processes, "postgres": [self.postmaster]}
            yield addresses, Meter(self.connection, pids)

    async def calm(self) -> None:
        """Before each measured run, of ours and of a rival: the same state of the log, and plans that
        know the tables."""
        await self.connection.execute("vacuum analyze")
        await self.connection.execute("checkpoint")

    async def check_books(self) -> None:
        """Raises SystemExit when the audit finds something: a figure of wrong books is none."""
        # Millions of entries take longer than a statement of the engine ever may.
        patient = {"work_mem": "256MB"}
        async with asyncpg.create_pool(
            self.dsn, min_size=1, max_size=1, server_settings=patient
        ) as pool:
            findings = await audit(Database(pool))
        if findings:
            raise SystemExit(f"the books are wrong: {findings[:3]}")


class Clock:
    """Business time is real time, or stands at an instant."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def moment(self) -> Moment:
        """Now."""
        now = datetime.now(UTC)
        return Moment(at=self._at or now, real_at=now)


@asynccontextmanager
async def stage(sizes: Sizes) -> AsyncIterator[Stage]:
    """A fresh database in a folder of its own, with a bank; all is gone afterwards."""
    _allow_connections(sizes.soak_connections)
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="brimful-bench-"))
        folder = Path(name)
        folder.chmod(0o755)
        settings = tuple(sizes.postgres.split())
        dsn = await stack.enter_async_context(embedded(folder / "db", settings=settings))
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        stack.push_async_callback(connection.close)
        port, secret = free_port(), secrets.token_hex(16)
        words = ("-m", "benchmarks.spends.timed_bank")
        events_url = f"http://127.0.0.1:{port}{EVENTS}"
        env = {"BRIMFUL_EVENTS_SECRET": secret}
        bank = await stack.enter_async_context(running(*words, "--events-url", events_url, env=env))
        await _say_settings(connection, sizes)
        yield Stage(
            dsn=dsn,
            folder=folder,
            bank_url=await first_line(bank, words),
            port=port,
            secret=secret,
            connection=connection,
            postmaster=await postmaster_of(connection),
        )


def _allow_connections(connections: int) -> None:
    """For processes that start from now on: a file for each connection, and some."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 500
    if most not in (-1, resource.RLIM_INFINITY):
        wanted = min(wanted, most)
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _say_settings(connection: Any, sizes: Sizes) -> None:
    """On standard error: what PostgreSQL was told that is not its default, and our sizes."""
    version = await connection.fetchval("show server_version")
    told = await connection.fetchval(
        "select string_agg(format('%s=%s%s', name, setting, coalesce(unit, '')), ', ' order by name) "
        "from pg_settings where name in ('shared_buffers', 'fsync', 'synchronous_commit', "
        "'full_page_writes', 'max_wal_size', 'wal_compression', 'autovacuum', 'wal_sync_method')"
    )
    print(f"PostgreSQL {version}: {told}\nsizes: {sizes.text()}", file=sys.stderr, flush=True)


@asynccontextmanager
async def running(*words: str, env: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python of ours on ``words`` for as long as this lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=environment(**env), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 15)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def first_line(process: asyncio.subprocess.Process, words: tuple[str, ...]) -> str:
    """What it says once it is ready. Raises SystemExit when it is not in time."""
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
    except TimeoutError:
        said = b""
    if not said:
        raise SystemExit(f"{' '.join(words)} did not start; the lines above may say why")
    return said.decode().strip()
