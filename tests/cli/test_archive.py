"""archive, the command: 0 when all is done, 1 when something was left, 2 for bad words (R39, R43)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from brimful.db.migrate import migrate
from brimful.db.transaction import Database, connect
from brimful.usecases.open_months import open_months
from tests.builders.calendar import StandingClock
from tests.builders.world import running_world
from tests.cli.commands import assert_one_line, run


@pytest.fixture
async def old(empty: str, place: Path) -> AsyncIterator[Database]:
    """A database that somebody spent in half a year ago, and in the month after."""
    await migrate(empty)
    db = await connect(empty)
    clock = StandingClock(datetime.now(UTC) - timedelta(days=190))
    async with running_world(db, place / "mail", clock=clock) as world:
        await open_months(world.engine.ctx, moment=world.engine.now(), present=True)
        await world.open("Agency", sells=True)
        await world.stock("Agency", credits=100)
        await world.spend("Agency", 30)
        clock.at += timedelta(days=31)
        await world.spend("Agency", 20)
    yield db
    await db.close()


async def test_r39_months_are_told_archived_and_written(
    empty: str, old: Database, place: Path
) -> None:
    """What would be done, what was done, as words and as JSON; then the books are proved."""
    words = ("archive", "--months", "2")
    env = {"DATABASE_URL": empty}
    planned = await asyncio.to_thread(run, *words, "--dry-run", cwd=place, **env)
    assert (planned.returncode, planned.stderr) == (0, "")
    first, second, *_ = [line.rstrip() for line in planned.stdout.splitlines()[1:]]
    assert first.endswith("to be archived") and " 3 " in first
    assert second.endswith("to be archived") and " 1 " in second
    assert "2 keys of spends before" in planned.stdout and "would be" in planned.stdout
    assert await old.fetchval("select count(*) from archived_month") == 0
    done = await asyncio.to_thread(run, *words, "--json", cwd=place, **env)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["keys_forgotten"]) == (0, "", 2)
    assert [m["entries"] for m in report["months"]][:2] == [3, 1]
    assert {m["state"] for m in report["months"]} == {"archived"}
    (place / "books").mkdir()
    planned = await asyncio.to_thread(
        run, *words, "--to", "books", "--dry-run", "--json", cwd=place, **env
    )
    assert [m["state"] for m in json.loads(planned.stdout)["months"]] == ["unwritten"] * len(
        report["months"]
    )
    written = await asyncio.to_thread(run, *words, "--to", "books", cwd=place, **env)
    assert (written.returncode, written.stderr) == (0, "")
    assert "in a file, and no more in the database" in written.stdout
    month = report["months"][0]["month"]
    manifest = json.loads((place / "books" / f"entry_{month.replace('-', '_')}.json").read_text())
    assert (manifest["month"], manifest["rows"]) == (month, 3)
    again = await asyncio.to_thread(run, *words, "--to", "books", cwd=place, **env)
    assert (again.returncode, again.stdout) == (0, "No month is old enough.\n")
    proved = await asyncio.to_thread(run, "audit", cwd=place, **env)
    assert (proved.returncode, proved.stdout) == (0, "The books are right.\n")


async def test_r39_what_others_hold_is_left_and_is_status_1(
    empty: str, old: Database, place: Path
) -> None:
    """A reader that does not end, and is none of ours: nothing changed, and it says what to do. What is
    logged of it goes to standard error, and leaves a script's JSON alone."""
    reader = await asyncpg.connect(empty)
    words = ("archive", "--months", "2")
    async with reader.transaction():
        await reader.fetch("select count(*) from entry")
        told, shown = await asyncio.gather(
            asyncio.to_thread(run, *words, cwd=place, DATABASE_URL=empty),
            asyncio.to_thread(run, *words, "--json", cwd=place, DATABASE_URL=empty),
        )
    await reader.close()
    assert (told.returncode, shown.returncode) == (1, 1)
    assert "run this again" in told.stdout
    assert "month_not_archived" in shown.stderr
    assert [month["state"] for month in json.loads(shown.stdout)["months"]] == ["busy"]
    assert await old.fetchval("select count(*) from archived_month") == 0
    assert await old.fetchval("select count(*) from entry") == 4


async def test_r39_another_databases_file_is_one_line(
    empty: str, old: Database, place: Path
) -> None:
    """It is not overwritten, and the month stays in the database."""
    done = await asyncio.to_thread(
        run, "archive", "--months", "2", "--json", cwd=place, DATABASE_URL=empty
    )
    month = json.loads(done.stdout)["months"][0]["month"].replace("-", "_")
    (place / f"entry_{month}.csv.gz").write_bytes(b"another's")
    told = await asyncio.to_thread(run, "archive", "--to", ".", cwd=place, DATABASE_URL=empty)
    assert_one_line(told, f"entry_{month}.csv.gz", "left as it is")
    assert (place / f"entry_{month}.csv.gz").read_bytes() == b"another's"
    assert await old.fetchval("select count(*) from archive.entry") == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--months", "1"), "--months takes a number from 2 to 1200"),
        (("--months", "-3"), "--months takes a number from 2 to 1200"),
        (("--months", "1201"), "--months takes a number from 2 to 1200"),
        (("--months", "many"), "--months"),
        (("--key-days", "34"), "--key-days takes a number from 35 to 36500"),
        (("--key-days", "36501"), "--key-days takes a number from 35 to 36500"),
        (("--to", "nowhere"), "--to takes a folder that is there, not 'nowhere'"),
        (("--to",), "'--to' requires an argument"),
        (("2025-01",), "2025-01"),
    ],
)
def test_r39_bad_words_are_one_line(words: tuple[str, ...], told: str, place: Path) -> None:
    """Nothing is even looked for in a database."""
    address = "postgresql://u@127.0.0.1:1/x"
    assert_one_line(run("archive", *words, cwd=place, DATABASE_URL=address), told)
