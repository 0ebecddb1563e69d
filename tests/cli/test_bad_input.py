"""Whatever is wrong with what a command is given: one line that names it, exit status 2, nothing
changed (R43)."""

from pathlib import Path
from typing import Any

import pytest

from brimful.cli.errors import BadInput, one_line
from tests.cli.commands import TESTBANK, assert_one_line, run, taken_port

OPEN = ("open", "--name", "Stellar", "--currency", "USD", "--email", "owner@example.com")
IN_PRODUCTION = {
    "BRIMFUL_PRODUCTION": "1",
    "BRIMFUL_PUBLIC_URL": "https://billing.example.com",
    "BRIMFUL_SMTP_URL": "smtp://h",
}
HOST = "192.0.2.1"  # of a range that no machine has

TYPED = [
    (("frobnicate",), ("no such command 'frobnicate'", "brimful --help")),
    (("--frob",), ("no such option: --frob", "brimful --help")),
    (("demo", "--frob"), ("no such option: --frob", "brimful demo --help")),
    (("demo", "--port"), ("'--port' requires an argument",)),
    (("demo", "--port", "abc"), ("'--port'", "integer", "brimful demo --help")),
    (("demo", "--port", "65536"), ("'--port'", "65535", "brimful demo --help")),
    (("serve", "extra"), ("extra", "brimful serve --help")),
    (("worker", "--testbank"), ("--testbank", "brimful worker --help")),
    (("testbank", "--port", "-1"), ("'--port'", "brimful testbank --help")),
    (("audit", "--jsn"), ("--jsn", "brimful audit --help")),
    (("keys",), ("missing command", "brimful keys --help")),
    (("keys", "revoke"), ("no such command 'revoke'", "brimful keys --help")),
    (("keys", "issue", "--account"), ("'--account' requires an argument",)),
    (("keys", "list", "acc_1"), ("acc_1", "brimful keys list --help")),
    (("open",), ("missing option '--name'", "brimful open --help")),
    (OPEN[:-2], ("missing option '--email'", "brimful open --help")),
]

MEANT = [
    ((*OPEN[:3], "--currency", "XXX", *OPEN[5:]), ("'XXX' is not an ISO 4217 currency",)),
    ((*OPEN[:3], "--currency", "usd", *OPEN[5:]), ("'usd' is not an ISO 4217 currency",)),
    ((*OPEN[:6], "owner"), ("--email takes a mail address, not 'owner'",)),
    ((*OPEN[:6], "a@b\nBcc: c@d"), ("--email takes a mail address",)),
    ((*OPEN, "--zone", "Mars/Phobos"), ("'Mars/Phobos' is not a time zone",)),
    ((*OPEN, "--name", " "), ("--name takes 1 to 200 printable characters",)),
    ((*OPEN, "--name", "a\x1b[31mb"), ("--name takes 1 to 200 printable characters",)),
    ((*OPEN, "--name", "a" * 201), ("--name takes 1 to 200 printable characters",)),
    (("keys", "issue", "--account", "nonsense"), ("'nonsense' is not an account id",)),
    (("keys", "list", "--account", "acc_12"), ("'acc_12' is not an account id",)),
    (("keys", "issue", "--label", "a\nb"), ("--label takes 0 to 200 printable characters",)),
    (("serve",), ("no gateway", "BRIMFUL_STRIPE_KEY", "BRIMFUL_TESTBANK_URL", "--testbank")),
    (("worker",), ("no gateway", "BRIMFUL_STRIPE_KEY", "BRIMFUL_TESTBANK_URL")),
    (("audit", "--data", "nowhere"), ("no embedded database in nowhere",)),
    (("testbank", "--port", "0", "--events-url", "nonsense"), ("--events-url takes",)),
    (("testbank", "--port", "0", "--events-url", "http://h/"), ("BRIMFUL_EVENTS_SECRET",)),
    (("testbank", "--port", "0", "--journal", "nowhere/bank.db"), ("nowhere/bank.db",)),
    (("testbank", "--port", "0", "--journal", "/dev/null/x"), ("/dev/null/x",)),
]

SET: list[tuple[tuple[str, ...], dict[str, Any], tuple[str, ...]]] = [
    (("serve",), {"BRIMFUL_PORT": "abc"}, ("BRIMFUL_PORT takes a whole number, 0 to 65535",)),
    (("worker",), {"BRIMFUL_TESTBANK_URL": "nonsense"}, ("BRIMFUL_TESTBANK_URL takes http://",)),
    (("audit",), {"BRIMFUL_SMTP_URL": "nonsense"}, ("BRIMFUL_SMTP_URL takes smtp://",)),
    (OPEN, {"BRIMFUL_MAIL_FROM": "billing"}, ("BRIMFUL_MAIL_FROM takes a mail address",)),
    (("keys", "list"), {"BRIMFUL_LEASE_S": "soon"}, ("BRIMFUL_LEASE_S takes seconds",)),
    (("demo", "--once"), {"BRIMFUL_WAIT_MS": "-1"}, ("BRIMFUL_WAIT_MS takes milliseconds",)),
    (("testbank",), {"BRIMFUL_PRODUCTION": "maybe"}, ("BRIMFUL_PRODUCTION takes true or",)),
    (("audit",), {"DATABASE_URL": "nonsense"}, ("DATABASE_URL is not an address",)),
    (OPEN, {"DATABASE_URL": "postgresql://u@127.0.0.1:1/x"}, ("DATABASE_URL",)),
    (OPEN, {"BRIMFUL_DATA_DIR": "/dev/null"}, ("/dev/null is not a folder",)),
    (("serve", "--testbank"), {"BRIMFUL_HOST": HOST}, (HOST, "of this machine")),
    (("serve", "--testbank"), IN_PRODUCTION, ("BRIMFUL_PRODUCTION", "refused in production")),
    (("audit",), {"BRIMFUL_PRODUCTION": "1"}, ("BRIMFUL_PUBLIC_URL is", "BRIMFUL_SMTP_URL is")),
    (("serve",), {"BRIMFUL_STRIPE_KEYS": "x"}, ("did you mean BRIMFUL_STRIPE_KEY?",)),
    (("serve",), {"BRIMFUL_STRIPE_KEY": "pk_test_x"}, ("BRIMFUL_STRIPE_KEY takes a secret",)),
    (
        ("serve",),
        {"BRIMFUL_STRIPE_KEY": "sk_test_x", "BRIMFUL_PRODUCTION": "1"},
        ("BRIMFUL_STRIPE_KEY is a test key",),
    ),
    (("worker",), {"BRIMFUL_STRIPE_KEY": "rk_live_x"}, ("BRIMFUL_STRIPE_KEY is a live key",)),
    (
        ("worker",),
        {"BRIMFUL_STRIPE_KEY": "sk_test_x", "BRIMFUL_TESTBANK_URL": "http://127.0.0.1:1"},
        ("name two gateways",),
    ),
    (
        ("serve",),
        {
            "BRIMFUL_STRIPE_KEY": "sk_live_x",
            "BRIMFUL_PRODUCTION": "1",
            "BRIMFUL_STRIPE_URL": "http://127.0.0.1:1",
        },
        ("BRIMFUL_STRIPE_URL is for tests",),
    ),
    (
        ("serve",),
        {"BRIMFUL_STRIPE_KEY": "sk_test_x", "BRIMFUL_TEST_CLOCK": "1"},
        ("BRIMFUL_TEST_CLOCK", "testbank"),
    ),
    (
        ("serve", "--testbank"),
        {"BRIMFUL_STRIPE_KEY": "sk_test_x"},
        ("BRIMFUL_STRIPE_KEY names a gateway already",),
    ),
    (
        ("serve", "--testbank"),
        {"BRIMFUL_TESTBANK_URL": "http://127.0.0.1:1"},
        ("BRIMFUL_TESTBANK_URL names a gateway already",),
    ),
]


@pytest.mark.parametrize(("words", "parts"), TYPED + MEANT)
def test_r43_bad_words_are_one_line(
    place: Path, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    """What was typed, or what it means, is wrong."""
    assert_one_line(run(*words, cwd=place), *parts)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(("words", "env", "parts"), SET)
def test_r43_bad_settings_are_one_line(
    place: Path, words: tuple[str, ...], env: dict[str, Any], parts: tuple[str, ...]
) -> None:
    """What the environment says is wrong; every command that reads it says so."""
    assert_one_line(run(*words, cwd=place, **env), *parts)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("how", ["demo", "serve", "testbank", "the testbank alone"])
def test_r43_a_port_in_use_is_one_line(place: Path, how: str) -> None:
    """Found before anything is announced or made: no database, no journal."""
    with taken_port() as port:
        words = {
            "demo": ("demo", "--port", str(port)),
            "serve": ("serve", "--testbank"),
            "testbank": ("testbank", "--port", str(port), "--journal", "bank.db"),
        }.get(how, ("--port", str(port), "--journal", "bank.db"))
        program = TESTBANK if how == "the testbank alone" else ("-m", "brimful.cli")
        ended = run(*words, cwd=place, program=program, BRIMFUL_PORT=str(port))
    another = "BRIMFUL_PORT" if how == "serve" else "--port"
    assert_one_line(ended, f"port {port} of 127.0.0.1 is in use; choose another with {another}")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--port", "abc"), "0 to 65535"),
        (("--frob",), "--frob"),
        (("--port", "0", "--journal", "nowhere/bank.db"), "nowhere/bank.db"),
    ],
)
def test_the_testbank_alone_says_one_line_too(
    place: Path, words: tuple[str, ...], part: str
) -> None:
    """It shares no code with the command line, and its manners all the same."""
    assert_one_line(run(*words, cwd=place, program=TESTBANK), part)
    assert list(place.iterdir()) == []


def test_a_journal_that_is_none_stays_as_it_was(place: Path) -> None:
    """A file of somebody else's is refused, not written to."""
    letter = place / "letter.txt"
    letter.write_text("Dear Anna, " * 200)
    assert_one_line(run("testbank", "--port", "0", "--journal", "letter.txt", cwd=place), "letter")
    assert letter.read_text() == "Dear Anna, " * 200
    assert list(place.iterdir()) == [letter]


@pytest.mark.parametrize("words", [(), ("--help",), ("keys", "--help"), ("open", "--help")])
def test_help_stays_pretty(place: Path, words: tuple[str, ...]) -> None:
    """In boxes, on standard output, exit status 0; without a word it is shown too."""
    shown = run(*words, cwd=place)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Usage: brimful" in shown.stdout and "╭─" in shown.stdout


def test_a_fault_of_our_own_is_not_passed_off_as_bad_input() -> None:
    """It has no one line: it is shown whole, with exit status 3, so that audit's 1 means findings."""
    assert one_line(ZeroDivisionError("no")) is None
    assert one_line(BadInput("two\n  lines")) == "two lines"
