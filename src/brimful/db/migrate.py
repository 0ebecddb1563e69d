"""Migrations: Alembic drives folders of SQL files, forward only."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from brimful.db.address import connection_to
from brimful.db.migrations.run_folder import hash_of

HERE = Path(__file__).parent / "migrations"


class OtherSchema(OSError):
    """The database was made by other files of a revision than these: by a version of brimful that
    was never released. It has to be made anew."""


async def migrate(dsn: str) -> None:
    """Bring the database at ``dsn`` to the newest schema. Several processes may do so at once: one
    works, the others wait. Raises CannotConnect, OtherSchema, or what PostgreSQL raises; the schema
    is then as it was."""
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
            await connection.run_sync(_upgrade)
            await _check(connection)
    finally:
        await engine.dispose()


async def _check(connection: AsyncConnection) -> None:
    exists = await connection.exec_driver_sql("select to_regclass('migration_note') is not null")
    notes = {}
    if exists.scalar():
        rows = await connection.exec_driver_sql("select revision, sha256 from migration_note")
        notes = {row.revision: row.sha256 for row in rows}
    for folder in (
        path.name for path in HERE.iterdir() if (HERE / "versions" / f"{path.name}.py").exists()
    ):
        if notes.get(folder) != hash_of(folder):
            raise OtherSchema(
                f"the database was made by another, unreleased version of brimful (revision {folder}); "
                "start with a new one: an empty database, or another folder in BRIMFUL_DATA_DIR"
            )


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
