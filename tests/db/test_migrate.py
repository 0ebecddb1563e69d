"""Migrations: at any address that the engine itself takes, once or twice, and clear when they fail."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from brimful.db.address import CannotConnect
from brimful.db.migrate import OtherSchema, migrate
from brimful.db.transaction import connect
from brimful.db.upgrade import upgrade
from tests.conftest import with_database

Way = Callable[[str], Awaitable[Any]]
SOURCE = str(Path(__file__).parents[2] / "src")
SCHEMA = """
select table_name || '.' || column_name || ' ' || data_type from information_schema.columns
where table_schema in ('public', 'archive') union all
select proname || ' ' || case when prokind = 'a' then (
    select concat_ws(' ', aggtransfn, aggtranstype::regtype, agginitval) from pg_aggregate where aggfnoid = p.oid
) else pg_get_functiondef(p.oid) end
from pg_proc p where pronamespace = 'public'::regnamespace order by 1
"""


@pytest.fixture
async def empty(server: str) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = f"empty_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    await admin.execute(f"create database {name}")
    yield with_database(server, name)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def schema(dsn: str) -> list[str]:
    """Every column and function of a database."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await connection.fetch(SCHEMA)]
    finally:
        await connection.close()


def plus(dsn: str, setting: str) -> str:
    """An address with one more setting in its query."""
    return f"{dsn}{'&' if '?' in dsn else '?'}{setting}"


@pytest.mark.parametrize("setting", ["sslmode=disable", "sslmode=prefer", "application_name=ours"])
async def test_what_an_address_may_say_migrates_too(empty: str, setting: str) -> None:
    """Hosting firms hand out addresses with such settings; they mean what they mean to libpq."""
    await migrate(plus(empty, setting))
    db = await connect(plus(empty, setting), size_max=2)
    assert await db.fetchval("select count(*) from balance") == 0
    await db.close()


async def test_a_demand_for_tls_is_kept(server: str, empty: str) -> None:
    """sslmode=require is never weakened: a server without TLS is refused, and nothing is made."""
    plain = await asyncpg.connect(server)
    offers_tls = await plain.fetchval("show ssl") == "on"
    await plain.close()
    host, port = await tcp_stranger()
    try:
        with pytest.raises(CannotConnect, match=r"(?i)ssl"):
            await migrate(f"postgresql://u@127.0.0.1:{port}/x?sslmode=require")
    finally:
        host.close()
    if "host=/" not in server and not offers_tls:
        with pytest.raises(CannotConnect, match=r"(?i)ssl"):
            await migrate(plus(empty, "sslmode=require"))
    assert await schema(empty) == []


async def tcp_stranger() -> tuple[asyncio.Server, int]:
    """A server that answers every request for TLS as a PostgreSQL without TLS does: N."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        await writer.drain()
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    return listening, listening.sockets[0].getsockname()[1]


async def test_migrating_again_changes_nothing(empty: str) -> None:
    """A second time, and five at once on a new database: one schema, the same."""
    await asyncio.gather(*(migrate(empty) for _ in range(5)))
    once = await schema(empty)
    await migrate(empty)
    assert await schema(empty) == once
    assert any(line.startswith("move_v1 ") for line in once)


async def test_a_current_database_is_not_migrated(empty: str) -> None:
    """Who starts on one loads nothing of what migrates."""
    await migrate(empty)
    start = f"""
import asyncio, sys
from brimful.db.migrate import OtherSchema, migrate
asyncio.run(migrate({empty!r}))
print(sorted({{"alembic", "sqlalchemy"}} & sys.modules.keys()))
"""
    ended = subprocess.run(
        [sys.executable, "-c", start],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
    )
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "made_otherwise",
    [
        "update migration_note set sha256 = 'that of other files'",
        "delete from migration_note",
        "drop table migration_note",
    ],
)
async def test_a_database_of_other_files_is_refused(empty: str, made_otherwise: str) -> None:
    """It has the newest revision's number, and not its files: nothing is changed."""
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    await connection.execute(made_otherwise)
    await connection.close()
    before = await schema(empty)
    with pytest.raises(
        OtherSchema, match=r"unreleased version of brimful \(revision 0001_ground\)"
    ):
        await migrate(empty)
    assert await schema(empty) == before


LATER = (
    "create table of_a_later_release (id int)",
    "insert into migration_note values ('0002_later', 'that of its files')",
    "update alembic_version set version_num = '0002_later'",
)


@pytest.mark.parametrize("way", [migrate, upgrade])
async def test_an_old_release_starts_on_a_later_schema(way: Way, empty: str) -> None:
    """It has all that ours makes, from our files, and more: nothing is changed. So does a process that
    waited while a later release's was at work."""
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    for statement in LATER:
        await connection.execute(statement)
    before = await schema(empty)
    await way(empty)
    assert await schema(empty) == before
    assert await connection.fetchval("select version_num from alembic_version") == "0002_later"
    await connection.close()


@pytest.mark.parametrize(
    "made_otherwise",
    [
        "update migration_note set sha256 = 'that of other files' where revision = '0001_ground'",
        "delete from migration_note where revision = '0001_ground'",
        "drop table migration_note",
    ],
)
async def test_a_later_schema_without_ours_is_refused(empty: str, made_otherwise: str) -> None:
    """Unknown, and no proof that ours is in it: nothing is changed, and both revisions are named."""
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    for statement in (*LATER, made_otherwise):
        await connection.execute(statement)
    await connection.close()
    before = await schema(empty)
    with pytest.raises(OtherSchema, match=r"\(revision 0001_ground\), and is at 0002_later"):
        await migrate(empty)
    assert await schema(empty) == before


async def test_a_migration_that_fails_leaves_nothing(empty: str) -> None:
    """Halfway there is a table in the way: the schema is then as it was before."""
    connection = await asyncpg.connect(empty)
    await connection.execute("create table mail (in_the_way int)")
    await connection.close()
    before = await schema(empty)
    with pytest.raises(Exception, match='"mail" already exists'):
        await migrate(empty)
    assert await schema(empty) == before == ["mail.in_the_way integer"]


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("nonsense", "such as postgresql://"),
        ("mysql://u:secret@127.0.0.1/x", "such as postgresql://"),
        ("postgresql://u:secret/1@127.0.0.1/x", "such as postgresql://"),
        ("postgresql://u:secret@127.0.0.1/x?secret", "such as postgresql://"),
        ("postgresql://u:secret@127.0.0.1:1/x?sslmode=banana", "sslmode"),
        ("postgresql://u:secret@127.0.0.1:1/x", "Connect call failed"),
    ],
)
@pytest.mark.parametrize("way", [migrate, connect])
async def test_a_wrong_address_says_so(way: Way, dsn: str, says: str) -> None:
    """One error that names the setting to mend, and never a password."""
    with pytest.raises(CannotConnect) as told:
        await way(dsn)
    assert str(told.value).startswith("DATABASE_URL")
    assert says in str(told.value)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("way", [migrate, connect])
async def test_what_the_server_refuses_is_said(way: Way, server: str) -> None:
    """The server is right; the database's name, or a setting, is not."""
    with pytest.raises(CannotConnect, match=r'^DATABASE_URL.*"nowhere" does not exist'):
        await way(with_database(server, "nowhere"))
    with pytest.raises(CannotConnect, match=r'^DATABASE_URL.*"colour"'):
        await way(plus(server, "colour=red"))


def test_a_command_says_a_wrong_address_in_one_line() -> None:
    """No traceback: what to mend, and exit status 2."""
    ended = subprocess.run(
        [sys.executable, "-m", "brimful.cli", "audit"],
        env={**os.environ, "DATABASE_URL": "nonsense", "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("brimful: DATABASE_URL is not an address")
