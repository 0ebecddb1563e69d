"""How a revision runs its folder of SQL files."""

from pathlib import Path

from alembic import op


def run_folder(name: str) -> None:
    """Run every file of a revision's folder in the order of their names, failing rather than
    waiting long for a lock that a running release holds."""
    raw = op.get_bind().connection.dbapi_connection
    assert raw is not None
    script = "set local lock_timeout = '5s';\n"
    for file in sorted((Path(__file__).parent / name).glob("*.sql")):
        script += file.read_text(encoding="utf-8") + "\n"
    raw.run_async(lambda connection: connection.execute(script))
