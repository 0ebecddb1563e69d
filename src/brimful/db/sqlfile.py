"""SQL lives in files, one statement each, named by what it does."""

from functools import cache
from importlib.resources import files


@cache
def load(package: str, name: str) -> str:
    """The statement ``sql/<name>.sql`` of a package, read once. Raises FileNotFoundError."""
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
