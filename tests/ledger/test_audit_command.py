"""``brimful audit`` as a process: its exit status and what it says (R43)."""

import asyncio
import json
from pathlib import Path

from brimful.db.transaction import connect
from brimful.ledger.audit import audit
from tests.builders.processes import Program
from tests.conftest import fresh_database

ONE_MORE = "update spend set credits = credits + 1 where state = 'done'"


class Command(Program):
    """A command that ends by itself."""

    async def run(self) -> int:
        """Its exit status."""
        await self.start()
        assert self._process is not None
        async with asyncio.timeout(60):
            return await self._process.wait()


async def run_audit(dsn: str, folder: Path, *options: str) -> tuple[int, str]:
    """``brimful audit`` as a process of its own: its exit status and what it said."""
    command = Command(
        "-m", "brimful.cli", "audit", *options,
        log=folder / "audit.log",
        env={"DATABASE_URL": dsn, "COLUMNS": "250"},
    )  # fmt: skip
    status = await command.run()
    return status, command.said()


async def test_r43_the_command_says_that_the_books_are_right(
    signed_up: str, tmp_path: Path
) -> None:
    """Exit status 0, in words and, in another run, as JSON."""
    (tmp_path / "words").mkdir()
    assert await run_audit(signed_up, tmp_path / "words") == (0, "The books are right.\n")
    status, said = await run_audit(signed_up, tmp_path, "--json")
    assert (status, json.loads(said)) == (0, [])


async def test_r43_the_command_lists_what_it_finds(
    server: str, signed_up: str, tmp_path: Path
) -> None:
    """Exit status 1 with every finding: its check, its tenant and the figures."""
    source = signed_up.partition("?")[0].rpartition("/")[2]
    async with fresh_database(server, source) as dsn:
        db = await connect(dsn)
        await db.execute(ONE_MORE)
        found = [
            {"check": f.check, "tenant": f.tenant_id, "detail": f.detail} for f in await audit(db)
        ]
        await db.close()
        assert {one["check"] for one in found} == {"spends_are_debited_once", "spent_is_explained"}
        (tmp_path / "words").mkdir()
        status, said = await run_audit(dsn, tmp_path / "words")
        assert status == 1
        assert all(part in said for one in found for part in one.values())
        status, said = await run_audit(dsn, tmp_path, "--json")
        assert (status, json.loads(said)) == (1, found)
