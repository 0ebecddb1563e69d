"""What a scan does itself, each by itself: one that cannot be done holds up no other (R24)."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple
from uuid import UUID

import structlog

from brimful.db.address import DatabaseGone, TookTooLong
from brimful.domain.effect import Effect

_log = structlog.get_logger()

# One that is held may be so by itself; when this many in a row are that share a lock, it is that lock.
# So it is with renewals, which share the pool of their seller (``effects.renewing``).
OF_ALL = 2


class Piece(NamedTuple):
    """Something that is due: its id, the account whose lock is its own, how it is done, in a transaction
    of its own, and what it waits for that others do as well, if anything: a tenant, for the shape of
    its tree, or a seller."""

    id: UUID
    locks: UUID
    do: Callable[[], Awaitable[tuple[Effect, ...]]]
    shares: UUID | None = None


async def one_by_one(not_done: str, due: Iterable[Piece]) -> tuple[Effect, ...]:
    """Do what is due, one after the other; what follows of it.

    One that cannot be done, or that others hold for too long, is logged as ``not_done`` and stays due.
    What needs the same lock is then left to the next scan, for each would wait as long again; and so is
    what shares a lock with two in a row that were held. Raises DatabaseGone when the database is away,
    for then nothing else can be done either.
    """
    effects: tuple[Effect, ...] = ()
    held: set[UUID] = set()
    in_a_row: Counter[UUID | None] = Counter()
    for one in due:
        if one.locks in held or (one.shares is not None and in_a_row[one.shares] >= OF_ALL):
            continue
        try:
            effects += await one.do()
        except TookTooLong as late:
            held.add(one.locks)
            in_a_row[one.shares] += 1
            _log.warning(not_done, id=str(one.id), why=str(late))
            continue
        except DatabaseGone:
            raise
        except Exception:
            # A fault of ours in one of them is no reason to leave the others.
            _log.exception(not_done, id=str(one.id))
        in_a_row[one.shares] = 0
    return effects
