"""Chatbots and seats that do not match: which pause, which come back, which are released (R31).

One ranking decides both ways: first the chatbots that the owner chose to keep, then by age, the
oldest first. The seats go to the first of it. So pausing takes the newest, resuming brings back the
oldest, and what is active depends on the seats alone and not on the way to their number. A chatbot
is never deleted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

Id = TypeVar("Id", str, UUID)


def to_pause(
    active: Sequence[tuple[Id, datetime]], seats: int, keep: Collection[Id] = ()
) -> tuple[Id, ...]:
    """Which of the ``active`` chatbots (id, created at) pause, in this order, to fit ``seats``.

    The newest first, those that the owner chose to ``keep`` last (should more be chosen than there
    are seats). Of two made at the same instant the greater id is the newer. Raises ValueError for a
    negative number of seats.
    """
    if seats < 0:
        raise ValueError(f"an account cannot have {seats} seats")
    return tuple(reversed(_ranked(active, keep)[seats:]))


def to_resume(
    paused: Sequence[tuple[Id, datetime]], free: int, keep: Collection[Id] = ()
) -> tuple[Id, ...]:
    """Which of the ``paused`` chatbots (id, created at) come back, in this order, to ``free`` seats.

    Those that the owner chose to ``keep``, then the oldest first. ``paused`` are those that pause
    for want of a seat, not those that somebody paused on purpose. Raises ValueError for a negative
    number of seats.
    """
    if free < 0:
        raise ValueError(f"an account cannot have {free} free seats")
    return tuple(_ranked(paused, keep)[:free])


def releasable(auto_subscribed: int, free: int, wanted: int = 0) -> int:
    """How many automatically subscribed chatbots are not needed any more (R31).

    They are the ``free`` seats of the pool, which nobody uses, was allotted or has reserved, less
    those that are ``wanted`` (by paused chatbots, or by whoever waits); at most the
    ``auto_subscribed``, for whoever bought by hand gives back by hand. Raises ValueError for a
    negative number.
    """
    if min(auto_subscribed, free, wanted) < 0:
        raise ValueError("numbers of chatbots are never negative")
    return min(auto_subscribed, max(0, free - wanted))


def _ranked(chatbots: Sequence[tuple[Id, datetime]], keep: Collection[Id]) -> list[Id]:
    """The ids in the order in which they get a seat."""
    chosen = set(keep)
    ranked = sorted(chatbots, key=lambda one: (one[0] not in chosen, one[1], one[0]))
    return [chatbot_id for chatbot_id, _ in ranked]
