"""The folders of SQL files that the revisions run, one folder each."""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent


def revisions() -> list[str]:
    """Every revision, oldest first: their names begin with their numbers."""
    return sorted(path.stem for path in (HERE / "versions").glob("*.py"))


def script_of(name: str) -> str:
    """The files of a revision's folder, in the order of their names, as one script."""
    files = sorted((HERE / name).glob("*.sql"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def hash_of(name: str) -> str:
    """What tells whether a revision's files are those that a database was made with."""
    return hashlib.sha256(script_of(name).encode()).hexdigest()
