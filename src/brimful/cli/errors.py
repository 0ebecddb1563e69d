"""What people are told when a command cannot do what it was asked: one line, exit status 2."""

import os
import socket
from typing import Any

import typer

# SQLSTATEs, or their classes, that whoever runs the server can mend: connection, a read-only copy,
# authorisation, privileges, something else's tables, types and functions in the way of ours,
# resources, objects in use, operators' intervention, I/O.
_MENDABLE = ("08", "25", "28", "42501", "42P07", "42710", "42723", "53", "55", "57", "58")


TEXT_MAX = 200


class BadInput(Exception):
    """What was asked for cannot be; the text says what to do."""


def check_text(option: str, text: str, *, least: int = 1) -> str:
    """A name or label without spaces around it. Raises BadInput."""
    text = text.strip()
    if not (least <= len(text) <= TEXT_MAX and text.isprintable()):
        raise BadInput(f"{option} takes {least} to {TEXT_MAX} printable characters")
    return text


def one_line(problem: Exception) -> str | None:
    """What to tell of a problem that people can mend; None for a fault of brimful's own."""
    told = _told(problem)
    return None if told is None else " ".join(told.split())


def _told(problem: Exception) -> str | None:
    if isinstance(problem, BadInput):
        return str(problem)
    if isinstance(problem, typer.TyperException):
        return _usage(problem)
    if isinstance(problem, OSError):
        return _system(problem)
    # What follows is imported late, by this time it is loaded if it matters.
    from brimful.db.embedded import CannotStart
    from brimful.settings import WrongSettings

    if isinstance(problem, CannotStart | WrongSettings):
        return str(problem)
    return _database(problem)


def _usage(problem: typer.TyperException) -> str:
    """What is wrong with the words of a command, and where its help is."""
    context: Any = getattr(problem, "ctx", None)
    told = problem.format_message().rstrip(".")
    command = "brimful" if context is None else context.command_path
    return f"{told[:1].lower()}{told[1:]}; see {command} --help"


def _system(problem: OSError) -> str:
    """What the operating system refused. Our own kinds of OSError say what to do themselves."""
    if isinstance(problem, socket.gaierror) or problem.errno is None or not problem.filename:
        return str(problem)
    if isinstance(problem, FileExistsError | NotADirectoryError):
        return f"{os.fspath(problem.filename)} is not a folder"
    return f"{os.fspath(problem.filename)}: {(problem.strerror or '').lower()}"


def _database(problem: Exception) -> str | None:
    """What the database refused, at a migration (then SQLAlchemy wraps it) or later."""
    family = type(problem).__module__.partition(".")[0]
    cause: Any = getattr(problem, "orig", None)
    said: Any = getattr(cause, "__cause__", None) or cause or problem
    if family == "sqlalchemy":
        return f"the database cannot be brought to this version: {said}"
    if family == "alembic":
        return f"the database is not one of this version: {problem}"
    if family == "asyncpg" and str(getattr(problem, "sqlstate", "")).startswith(_MENDABLE):
        return f"the database refused: {problem}"
    return None
