"""Reads that are asked for at the same time are one statement, and never an old one."""

import asyncio

import pytest

from brimful.db.together import Together
from brimful.db.transaction import Database

_SQUARES = "select n, n * n as square from unnest($1::bigint[]) n where n > 0"


class Squares:
    """Squares by number, as PostgreSQL has them; counts what it is asked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, numbers: list[int]) -> dict[int, int]:
        self.asked.append(numbers)
        await self.open.wait()
        return {row["n"]: row["square"] for row in await self._db.fetch(_SQUARES, numbers)}


async def test_what_is_asked_at_once_is_one_statement(db: Database) -> None:
    """300 callers, one statement; what is not there is None; the same key is read once."""
    squares = Squares(db)
    together = Together(squares)
    found = await asyncio.gather(*(together.of(n % 100) for n in range(300)))
    assert found == [None if n % 100 == 0 else (n % 100) ** 2 for n in range(300)]
    assert [len(keys) for keys in squares.asked] == [100]


async def test_whoever_asks_while_others_are_answered_is_read_anew(db: Database) -> None:
    """No answer that began before the question: the same key is read again. Two are under way at
    most, so many keys in each, and the rest gathers."""
    squares = Squares(db)
    together = Together(squares, most=2)
    squares.open.clear()
    tasks = []
    for number in (5, 5, 5, 7, 8):
        tasks.append(asyncio.create_task(together.of(number)))
        for _ in range(3):
            await asyncio.sleep(0)
    assert squares.asked == [[5], [5]]
    squares.open.set()
    assert await asyncio.gather(*tasks) == [25, 25, 25, 49, 64]
    assert squares.asked == [[5], [5], [5, 7], [8]]


async def test_one_who_goes_away_and_one_that_fails_hurt_nobody_else(db: Database) -> None:
    """A caller that is cancelled leaves the answer to the others; a failure is told to all it
    befell, and the next are read."""
    squares = Squares(db)
    together = Together(squares)
    gone, stays = (asyncio.create_task(together.of(3)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 9
    failing = [asyncio.create_task(together.of(number)) for number in (1, 10**30)]
    for task in failing:
        with pytest.raises(Exception, match="out of int64 range"):
            await task
    assert await together.of(4) == 16
