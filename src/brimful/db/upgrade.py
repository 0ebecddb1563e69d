"""Alembic drives the folders of SQL files, forward only."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from brimful.db.address import connection_to
from brimful.db.migrate import check, is_later

HERE = Path(__file__).parent / "migrations"


async def upgrade(dsn: str) -> None:
    """Run what is missing, in one transaction. Several processes may do so at once: one works, the
    others wait. Raises CannotConnect, OtherSchema, or what PostgreSQL raises."""
    # The driver reads the address itself, as it does for the engine's own pool: what is right for
    # one (sslmode and the like) is right for the other.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=partial(connection_to, dsn), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            # Seen by every process that migrates, gone with the transaction; correctness of money
            # rests on no such lock.
            await connection.exec_driver_sql("select pg_advisory_xact_lock(6274)")
            # While we waited, a later release may have been the one that worked.
            at = await _at(connection)
            if not is_later(at):
                await connection.run_sync(_upgrade)
            check(await _notes(connection), at)
    finally:
        await engine.dispose()


async def _at(connection: AsyncConnection) -> str | None:
    """The revision that the database is at, if it is at one."""
    exists = await connection.exec_driver_sql("select to_regclass('alembic_version') is not null")
    if not exists.scalar():
        return None
    at = await connection.exec_driver_sql("select version_num from alembic_version")
    found: str | None = at.scalar()
    return found


async def _notes(connection: AsyncConnection) -> dict[str, str]:
    """The hash of the files that each revision was made with."""
    exists = await connection.exec_driver_sql("select to_regclass('migration_note') is not null")
    if not exists.scalar():
        return {}
    rows = await connection.exec_driver_sql("select revision, sha256 from migration_note")
    return {row.revision: row.sha256 for row in rows}


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
