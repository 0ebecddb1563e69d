"""A database that is there and takes nothing is told as one, and asked after ever less often."""

import asyncio
from typing import Any

import pytest

from brimful import runtime
from brimful.db.address import DatabaseGone, TakesNothing
from brimful.db.transaction import connect
from brimful.settings import Settings


@pytest.mark.parametrize(
    "state",
    ["53100", "53200", "53300", "25006", "58030"],
    ids=["disk", "memory", "line", "copy", "io"],
)
async def test_r39_it_is_told_in_words_of_its_own(dsn: str, state: str) -> None:
    """By itself or in a transaction; as the absence that it is to whoever asked, and no fault of ours."""
    db = await connect(dsn, size_max=1)
    refuse = f"do $$ begin raise exception 'none left' using errcode = '{state}'; end $$"
    for done in (db.execute(refuse), db.run(lambda tx: tx.execute(refuse))):
        with pytest.raises(TakesNothing, match="takes nothing at present: none left") as told:
            await done
        assert isinstance(told.value, DatabaseGone)
    assert await db.fetchval("select 1") == 1
    await db.close()


class Scans:
    """An engine whose scans end as the test says, one after the other."""

    settings = Settings(worker_poll_ms=1_000)
    ctx = None

    def __init__(self, *ends: Exception | None) -> None:
        self._ends = list(ends)

    def now(self) -> Any:
        """No time is needed here."""

    async def take_up_due_work(self) -> int:
        """The next end."""
        if not self._ends:
            raise asyncio.CancelledError
        end = self._ends.pop(0)
        if end is not None:
            raise end
        return 0


async def test_r24_scans_that_fail_follow_each_other_ever_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever ends them; after one that did not fail it is looked as often as is usual."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def nothing(*args: Any, **more: Any) -> None:
        pass

    monkeypatch.setattr(runtime.asyncio, "sleep", pause)
    monkeypatch.setattr(runtime, "open_months", nothing)
    full, fault = TakesNothing("full"), ZeroDivisionError()
    scans: Any = Scans(None, full, full, fault, full, full, None, full, None)
    with pytest.raises(asyncio.CancelledError):
        await runtime.work(scans)
    assert pauses == [1, 2, 4, 8, 10, 10, 1, 2, 1]
