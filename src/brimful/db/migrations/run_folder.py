"""How a revision runs its folder of SQL files."""

import hashlib
from pathlib import Path

from alembic import op

HERE = Path(__file__).parent
NOTE = (
    "create table if not exists migration_note (revision text primary key, sha256 text not null);"
)


def script_of(name: str) -> str:
    """The files of a revision's folder, in the order of their names, as one script."""
    files = sorted((HERE / name).glob("*.sql"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def hash_of(name: str) -> str:
    """What tells whether a revision's files are those that a database was made with."""
    return hashlib.sha256(script_of(name).encode()).hexdigest()


def run_folder(name: str) -> None:
    """Run a revision's files, failing rather than waiting long for a lock that a running release
    holds, and note which files they were."""
    raw = op.get_bind().connection.dbapi_connection
    assert raw is not None
    script = f"set local lock_timeout = '5s';\n{script_of(name)}\n{NOTE}\n"
    raw.run_async(lambda connection: connection.execute(script))
    note = "insert into migration_note (revision, sha256) values ($1, $2)"
    raw.run_async(lambda connection: connection.execute(note, name, hash_of(name)))
