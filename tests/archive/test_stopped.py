"""Archiving that is killed at any of its commits, and run again, ends as if nothing had happened (R24)."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from brimful.db.address import DatabaseGone
from brimful.db.transaction import Database, connect
from brimful.effects.archive_file import DifferentFile
from brimful.ledger.audit import audit
from tests.archive.past import live, put_away, rows
from tests.builders.calendar import StandingClock, timed_world
from tests.builders.faulty import COMMIT_KINDS, FaultyDatabase, Point, Script
from tests.conftest import fresh_database

# All that archiving writes.
TABLES = (
    "entry", "archived_month", "archived_run", "archived_sum", "forgotten_spend", "spend", "balance", "lot",
    "usage_sum",
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, StandingClock]]:
    """The name of a database with half a year in it, and the clock at its end."""
    folder = tmp_path_factory.mktemp("mail")

    async def build(dsn: str) -> tuple[str, StandingClock]:
        db = await connect(dsn)
        async with timed_world(db, folder) as calendar:
            await live(calendar, 8, by_month=True)
        name: str = await db.fetchval("select current_database()")
        await db.close()
        return name, calendar.clock

    with asyncio.Runner() as runner:
        database = fresh_database(server, template)
        dsn = runner.run(database.__aenter__())
        try:
            yield runner.run(build(dsn))
        finally:
            runner.run(database.__aexit__(None, None, None))


@pytest.fixture
async def copies(server: str, lived: tuple[str, StandingClock]) -> AsyncIterator[Any]:
    """Makes databases with that half a year."""
    made: list[Any] = []

    async def another() -> Database:
        database = fresh_database(server, lived[0])
        db = await connect(await database.__aenter__(), size_max=2)
        made.append((database, db))
        return db

    yield another
    for database, db in made:
        await db.close()
        await database.__aexit__(None, None, None)


async def ended(db: Database, folder: Path) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """What archiving left, in the database and in the folder."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = await rows(db, *TABLES)
    found["archived_month"] = [row.replace(str(folder), "") for row in found["archived_month"]]
    assert await db.fetchval("select count(*) from archive.entry") == 0
    assert await audit(db) == []
    return found, files


def folder_of(tmp_path: Path, number: int) -> Path:
    """A folder for the files of one run."""
    made = tmp_path / str(number)
    made.mkdir()
    return made


async def test_r24_killed_at_any_commit_and_run_again_it_ends_the_same(
    copies: Any, lived: tuple[str, StandingClock], tmp_path: Path
) -> None:
    """Before and after each commit, with the answer lost, and undone; the books are right in between."""
    clock = lived[1]
    script = Script()
    script.armed = True
    db = await copies()
    folder = folder_of(tmp_path, 0)
    await put_away(FaultyDatabase(db, script), clock, to=folder)
    whole = await ended(db, folder)
    assert len(whole[1]) == 2 * len(whole[0]["archived_month"]) >= 6
    names = {point.name for point in script.reached}
    assert names >= {
        "archive_months.archive_month", "archive_months.keep_month", "archive_months.drop_month",
        "archive_months.forget_spends", "archive_months.settle_month",
    }  # fmt: skip
    # The first month and the last, and each kind of commit of them.
    points = [point for point in script.reached if point.nth in (1, _last(script, point))]
    for number, point in enumerate(points, start=1):
        kind = COMMIT_KINDS[number % len(COMMIT_KINDS)]
        db, folder = await copies(), folder_of(tmp_path, number)
        await _killed(db, clock, folder, Script(point, kind))
        assert await audit(db) == [], (point, kind)
        await put_away(db, clock, to=folder)
        assert await ended(db, folder) == whole, (point, kind)


def _last(script: Script, point: Point) -> int:
    return max(other.nth for other in script.reached if other.name == point.name)


async def _killed(db: Database, clock: StandingClock, folder: Path, script: Script) -> None:
    script.armed = True
    with pytest.raises((asyncio.CancelledError, DatabaseGone)):
        await put_away(FaultyDatabase(db, script), clock, to=folder)
    assert script.happened


async def _right(copies: Any, clock: StandingClock, tmp_path: Path) -> Path:
    """A folder with the files of the same entries."""
    folder = folder_of(tmp_path, 0)
    await put_away(await copies(), clock, to=folder)
    return folder


async def test_a_file_of_an_earlier_try_is_compared_and_never_overwritten(
    copies: Any, lived: tuple[str, StandingClock], tmp_path: Path
) -> None:
    """Half a file is written anew, the right one is taken as it is, and another database's is refused:
    its entries stay where they are."""
    clock = lived[1]
    db = await copies()
    report = await put_away(db, clock)
    names = [f"entry_{month.starts_at:%Y_%m}.csv.gz" for month in report.months]
    (tmp_path / f"{names[0]}.part").write_bytes(b"half of it")
    other = tmp_path / names[1]
    # Torn, of other entries of the same size, with one more, and of none.
    text = gzip.decompress((await _right(copies, clock, tmp_path) / names[1]).read_bytes())
    digit = b"0" if text[-9:-8] == b"f" else b"f"
    wrong = [gzip.compress(text)[:-20], gzip.compress(text[:-9] + digit + text[-8:])]
    for content in (*wrong, gzip.compress(text + b"\n"), b"", b"another's"):
        other.write_bytes(content)
        with pytest.raises(DifferentFile, match=names[1]):
            await put_away(db, clock, to=tmp_path)
        assert other.read_bytes() == content
    states = await db.fetch("select state from archived_month order by starts_at")
    assert [row["state"] for row in states[:2]] == ["written", "kept"]
    assert await audit(db) == []
    other.unlink()
    assert len((await put_away(db, clock, to=tmp_path)).months) == len(names) - 1
    assert not list(tmp_path.glob("*.part"))
