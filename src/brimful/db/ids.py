"""Identifiers made by the application: UUID version 7, so that new rows lie beside each other."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Source:
    """What ids are made of: nanoseconds since 1970, and random bytes."""

    time_ns: Callable[[], int] = time.time_ns
    random_bytes: Callable[[int], bytes] = os.urandom


_source = Source()
_last = 0


def draw_from(source: Source) -> None:
    """Make ids of something else from now on, so that a run can be repeated to the last bit."""
    global _source, _last
    _source, _last = source, 0


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest random.

    Later ones of a process are greater, within a millisecond, too: what is ordered by its id, such as
    the renewals of a group or lots with the same end, is in the order in which it was made.
    """
    global _last
    stamp = _source.time_ns() // 1_000_000
    random = int.from_bytes(_source.random_bytes(10), "big")
    value = (stamp << 80) | random
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    _last = max(value, _last + 1 + random % 2**32)
    return UUID(int=_last)
