"""What a scan does itself, each by itself: one that cannot be done holds up no other (R24)."""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from brimful.db.address import TookTooLong
from brimful.domain.effect import Effect

_log = structlog.get_logger()


class Due(NamedTuple):
    """Something that is due: its id, of what its lock is (an account, or a purchase), and how it is
    done, in a transaction of its own."""

    id: UUID
    locks: UUID
    do: Callable[[], Awaitable[tuple[Effect, ...]]]


async def one_by_one(not_done: str, due: Iterable[Due]) -> tuple[Effect, ...]:
    """Do what is due, one after the other; what follows of it.

    One that PostgreSQL refuses, or that others hold for too long, is logged as ``not_done`` and stays
    due. What needs the same lock is then left to the next scan: each would wait as long again. Raises
    DatabaseGone when the database is away, for then nothing else can be done either.
    """
    effects: tuple[Effect, ...] = ()
    held: set[UUID] = set()
    for one in due:
        if one.locks in held:
            continue
        try:
            effects += await one.do()
        except TookTooLong as late:
            held.add(one.locks)
            _log.warning(not_done, id=str(one.id), why=str(late))
        except asyncpg.PostgresError:
            _log.exception(not_done, id=str(one.id))
    return effects
