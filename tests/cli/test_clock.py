"""clock, the command: what time it is, and to be later (R38, R43); killed, it can be gone on with."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from brimful.db.migrate import migrate
from brimful.db.transaction import Database, connect
from brimful.usecases.move_clock import ClockState, read_clock
from tests.builders.http import key_for
from tests.builders.processes import SECRET, Bank, Program, free_port, started
from tests.builders.world import running_world
from tests.cli.commands import BRIMFUL, ENDS_WITHIN_S, assert_one_line, environment, run
from tests.conftest import FROZEN_AT

ON = {"BRIMFUL_TEST_CLOCK": "true"}
DAY = timedelta(days=1)
OPEN = ("open", "--name", "Stellar", "--currency", "USD", "--email", "owner@example.com")


def brimful(*words: str, cwd: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return run(*words, cwd=cwd, program=BRIMFUL, **env)


def plain(*words: str, cwd: Path, **env: str) -> dict[str, Any]:
    """What a command answers in JSON."""
    ended = brimful("clock", *words, "--json", cwd=cwd, **env)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    shown: dict[str, Any] = json.loads(ended.stdout)
    return shown


async def test_r43_clock_shows_both_times(empty: str, place: Path) -> None:
    """By line and in JSON; without a test clock they are the same, whatever the settings."""
    await migrate(empty)
    for env in ({}, ON):
        shown = plain(cwd=place, DATABASE_URL=empty, **env)
        assert (shown["status"], shown["target"]) == ("running", None)
        assert shown["business_time"] == shown["real_time"]
    plain("start", "--at", "2027-01-31T01:00+01:00", cwd=place, DATABASE_URL=empty, **ON)
    shown = plain(cwd=place, DATABASE_URL=empty, **ON)
    assert (shown["status"], shown["business_time"]) == ("standing", "2027-01-31T00:00:00+00:00")
    real = datetime.fromisoformat(shown["real_time"])
    assert abs(datetime.now(UTC) - real) < timedelta(minutes=1)
    told = brimful("clock", cwd=place, DATABASE_URL=empty, **ON)
    business, real_line = told.stdout.splitlines()
    assert business.startswith("Business time  2027-01-31 00:00:00 UTC  (stands until")
    assert real_line.startswith("Real time      20") and real_line.endswith(" UTC")


async def test_r38_a_platform_is_opened_at_business_time(empty: str, place: Path) -> None:
    """A clock may start in the past, and nothing that commands write lies ahead of it."""
    env = {**ON, "DATABASE_URL": empty}
    brimful("clock", "start", "--at", "2020-02-29", cwd=place, **env)
    assert brimful(*OPEN, cwd=place, **env).returncode == 0
    assert brimful("keys", "issue", cwd=place, **env).returncode == 0
    db = await connect(empty)
    rows = await db.fetch(
        "select created_at from platform union all select created_at from api_key"
    )
    await db.close()
    assert [row["created_at"] for row in rows] == [datetime(2020, 2, 29, tzinfo=UTC)] * 3


REFUSED = [
    (("start", "--at", "soon"), "--at takes an instant such as"),
    (("start", "--at", "2027-01-31"), "was started already"),
    (("halt",), "no advance to halt"),
    (("advance",), "no advance to go on with"),
    (("advance", "30"), "'30' is not a span such as 30d"),
    (("advance", "1d1d"), "'1d1d' is not a span"),
    (("advance", "-1d"), "no such option"),
    (("advance", "0d"), "by 1s at least and 3660d at most"),
    (("advance", "999999999w"), "by 1s at least and 3660d at most"),
    (("advance", "1d", "--to", "2027-03-01"), "not both"),
    (("advance", "--to", "2027-01-31T22:59:59Z"), "only runs forward; it is 2027-01-31 23:00:00"),
    (("advance", "--to", "2099-01-01"), "3,660 days at most; it is 2027-01-31 23:00:00"),
    (("advance", "--to", "0001-01-01T00:00+14:00"), "--to takes an instant"),
    (("advance", "1d", "--testbank"), "one of the two"),
    (("sing",), "no such command 'sing'"),
]


async def test_r38_what_cannot_be_is_one_line_and_changes_nothing(empty: str, place: Path) -> None:
    """Backward least of all."""
    env = {**ON, "DATABASE_URL": empty, "BRIMFUL_TESTBANK_URL": "http://127.0.0.1:9"}
    before = plain("start", "--at", FROZEN_AT.isoformat(), cwd=place, **env)
    for words, part in REFUSED:
        assert_one_line(brimful("clock", *words, cwd=place, **env), part)
    after = plain(cwd=place, **env)
    assert {**after, "real_time": ""} == {**before, "real_time": ""}
    del env["BRIMFUL_TESTBANK_URL"]
    refused = brimful("clock", "advance", "1d", cwd=place, **env)
    assert_one_line(refused, "BRIMFUL_TESTBANK_URL", "--testbank")


@pytest.mark.parametrize("words", [("start",), ("advance", "1d", "--testbank"), ("halt",)])
def test_r38_production_refuses_the_test_clock(place: Path, words: tuple[str, ...]) -> None:
    """And where it is merely not allowed, it is said how it would be; nothing is made."""
    production = {
        "BRIMFUL_PRODUCTION": "true",
        "BRIMFUL_PUBLIC_URL": "https://billing.example.com",
        "BRIMFUL_SMTP_URL": "smtp://h",
    }
    for env, parts in (
        (production, ("BRIMFUL_PRODUCTION", "refused in production")),
        ({**production, **ON}, ("BRIMFUL_TEST_CLOCK is refused in production",)),
        ({}, ("BRIMFUL_TEST_CLOCK=true",)),
    ):
        assert_one_line(brimful("clock", *words, cwd=place, **env), *parts)
    assert list(place.iterdir()) == []


async def test_r38_servers_and_workers_are_refused_on_a_database_with_a_test_clock(
    empty: str, place: Path
) -> None:
    """One that is not allowed to follow it would live in the past of its own books."""
    plain("start", cwd=place, DATABASE_URL=empty, **ON)
    bank = {"DATABASE_URL": empty, "BRIMFUL_TESTBANK_URL": "http://127.0.0.1:9"}
    for words in (("serve",), ("worker",), OPEN):
        ended = brimful(*words, cwd=place, BRIMFUL_PORT="0", **bank)
        assert_one_line(ended, "the database has a test clock", "BRIMFUL_TEST_CLOCK")


def test_r38_an_embedded_database_is_advanced_with_the_bank_inside(place: Path) -> None:
    """Where serve is given --testbank; in a month nothing is due, and the books are right."""
    first = plain("start", "--at", "2027-01-31", cwd=place, **ON)
    later = plain("advance", "4w2d12h", "--testbank", cwd=place, **ON)
    assert first["business_time"] == "2027-01-31T00:00:00+00:00"
    assert (later["status"], later["business_time"]) == ("standing", "2027-03-02T12:00:00+00:00")
    assert brimful("audit", cwd=place).stdout == "The books are right.\n"


@contextlib.asynccontextmanager
async def many_instants(db: Database, folder: Path, count: int) -> AsyncIterator[str]:
    """A world in which something is due every hour, so that a way through it takes a while; yields
    the platform's key."""
    async with running_world(db, folder / "mail", at=FROZEN_AT) as world:
        await world.open("Agency", sells=True)
        await world.stock("Agency", credits=count)
        secret = await key_for(world, None)
        await db.execute(
            "with lot as (delete from lot returning *), sale as (delete from transfer returning *), "
            "parts as (select n, gen_random_uuid() as id from generate_series(1, $1::int) n), "
            "sold as (insert into transfer select tenant_id, id, resource, seller_id, buyer_id, 1, "
            "operation_id, kind, returns, at from sale, parts) "
            "insert into lot (tenant_id, lot_id, account_id, terms, transfer_id, amount, free, "
            "cost_minor, currency, expires_at, opened_at) "
            "select tenant_id, id, account_id, terms, id, 1, 1, 0, currency, "
            "opened_at + make_interval(hours => n), opened_at from lot, parts",
            count,
        )
        await db.execute(
            "update balance set next_expiry_at = $1 where resource = 'credits' and free > 0",
            FROZEN_AT + timedelta(hours=1),
        )
        yield secret


async def moved(db: Database) -> ClockState:
    """The clock once it has left where it stood."""
    async with asyncio.timeout(ENDS_WITHIN_S):
        while True:
            state = await read_clock(db)
            if state is not None and state.frozen_at > FROZEN_AT:
                return state
            await asyncio.sleep(0.01)


def settings(dsn: str, bank: Bank, folder: Path) -> dict[str, str]:
    """What all processes on a database are given."""
    return {
        **ON,
        "DATABASE_URL": dsn,
        "BRIMFUL_TESTBANK_URL": bank.url,
        "BRIMFUL_EVENTS_SECRET": SECRET,
        "BRIMFUL_DATA_DIR": str(folder),
        "BRIMFUL_LEASE_S": "1",
        "BRIMFUL_WORKER_POLL_MS": "50",
    }


async def test_r38_a_killed_advance_is_gone_on_with(db: Database, dsn: str, tmp_path: Path) -> None:
    """kill -9 on the way: the clock stands at an hour, says where it was going, refuses another
    advance, and the command without a span takes it there."""
    async with started(dsn, tmp_path, lease_s=1) as (_, bank), many_instants(db, tmp_path, 2_000):
        env = settings(dsn, bank, tmp_path)
        killed = Program(
            "-m", "brimful.cli", "clock", "advance", "100d", log=tmp_path / "log", env=env
        )
        await killed.start()
        await moved(db)
        await killed.kill()
        left = await read_clock(db)
        assert left is not None and left.target_at == FROZEN_AT + 100 * DAY
        assert (left.frozen_at - FROZEN_AT) % timedelta(hours=1) == timedelta()
        assert timedelta() < left.frozen_at - FROZEN_AT < timedelta(hours=2_000)
        shown = await asyncio.to_thread(plain, cwd=tmp_path, **env)
        assert (shown["status"], shown["target"]) == ("advancing", left.target_at.isoformat())
        other = await asyncio.to_thread(brimful, "clock", "advance", "1d", cwd=tmp_path, **env)
        assert_one_line(other, "on its way to 2027-05-11 23:00:00 UTC", "halt ends it")
        await db.execute("update lot set expires_at = null where expires_at > $1", left.frozen_at)
        done = await asyncio.to_thread(plain, "advance", cwd=tmp_path, **env)
        assert (done["status"], done["business_time"]) == ("standing", "2027-05-11T23:00:00+00:00")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
async def test_r43_an_advance_that_is_ended_halts_where_it_is(
    db: Database, dsn: str, tmp_path: Path, by: signal.Signals
) -> None:
    """Ctrl-C is not a crash: nobody goes on with it, and the next advance begins there."""
    async with started(dsn, tmp_path, lease_s=1) as (_, bank), many_instants(db, tmp_path, 2_000):
        env = settings(dsn, bank, tmp_path)
        process = subprocess.Popen(
            [sys.executable, *BRIMFUL, "clock", "advance", "100d"], cwd=tmp_path,
            env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        await moved(db)
        process.send_signal(by)
        out, told = await asyncio.to_thread(process.communicate, timeout=ENDS_WITHIN_S)
        assert (process.returncode, out, told) == (128 + by, "", "")
        halted = await read_clock(db)
        assert halted is not None and halted.target_at is None
        hours = (halted.frozen_at - FROZEN_AT) // timedelta(hours=1)
        assert 0 < hours < 2_000


async def test_r38_all_processes_follow_one_clock(db: Database, dsn: str, tmp_path: Path) -> None:
    """A command advances; the server shows its time with the next request, its next key is dated so,
    and another command tells the same."""
    port = free_port()
    async with (
        started(dsn, tmp_path, lease_s=1) as (_, bank),
        many_instants(db, tmp_path, 3) as key,
    ):
        env = settings(dsn, bank, tmp_path)
        server = Program(
            "-m", "brimful.cli", "serve",
            log=tmp_path / "api.log", env={**env, "BRIMFUL_PORT": str(port)},
        )  # fmt: skip
        await server.start()
        headers = {"Authorization": f"Bearer {key}"}
        url = f"http://127.0.0.1:{port}/v1"
        try:
            async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
                async with asyncio.timeout(ENDS_WITHIN_S):
                    while True:
                        server.assert_running()
                        with contextlib.suppress(httpx.HTTPError):
                            before = (await http.get(f"{url}/test_clock")).json()
                            break
                        await asyncio.sleep(0.05)
                done = await asyncio.to_thread(plain, "advance", "40d", cwd=tmp_path, **env)
                after = (await http.get(f"{url}/test_clock")).json()
                platform = (await http.get(f"{url}/whoami")).json()["account_id"]
                made = await http.post(f"{url}/accounts/{platform}/api-keys", json={"label": "x"})
        finally:
            await server.stop()
        shown = await asyncio.to_thread(plain, cwd=tmp_path, **env)
    assert made.status_code == 201
    times = [datetime.fromisoformat(one["business_time"]) for one in (before, done, after, shown)]
    assert times == [FROZEN_AT, *[FROZEN_AT + 40 * DAY] * 3]
    assert await db.fetchval("select max(created_at) from api_key") == FROZEN_AT + 40 * DAY


async def test_r43_a_terminal_shows_how_far_an_advance_has_come(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """A bar with the business time it has come to; what is asked for stays on standard output."""
    async with started(dsn, tmp_path, lease_s=1) as (_, bank), many_instants(db, tmp_path, 40):
        terminal, inside = pty.openpty()
        env = {**settings(dsn, bank, tmp_path), "TERM": "xterm", "COLUMNS": "100"}
        process = subprocess.Popen(
            [sys.executable, *BRIMFUL, "clock", "advance", "2d", "--json"], cwd=tmp_path,
            env={**environment(), **env}, stdout=subprocess.PIPE, stderr=inside, text=True,
        )  # fmt: skip
        os.close(inside)
        shown = await asyncio.to_thread(_read, terminal)
        out, _ = await asyncio.to_thread(process.communicate, timeout=ENDS_WITHIN_S)
    assert json.loads(out)["business_time"] == (FROZEN_AT + 2 * DAY).isoformat()
    assert "2027-02-01 " in shown and "UTC" in shown and "━" in shown and "%" in shown


def _read(terminal: int) -> str:
    """All that is written to a terminal until its other end is closed."""
    parts = []
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65_536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode(errors="replace")
