"""A PostgreSQL that is killed and started again, and is found at one address all the while."""

import asyncio
import os
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from brimful.db.embedded import embedded

_BACKENDS = """
    select pid from pg_stat_activity
    where application_name = 'brimful' and pid <> pg_backend_pid() order by state = 'active' desc, pid
"""


class Cluster:
    """Durable, as in production; its socket is reached by a link that follows it."""

    def __init__(self) -> None:
        # A socket's path may not be long, as those of a test's own folder are.
        self._folder = Path(tempfile.mkdtemp(prefix="brimful-cluster-"))
        self._folder.chmod(0o755)
        self._life = AsyncExitStack()
        self.admin = f"postgresql://brimful@/postgres?host={self._folder / 'at'}"

    async def __aenter__(self) -> "Cluster":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._life.aclose()
        shutil.rmtree(self._folder)

    async def start(self) -> None:
        """Start it, and wait until it has recovered."""
        dsn = await self._life.enter_async_context(embedded(self._folder / "data"))
        made = self._folder / "made"
        made.symlink_to(parse_qs(urlsplit(dsn).query)["host"][0])
        made.replace(self._folder / "at")

    async def kill(self) -> None:
        """kill -9 of the server; its backends find out. Returns when it is gone."""
        pidfile = self._folder / "data" / "pg" / "postmaster.pid"
        os.kill(int(pidfile.read_text().split()[0]), signal.SIGKILL)
        await self._life.aclose()

    async def kill_backend(self, which: int) -> None:
        """kill -9 of a process that works for the engine: the server throws all connections away and
        recovers from its log."""
        pids = [row["pid"] for row in await self.ask(_BACKENDS)]
        os.kill(pids[which % min(3, len(pids))], signal.SIGKILL)

    async def ask(self, sql: str, *args: Any) -> list[Any]:
        """The rows of a statement, once it has recovered."""
        async with asyncio.timeout(30):
            while True:
                try:
                    connection = await asyncpg.connect(self.admin, timeout=5)
                    rows: list[Any] = await connection.fetch(sql, *args)
                    await connection.close()
                    return rows
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await asyncio.sleep(0.02)
