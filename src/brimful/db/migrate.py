"""Migrations: Alembic drives folders of SQL files, forward only."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from brimful.db.address import connection_to

HERE = Path(__file__).parent / "migrations"


async def migrate(dsn: str) -> None:
    """Bring the database at ``dsn`` to the newest schema. Several processes may do so at once: one
    works, the others wait. Raises CannotConnect, or what PostgreSQL raises; the schema is then as
    it was."""
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
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
