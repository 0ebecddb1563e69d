"""A new database for each demo: a copy of an empty one that was migrated once and is kept beside it."""

import hashlib

import asyncpg

from brimful.db.migrate import migrate
from brimful.db.migrations.folder import hash_of, revisions

# An embedded server has one database of the engine's and one of the demo's, in different folders.
DEMO_DATABASE = "demo"
# What is kept is named by what it was made with; until it is whole it has another name.
_KEPT = "demo_empty_"
_MAKING = "demo_empty_making"


async def fresh(admin: str, name: str) -> str:
    """The address of a new, migrated database of an embedded server, in the place of the one that
    has its name. Nobody else may use the server."""
    kept = f"{_KEPT}{_made_with()}"
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute(f"drop database if exists {name} with (force)")
        if not await connection.fetchval("select true from pg_database where datname = $1", kept):
            await _make(connection, admin, kept)
        await connection.execute(f"create database {name} template {kept}")
    finally:
        await connection.close()
    return named(admin, name)


async def _make(connection: "asyncpg.Connection[asyncpg.Record]", admin: str, kept: str) -> None:
    """The one to copy, in the place of those that other versions or a killed process left."""
    for row in await connection.fetch(
        "select datname from pg_database where starts_with(datname, $1)", _KEPT
    ):
        await connection.execute(f"drop database {row['datname']} with (force)")
    await connection.execute(f"create database {_MAKING}")
    await migrate(named(admin, _MAKING))
    await connection.execute(f"alter database {_MAKING} rename to {kept}")


def _made_with() -> str:
    """Tells one set of migrations from another, short enough for a name."""
    hashes = "".join(hash_of(revision) for revision in revisions())
    return hashlib.sha256(hashes.encode()).hexdigest()[:16]


def named(admin: str, name: str) -> str:
    """The address of another database of an embedded server."""
    return admin.replace("/postgres?", f"/{name}?")
