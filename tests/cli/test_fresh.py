"""The database of a demo: new each time, whatever was there before."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from brimful.cli.fresh import DEMO_DATABASE, fresh, named
from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from tests.cli.commands import folder


@pytest.fixture
async def admin() -> AsyncIterator[str]:
    """The address of an embedded server that no other test uses."""
    with folder() as place:
        async with embedded(place) as address:
            yield address


async def run_on(dsn: str, sql: str) -> list[Any]:
    """The first column of what a statement returns."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_every_demo_begins_with_a_new_database(admin: str) -> None:
    """What the one before left is gone, also what was changed in its schema; its newest schema needs
    no migration."""
    for _ in range(2):
        dsn = await fresh(admin, DEMO_DATABASE)
        assert dsn == named(admin, DEMO_DATABASE)
        assert await run_on(dsn, "select count(*) from account") == [0]
        assert await run_on(dsn, "select to_regclass('left_behind')") == [None]
        await migrate(dsn)
        await run_on(dsn, "create table left_behind (x int)")
        await run_on(dsn, "insert into turn (name, due_at) values ('scan', now())")


async def test_one_database_is_kept_to_copy_from(admin: str) -> None:
    """Those of another version, or of a process that was killed on the way, are not used and go."""
    for left in ("demo_empty_making", "demo_empty_0123456789abcdef"):
        await run_on(admin, f"create database {left}")
    seen = []
    for _ in range(2):
        await fresh(admin, DEMO_DATABASE)
        seen.append(
            await run_on(admin, "select oid from pg_database where datname like 'demo_empty%'")
        )
    assert seen[0] == seen[1] and len(seen[0]) == 1
