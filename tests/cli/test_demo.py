"""The demo as a command: what it announces, where it keeps things, its books afterwards."""

import asyncio
import json
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from brimful.cli.fresh import DEMO_DATABASE, named
from brimful.db.embedded import embedded
from tests.cli.commands import assert_one_line, folder, run, running


@dataclass(frozen=True, slots=True)
class Told:
    """A demo that told its stories and ended: what it said, where its data are, whether it called
    the mail server that the machine is set up for."""

    ended: "subprocess.CompletedProcess[str]"
    place: Path
    called_out: bool


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """One for all tests that look at what it said and left."""
    with folder() as place, socket.create_server(("127.0.0.1", 0)) as mail_server:
        url = f"smtp://127.0.0.1:{mail_server.getsockname()[1]}"
        nowhere = "postgresql://u@127.0.0.1:1/x"
        ended = run(
            *("demo", "--once", "--data", "shown"),
            cwd=place, BRIMFUL_SMTP_URL=url, DATABASE_URL=nowhere, BRIMFUL_PRODUCTION="true",
        )  # fmt: skip
        called_out = bool(select.select([mail_server], [], [], 0)[0])
        yield Told(ended, place, called_out)


def test_r14_each_story_tells_the_explanation_that_is_kept(told: Told) -> None:
    """What was charged, by the bank; pool before, granted, after; who was refused, for what, why."""
    assert (told.ended.returncode, told.ended.stderr) == (0, "")
    stories = told.ended.stdout.split("\n── ")
    assert [story.count("The bank's journal:") > 0 for story in stories[1:-1]] == [True] * 9
    sign_up, _, declined, replaced, cap = stories[1:6]
    books = stories[-1]
    for line in (
        "The bank's journal: $10.00 captured for the platform.",
        "Credits in the pool: 9,000 → 11,000 → 1,000.",
        "Northwind's card was charged $10.00. Pool: 9,000 → 11,000 → 1,000.",
        "Notice to Northwind: Auto-billing bought 2,000 credits for $10.00.",
    ):
        assert line in sign_up
    for line in (
        "3,000 credits were missing.",
        "$20.00 was planned, nothing was charged: The card was declined.",
        "Carla of Cedar needed 3,000 credits (purchase).",
        "Carla of Cedar needed 25 credits and was told that this is temporarily unavailable.",
        "Auto-billing is paused after a failed charge.",
    ):
        assert line in declined
    assert "Bought" not in declined and "captured for" not in declined
    assert "Bought 2 × 2,000 credits: $20.00 in one charge." in replaced
    assert "Bluebird allows $25.00 a month; $20.00 of it is used." in cap
    assert "Your own chatbots needed 6,000 credits (spend)." in cap
    assert "the books are right" in books


def test_the_demo_is_apart_from_what_the_machine_is_set_up_for(told: Told) -> None:
    """Its owners' addresses are made up: mail goes into files, nothing into any other database."""
    assert told.ended.returncode == 0 and not told.called_out
    assert list((told.place / "shown" / "mail").glob("*.eml"))
    assert [path.name for path in told.place.iterdir()] == ["shown"]


def test_the_books_of_a_demo_that_has_ended(told: Told) -> None:
    """Its database is found in its folder, and what is wrong there is found as well."""
    right = run("audit", "--data", "shown", cwd=told.place)
    assert (right.returncode, right.stdout) == (0, "The books are right.\n")
    asyncio.run(tamper(told.place / "shown"))
    wrong = run("audit", "--data", "shown", "--json", cwd=told.place)
    assert wrong.returncode == 1 and json.loads(wrong.stdout)


async def tamper(data: Path) -> None:
    """Give somebody credits that came from nowhere."""
    async with embedded(data) as admin:
        connection = await asyncpg.connect(named(admin, DEMO_DATABASE))
        await connection.execute("update balance set free = free + 1, received = received + 1")
        await connection.close()


def test_the_demo_says_that_it_listens_once_it_does(place: Path) -> None:
    """One address a line, whole at 80 columns; keys that only their owner may read."""
    with running("demo", "--port", "0", cwd=place) as demo:
        said = demo.line()
        where = said.removeprefix("The API listens on ").removesuffix("/v1")
        host, _, port = where.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert b"200 OK" in peer.recv(100)
        assert demo.line() == f"Its documentation: {where}/docs"
        assert (
            demo.line() == "Names and keys of the demo: .brimful/demo/demo.env   (Ctrl-C ends it)"
        )
        keys = place / ".brimful" / "demo" / "demo.env"
        assert keys.stat().st_mode & 0o777 == 0o600
        assert keys.read_text().startswith(f"API={where}/v1\n")

        second = run("demo", "--once", cwd=place)
        assert_one_line(second, "another brimful is using the database in .brimful/demo", "--data")
        assert "BRIMFUL_DATA_DIR" not in second.stderr
        audited = run("audit", "--data", ".brimful/demo", cwd=place)
        assert_one_line(audited, "another brimful is using the database in .brimful/demo")

        assert demo.end(signal.SIGINT) == 128 + signal.SIGINT
