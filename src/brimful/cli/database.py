"""The database of a command: the one of the settings, or an embedded one while the command runs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from brimful.cli.errors import BadInput
from brimful.db.embedded import InUse, embedded
from brimful.db.migrate import is_begun, migrate
from brimful.db.transaction import Database, connect
from brimful.settings import Settings

STOP_OR_SHARE = (
    "stop it, choose another folder with BRIMFUL_DATA_DIR, or share a PostgreSQL of your own among "
    "several processes with DATABASE_URL"
)


@asynccontextmanager
async def database_of(settings: Settings, *, in_use: str = STOP_OR_SHARE) -> AsyncIterator[str]:
    """The address of the database: DATABASE_URL, or an embedded one for as long as this lasts.

    ``in_use`` is what to do when another process uses that one. Raises InUse, CannotStart.
    """
    if settings.database_url:
        yield settings.database_url
        return
    async with embedded_in(settings.data_dir, in_use=in_use) as dsn:
        yield dsn


@asynccontextmanager
async def embedded_in(data: Path, *, in_use: str) -> AsyncIterator[str]:
    """The embedded database of a folder; see database_of. Raises InUse, CannotStart."""
    async with AsyncExitStack() as stack:
        try:
            dsn = await stack.enter_async_context(embedded(data))
        except InUse:
            told = f"another brimful is using the database in {data}; {in_use}"
            raise InUse(told) from None
        yield dsn


@asynccontextmanager
async def kept_database(settings: Settings, *, in_use: str = STOP_OR_SHARE) -> AsyncIterator[str]:
    """As ``database_of``, of one that is there: for commands that tell what is in it. Of a new and empty
    one, made because a setting is missing, they would say that all is well. Raises BadInput, too."""
    place = settings.data_dir
    # Every embedded database leaves its lock's file in its folder; nothing is made where none was.
    if not settings.database_url and not (place / "lock").is_file():
        raise BadInput(
            f"there is no database in {place}; set DATABASE_URL or BRIMFUL_DATA_DIR to the one that "
            "the server uses"
        )
    async with database_of(settings, in_use=in_use) as dsn:
        if not await is_begun(dsn):
            which = "of DATABASE_URL" if settings.database_url else f"in {place}"
            raise BadInput(f"the database {which} holds no brimful; is it the right one?")
        yield dsn


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Database]:
    """A migrated database, with few connections: for commands that do one thing."""
    await migrate(dsn)
    db = await connect(dsn, size_max=2)
    try:
        yield db
    finally:
        await db.close()
