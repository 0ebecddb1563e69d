"""audit, the command: 0 when the books are right, 1 for findings only, 2 when it cannot look (R43)."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from tests.builders.world import running_world
from tests.cli.commands import assert_one_line, run, running


async def test_r43_a_fresh_database_is_right(empty: str, place: Path) -> None:
    """There is nothing wrong in it."""
    await migrate(empty)
    first = run("audit", cwd=place, DATABASE_URL=empty)
    assert (first.returncode, first.stdout, first.stderr) == (0, "The books are right.\n", "")
    again = run("audit", "--json", cwd=place, DATABASE_URL=empty)
    assert (again.returncode, again.stdout, again.stderr) == (0, "[]\n", "")


async def test_r43_findings_are_told_and_are_status_1(empty: str, place: Path) -> None:
    """A balance that no entry explains: by line and as JSON, the same figures."""
    await migrate(empty)
    db = await connect(empty)
    async with running_world(db, place / "mail") as world:
        agency = await world.open("Agency", sells=True)
        await world.stock("Agency", credits=100)
        await db.execute(
            "update balance set free = free + 7, received = received + 7 "
            "where account_id = $1 and resource = 'credits'",
            agency.account_id,
        )
        told = run("audit", cwd=place, DATABASE_URL=empty)
        shown = run("audit", "--json", cwd=place, DATABASE_URL=empty)
    await db.close()
    assert (told.returncode, shown.returncode) == (1, 1)
    assert told.stderr == shown.stderr == ""
    findings = json.loads(shown.stdout)
    assert findings and {tuple(f) for f in findings} == {("check", "tenant", "detail")}
    assert {f["tenant"] for f in findings} == {str(agency.tenant_id)}
    assert "balances_match_entries" in {f["check"] for f in findings}
    assert told.stdout.splitlines() == [
        f"{f['check']}: {f['detail']} (tenant {f['tenant']})" for f in findings
    ]


@pytest.fixture
async def stranger(empty: str) -> str:
    """A database that holds something else, where our tables would be."""
    connection = await asyncpg.connect(empty)
    await connection.execute("create table platform (in_the_way int)")
    await connection.close()
    return empty


async def test_r43_what_cannot_be_looked_into_is_status_2(stranger: str, place: Path) -> None:
    """Not brimful's, not there, not to be reached: one line each, and never 1."""
    assert_one_line(run("audit", cwd=place, DATABASE_URL=stranger), "holds no brimful")
    gone = f"{stranger.partition('?')[0]}_gone?{stranger.partition('?')[2]}".rstrip("?")
    assert_one_line(run("audit", cwd=place, DATABASE_URL=gone), "DATABASE_URL", "does not exist")
    nobody = "postgresql://u:hush@127.0.0.1:1/x"
    refused = run("audit", cwd=place, DATABASE_URL=nobody)
    assert_one_line(refused, "DATABASE_URL")
    assert "hush" not in refused.stderr


LOOKING = [
    ("audit",), ("events",), ("events", "--retry"), ("archive",), ("keys", "list"), ("keys", "issue"),
    ("reconcile", "--testbank"), ("clock",),
]  # fmt: skip


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
async def test_r43_who_looks_makes_no_database(
    empty: str, place: Path, words: tuple[str, ...]
) -> None:
    """A setting is missing, or names another database: of one that is empty all would be well."""
    told = await asyncio.to_thread(run, *words, cwd=place)
    assert_one_line(told, "there is no database in .brimful; set DATABASE_URL or BRIMFUL_DATA_DIR")
    told = await asyncio.to_thread(run, *words, cwd=place, DATABASE_URL=empty)
    assert_one_line(told, "the database of DATABASE_URL holds no brimful; is it the right one?")
    assert list(place.iterdir()) == []
    connection = await asyncpg.connect(empty)
    ours = await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'")
    await connection.close()
    assert ours == 0


async def test_r43_a_folder_with_a_database_of_another_use_is_none_of_ours(place: Path) -> None:
    """Such as that of a demo, whose books lie beside."""
    async with embedded(place / "used"):
        pass
    told = await asyncio.to_thread(run, "audit", cwd=place, BRIMFUL_DATA_DIR="used")
    assert_one_line(told, "the database in used holds no brimful")


async def test_a_database_of_a_newer_brimful_is_looked_into_if_ours_is_in_it(
    empty: str, place: Path
) -> None:
    """Old and new releases run on one schema; one that has not what ours makes is not ours to judge."""
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    await connection.execute("update alembic_version set version_num = '9999_later'")
    proved = run("audit", cwd=place, DATABASE_URL=empty)
    assert (proved.returncode, proved.stdout) == (0, "The books are right.\n")
    await connection.execute("update migration_note set sha256 = 'that of other files'")
    await connection.close()
    assert_one_line(run("audit", cwd=place, DATABASE_URL=empty), "9999_later")


@pytest.fixture
def used(place: Path) -> Any:
    """A server on the embedded database of a folder."""
    with running("serve", "--testbank", cwd=place, BRIMFUL_PORT="0") as server:
        assert server.line().startswith("The API listens on http://127.0.0.1:")
        assert "not open yet" in server.line()
        yield server


def test_an_embedded_database_in_use_is_said_to_be(used: Any, place: Path) -> None:
    """And what to do instead; when the server has ended, it can be looked into, by either way."""
    for words in (("audit",), ("audit", "--data", ".brimful")):
        told = run(*words, cwd=place)
        assert_one_line(told, "another brimful is using the database in", "DATABASE_URL")
    listed = run("keys", "list", cwd=place)
    assert_one_line(listed, "another brimful is using the database in", "BRIMFUL_DATA_DIR")
    assert used.end(signal.SIGTERM) == 128 + signal.SIGTERM
    for words in (("audit",), ("audit", "--data", ".brimful")):
        proved = run(*words, cwd=place)
        assert (proved.returncode, proved.stdout) == (0, "The books are right.\n")
