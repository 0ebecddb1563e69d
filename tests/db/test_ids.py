"""Ids of the application: UUIDs of version 7, in the order in which they are made."""

import uuid
from collections.abc import Iterator
from random import Random

import pytest

from brimful.db import ids
from brimful.db.ids import Source, new_id, new_ids, read_id


@pytest.fixture
def clock() -> Iterator[list[int]]:
    """What time the ids are made at, in nanoseconds, as it is set; their random part is drawn."""
    now = [1_700_000_000_000_000_000]
    ids.draw_from(Source(time_ns=lambda: now[0], random_bytes=Random(7).randbytes))
    yield now
    ids.draw_from(Source())


def test_ids_are_of_version_7_and_tell_when_they_were_made(clock: list[int]) -> None:
    """48 bits of milliseconds, the version, the variant (RFC 9562)."""
    for made in (new_id(), *new_ids(3)):
        assert (made.version, made.variant) == (7, uuid.RFC_4122)
        assert made.int >> 80 == clock[0] // 1_000_000


def test_later_ones_are_greater_though_the_clock_stands_or_goes_back(clock: list[int]) -> None:
    """One by one, and many at once."""
    made = [new_id(), *new_ids(500), new_id()]
    clock[0] -= 5_000_000_000
    made += [*new_ids(500), new_id()]
    assert made == sorted(made) and len(set(made)) == len(made) == 1_003


def test_an_id_is_equal_to_the_standard_librarys_in_every_way(clock: list[int]) -> None:
    """So that it finds and is found, and is the same as a row's."""
    made = new_id()
    same = uuid.UUID(int=made.int)
    assert made == same and same == made and hash(made) == hash(same)
    assert isinstance(made, uuid.UUID) and {same: 1}[made] == 1 and str(made) == str(same)
    assert read_id(made.hex) == same
    with pytest.raises(ValueError):
        read_id(made.hex[1:])
