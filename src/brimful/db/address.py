"""The database's address: what is wrong with it is said in one line that people can act on."""

from typing import Any

import asyncpg

from brimful.db.limits import TCP


class CannotConnect(OSError):
    """The database cannot be reached at its address; the text says why, and holds no password."""


class DatabaseGone(CannotConnect):
    """The database went away in the middle of something. What was being committed may be committed
    or not: whoever asks again, under the same key, learns which (R39)."""


class TakesNothing(DatabaseGone):
    """The database is there, and takes nothing at present: its disk is full, it has no memory or no
    connection to give, or is a read-only copy. Nothing was done; the fault is not what was asked for."""


class TookTooLong(DatabaseGone):
    """The database is there, and one statement took longer than it may. What else is due may be done
    meanwhile; this is asked again."""


class LockedByOthers(TookTooLong):
    """Others held for too long what a statement needs. Nothing was done."""


def why(problem: Exception) -> CannotConnect:
    """What to tell whoever set the address, from what the driver said."""
    if isinstance(problem, asyncpg.InterfaceError) and "scheme" not in str(problem):
        return CannotConnect(f"DATABASE_URL: {problem}")
    if isinstance(problem, ValueError):
        # The driver quotes the part it could not read, which may be half of a password.
        return CannotConnect(
            "DATABASE_URL is not an address such as postgresql://user:password@host:5432/database; "
            "signs such as / @ : in a password are written %2F %40 %3A"
        )
    return CannotConnect(f"DATABASE_URL: the database cannot be reached: {problem}")


# Raised by the driver before a connection is there: bad text, no such host, or the server's refusal.
UNREACHABLE = (ValueError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError)


async def connection_to(dsn: str) -> Any:
    """One connection of the driver's own, for migrations: they may take as long as they take, but for
    a host that is no more. Raises CannotConnect."""
    try:
        return await asyncpg.connect(dsn, server_settings=TCP)
    except UNREACHABLE as problem:
        raise why(problem) from None
