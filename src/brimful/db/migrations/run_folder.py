"""How a revision runs its folder of SQL files."""

from alembic import op

from brimful.db.migrations.folder import hash_of, script_of

NOTE = (
    "create table if not exists migration_note (revision text primary key, sha256 text not null);"
)


def run_folder(name: str) -> None:
    """Run a revision's files, failing rather than waiting long for a lock that a running release
    holds, and note which files they were."""
    raw = op.get_bind().connection.dbapi_connection
    assert raw is not None
    script = f"set local lock_timeout = '5s';\n{script_of(name)}\n{NOTE}\n"
    raw.run_async(lambda connection: connection.execute(script))
    note = "insert into migration_note (revision, sha256) values ($1, $2)"
    raw.run_async(lambda connection: connection.execute(note, name, hash_of(name)))
