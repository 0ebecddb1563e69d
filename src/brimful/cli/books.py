"""Proving the books of a database, or of a demo that is not running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from brimful.cli.database import embedded_in, kept_database, opened
from brimful.cli.errors import BadInput
from brimful.cli.fresh import DEMO_DATABASE, named
from brimful.ledger.audit import Finding, audit
from brimful.settings import Settings

_BESIDE = (
    "nobody else can look into it meanwhile: stop it first, or keep the books in a PostgreSQL of "
    "your own with DATABASE_URL, where they can be audited at any time"
)


async def prove(settings: Settings, data: Path | None) -> list[Finding]:
    """What contradicts the books: of the database of the settings, or of the one in ``data``."""
    async with _database(settings, data) as dsn, opened(dsn) as db:
        return await audit(db)


@asynccontextmanager
async def _database(settings: Settings, data: Path | None) -> AsyncIterator[str]:
    if data is None:
        async with kept_database(settings, in_use=_BESIDE) as dsn:
            yield dsn
        return
    # Every embedded database leaves its lock's file in its folder; nothing is made where none was.
    if not (data / "lock").is_file():
        raise BadInput(f"there is no embedded database in {data}")
    async with embedded_in(data, in_use=_BESIDE) as admin:
        yield named(admin, DEMO_DATABASE) if await _has_demo(admin) else admin


async def _has_demo(admin: str) -> bool:
    connection = await asyncpg.connect(admin)
    try:
        sql = "select exists (select from pg_database where datname = $1)"
        return bool(await connection.fetchval(sql, DEMO_DATABASE))
    finally:
        await connection.close()
