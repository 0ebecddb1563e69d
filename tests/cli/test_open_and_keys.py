"""Opening the platform once, and the keys to it: shown once, never again (R40, R43)."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from brimful.billing import keys
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from tests.cli.commands import assert_one_line, run

OPEN = ("open", "--name", "Stellar", "--currency", "EUR", "--email", "owner@example.com")
SECRET = r"brm_[0-9A-Za-z]{32}[0-9a-f]{8}"


async def speaks_for(dsn: str, secret: str) -> keys.Principal:
    """Whom a key opens the API for."""
    db = await connect(dsn, size_max=1)
    found = await keys.authenticate(db, secret)
    await db.close()
    assert found is not None
    return found


async def rows(dsn: str, table: str) -> list[dict[str, Any]]:
    """All of a table."""
    connection = await asyncpg.connect(dsn)
    try:
        return [dict(row) for row in await connection.fetch(f"select * from {table}")]
    finally:
        await connection.close()


async def test_open_makes_a_platform_and_its_first_key(empty: str, place: Path) -> None:
    """On a database that nothing was ever done in."""
    opened = run(*OPEN, "--zone", "Europe/Berlin", cwd=place, DATABASE_URL=empty)
    assert (opened.returncode, opened.stderr) == (0, "")
    [platform] = await rows(empty, "platform")
    told = (platform["name"], platform["currency"], platform["owner_email"], platform["zone"])
    assert told == ("Stellar", "EUR", "owner@example.com", "Europe/Berlin")
    first, second = opened.stdout.splitlines()
    assert first == f"The platform is open: acc_{platform['platform_id'].hex}"
    secret = re.fullmatch(rf"Its API key, shown this once: ({SECRET})", second)
    assert secret is not None
    holder = await speaks_for(empty, secret.group(1))
    assert (holder.account_id, holder.tenant_id) == (platform["platform_id"], None)
    assert not holder.read_only


async def test_a_second_opening_is_refused_and_changes_nothing(empty: str, place: Path) -> None:
    """One line that says which platform there is; no further key."""
    opened = run(*OPEN, "--json", cwd=place, DATABASE_URL=empty)
    assert opened.returncode == 0
    answer = json.loads(opened.stdout)
    assert set(answer) == {"platform", "api_key"} and re.fullmatch(SECRET, answer["api_key"])
    before = (await rows(empty, "platform"), await rows(empty, "api_key"))
    again = run(*OPEN[:2], "Other", *OPEN[3:], cwd=place, DATABASE_URL=empty)
    assert_one_line(again, "open already: Stellar", answer["platform"], "brimful keys issue")
    assert (await rows(empty, "platform"), await rows(empty, "api_key")) == before


async def test_two_openings_at_once_make_one_platform(empty: str, place: Path) -> None:
    """One of them is told that it came second."""
    both = await asyncio.gather(
        *(asyncio.to_thread(run, *OPEN, cwd=place, DATABASE_URL=empty) for _ in range(2))
    )
    first, second = sorted(both, key=lambda ended: ended.returncode)
    assert first.returncode == 0
    assert_one_line(second, "open already")
    assert len(await rows(empty, "platform")) == len(await rows(empty, "api_key")) == 1


@pytest.mark.parametrize(
    "words", [("issue",), ("list",), ("issue", "--account", "acc_" + 32 * "0")]
)
async def test_keys_of_a_platform_that_is_not_open(
    empty: str, place: Path, words: tuple[str, ...]
) -> None:
    """They say how to open it."""
    await migrate(empty)
    told = run("keys", *words, cwd=place, DATABASE_URL=empty)
    assert_one_line(told, "not open yet", "brimful open --name NAME")


async def test_r40_a_secret_is_shown_once(empty: str, place: Path) -> None:
    """Issued: the secret alone, for a script to read. Listed: never more than its first signs."""

    def keys_of(*words: str) -> str:
        ended = run("keys", *words, cwd=place, DATABASE_URL=empty)
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    opened = json.loads(run(*OPEN, "--json", cwd=place, DATABASE_URL=empty).stdout)
    platform = opened["platform"]
    plain = keys_of("issue", "--label", " reports ", "--read-only").strip()
    answer = json.loads(keys_of("issue", "--account", platform, "--json"))
    assert re.fullmatch(SECRET, plain) and re.fullmatch(SECRET, answer["api_key"])
    assert (await speaks_for(empty, plain)).read_only
    assert not (await speaks_for(empty, answer["api_key"])).read_only

    listed = keys_of("list")
    shown = json.loads(keys_of("list", "--json", "--account", platform))
    assert len(shown) == len(listed.splitlines()) == 3
    assert [key["label"] for key in shown] == ["first", "reports", ""]
    assert [key["read_only"] for key in shown] == [False, True, False]
    assert answer["id"] in [key["id"] for key in shown]
    for secret in (opened["api_key"], plain, answer["api_key"]):
        assert secret[:8] in listed and secret[8:] not in listed + json.dumps(shown)
    assert len(await rows(empty, "api_key")) == 3


async def test_keys_of_an_account(dsn: str, world: Any, place: Path) -> None:
    """For the account alone; one that is not there is refused."""
    agency = await world.open("Agency", sells=True)
    issued = run(
        "keys", "issue", "--account", f"acc_{agency.account_id.hex}", cwd=place, DATABASE_URL=dsn
    )
    holder = await speaks_for(dsn, issued.stdout.strip())
    assert (holder.account_id, holder.tenant_id) == (agency.account_id, agency.tenant_id)
    nobody = "acc_" + 32 * "0"
    refused = run("keys", "issue", "--account", nobody, cwd=place, DATABASE_URL=dsn)
    assert_one_line(refused, f"there is no account {nobody}")


async def test_a_label_cannot_write_on_the_terminal(dsn: str, world: Any, place: Path) -> None:
    """The API takes labels that a terminal would obey."""
    await keys.issue(
        world.db,
        account_id=world.platform.platform_id,
        tenant_id=None,
        read_only=False,
        label="\x1b[2Jgone\nkey_1",
        moment=world.engine.clock.moment(),
    )
    listed = run("keys", "list", cwd=place, DATABASE_URL=dsn)
    assert listed.stdout.endswith("?[2Jgone?key_1\n") and listed.stdout.count("\n") == 1
