"""Migrations: the database is brought to the newest schema, or is there already."""

from collections.abc import Mapping

import asyncpg

from brimful.db.address import connection_to
from brimful.db.migrations.folder import hash_of, revisions

# The revision that a database is at, with the notes of every one that made it.
_AT = "select version_num, revision, sha256 from alembic_version, migration_note"


class OtherSchema(OSError):
    """The database was made by other files of a revision than these: by a version of brimful that
    was never released. It has to be made anew."""


async def migrate(dsn: str) -> None:
    """Bring the database at ``dsn`` to the newest schema. Several processes may do so at once: one
    works, the others wait. A later release's schema has ours in it and stays as it is: an old release
    runs on it. Raises CannotConnect, OtherSchema, or what PostgreSQL raises; the schema is then as it
    was."""
    at, made_with = await _read(dsn)
    if at == revisions()[-1] or is_later(at):
        check(made_with, at)
        return
    # Alembic is large: only who has something to migrate waits for it.
    from brimful.db.upgrade import upgrade

    await upgrade(dsn)


async def is_begun(dsn: str) -> bool:
    """Whether a database was ever migrated, by this release or another. Nothing is changed. Raises
    CannotConnect."""
    at, _ = await _read(dsn)
    return at is not None


def is_later(at: str | None) -> bool:
    """Whether a database is at a revision that is none of ours: what a later release brought it to, if
    it has ours in it, which is for ``check`` to say."""
    return at is not None and at not in revisions()


def check(made_with: Mapping[str, str], at: str | None) -> None:
    """Whether each revision was made with these files, by the hashes that the database notes; ``at`` is
    the revision that it is at. Raises OtherSchema."""
    for revision in revisions():
        if made_with.get(revision) != hash_of(revision):
            beyond = f", and is at {at}, which is unknown to this one" if is_later(at) else ""
            raise OtherSchema(
                f"the database was made by another, unreleased version of brimful (revision {revision})"
                f"{beyond}; start with a new one: an empty database, or another folder in "
                "BRIMFUL_DATA_DIR"
            )


async def _read(dsn: str) -> tuple[str | None, dict[str, str]]:
    """The revision that a database is at, if it is at one, and the hash of each one's files."""
    connection = await connection_to(dsn)
    try:
        rows = await connection.fetch(_AT)
    except asyncpg.SyntaxOrAccessError:
        # It is empty, or somebody else's.
        return None, {}
    finally:
        await connection.close()
    made_with = {row["revision"]: row["sha256"] for row in rows}
    return (rows[0]["version_num"] if rows else None), made_with
