"""The demo: a small world, told as stories or served to try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from brimful.cli.database import embedded_in
from brimful.cli.fresh import DEMO_DATABASE, fresh
from brimful.settings import Settings, read_settings

HOST = "127.0.0.1"
# One person looks on: each further connection would only learn the same statements anew.
POOL_SIZE_MAX = 4
IN_USE = "stop it, or choose another folder with --data"


async def tell(data: Path) -> None:
    """Make the world afresh, and tell its stories."""
    settings = _settings(data)
    async with _database(data) as dsn:
        from brimful.cli import demo_world

        await demo_world.tell(settings, dsn)


async def serve(data: Path, port: int) -> None:
    """Make the world afresh, and serve it until the process is told to stop."""
    from brimful.cli.listening import close, take_port

    settings = _settings(data)
    sockets = take_port(HOST, port, "--port")
    try:
        async with _database(data) as dsn:
            from brimful.cli import demo_world

            await demo_world.serve(settings, dsn, HOST, sockets)
    finally:
        close(sockets)


def _settings(data: Path) -> Settings:
    """A demo is apart from what the machine is set up for: it writes its mail into files, what it
    charges is never real, and its business time may be advanced. Raises WrongSettings."""
    return read_settings(
        data_dir=data, smtp_url=None, production=False, testbank_url=None, stripe_key=None,
        test_clock=True, pool_size_max=POOL_SIZE_MAX,
    )  # fmt: skip


@asynccontextmanager
async def _database(data: Path) -> AsyncIterator[str]:
    """A new database, so that every demo begins with the same figures. Another process makes it, and
    what the demo runs is loaded meanwhile."""
    loading = asyncio.create_task(asyncio.to_thread(import_module, "brimful.cli.demo_world"))
    async with embedded_in(data, in_use=IN_USE) as admin:
        dsn = await fresh(admin, DEMO_DATABASE)
        await loading
        yield dsn
