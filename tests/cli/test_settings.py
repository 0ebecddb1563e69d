"""Settings: named when they are wrong, told in the README, safe when unset."""

import re
from pathlib import Path
from typing import Any

import pytest

from brimful.settings import Settings, WrongSettings, read_settings, variable
from tests.cli.commands import ROOT

SERVERS = ["nonsense", "ftp://h", "http://", "http://h:99999", "http://h:0", "http://h/?q", "//h"]
# The tests that hold variables which are nearly settings.
MISSPELL = ("test_settings.py", "test_bad_input.py")
MAIL_SERVERS = ["nonsense", "http://h", "smtp://", "smtp://h:99999", "smtp://h/inbox", "smtp://a b"]
ADDRESSES = ["billing", "@h", "a@", "a b@h", "a@h@i", "a@h\nBcc: x@y", '"a"@h', "A <a@h>", "a@h..i"]


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_the_readme_tells_every_setting() -> None:
    """Its table is what the settings say of themselves; the difference is what to paste there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- settings -->\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", text)
    assert block is not None
    assert block.group(1).splitlines() == [row(name) for name in Settings.model_fields]


def row(name: str) -> str:
    """A setting's row of the table."""
    field = Settings.model_fields[name]
    extra: Any = field.json_schema_extra
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    shown = "" if default is None else f"`{default}`"
    takes = re.sub(r"\S+://\S*", lambda found: f"`{found.group()}`", extra["takes"])
    return f"| `{variable(name)}` | {takes} | {shown} | {field.description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_takes_and_means(name: str) -> None:
    """Its limits and its unit among it; a secret is never shown in the settings' own text."""
    field = Settings.model_fields[name]
    extra: Any = field.json_schema_extra
    assert field.description and extra["takes"]
    for limit in field.metadata:
        for kind in ("ge", "gt", "le"):
            if hasattr(limit, kind):
                assert re.search(rf"\b{getattr(limit, kind)}\b", extra["takes"])
    for unit, words in (("_ms", "milliseconds"), ("_s", "seconds")):
        if name.endswith(unit):
            assert extra["takes"].startswith(words)
    assert field.repr is not extra["secret"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("port", ["abc", "-1", "65536", "8420.5"]),
        ("wait_ms", ["-1", "60001", "10s"]),
        ("lease_s", ["0", "-1", "nan", "inf", "3601", "soon"]),
        ("worker_poll_ms", ["9", "0", "x"]),
        ("pool_size_max", ["1", "1001"]),
        ("gateway_timeout_s", ["0", "301"]),
        ("production", ["maybe", "2"]),
        ("test_clock", ["maybe", "2"]),
        ("host", ["a b", "http://h"]),
        ("testbank_url", SERVERS),
        ("stripe_events_secret", ["we_1Abc", "sk_test_x", "whsec_", "whsec_a b"]),
        ("stripe_connect_events_secret", ["we_1Abc", "whsec_x, whsec_y"]),
        ("smtp_url", MAIL_SERVERS),
        ("mail_from", ADDRESSES),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, values: list[str]
) -> None:
    """Each value by itself: the variable, and what it takes."""
    for value in values:
        monkeypatch.setenv(variable(name), value)
        with pytest.raises(WrongSettings, match=rf"^{variable(name)} takes ") as told:
            read_settings()
        assert str(told.value).count(";") == 0, value


def test_all_wrong_settings_are_named_at_once_and_no_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line for all of them."""
    for name, value in (("PORT", "abc"), ("LEASE_S", "0"), ("SMTP_URL", "smtp://u:hush@/x")):
        monkeypatch.setenv(f"BRIMFUL_{name}", value)
    with pytest.raises(WrongSettings) as told:
        read_settings()
    clauses = str(told.value).split("; ")
    assert [clause.split(" takes ")[0] for clause in clauses] == [
        "BRIMFUL_PORT",
        "BRIMFUL_LEASE_S",
        "BRIMFUL_SMTP_URL",
    ]
    assert "'abc'" in clauses[0] and "hush" not in str(told.value)


def test_what_is_right_is_read_and_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orchestrators set a variable to nothing when they mean that there is none."""
    for name in Settings.model_fields:
        monkeypatch.setenv(variable(name), "")
    assert read_settings() == Settings.model_construct()
    for name, value in {
        "DATABASE_URL": "postgresql://u:hush@h/d",
        "BRIMFUL_DATA_DIR": "/var/lib/x",
        "BRIMFUL_TESTBANK_URL": "http://[::1]:8421/",
        "BRIMFUL_SMTP_URL": "smtps://u%40h:hush@mail.example.com:465",
        "BRIMFUL_MAIL_FROM": "o'hara+billing@mail-1.example.com",
    }.items():
        monkeypatch.setenv(name, value)
    read = read_settings()
    assert read.data_dir == Path("/var/lib/x")
    assert read.testbank_url == "http://[::1]:8421"
    assert read.mail_from == "o'hara+billing@mail-1.example.com"
    assert "hush" not in repr(read) and read.smtp_url and read.database_url


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BRIMFUL_PROT", "BRIMFUL_PORT"),
        ("BRIMFUL_STRIPE_EVENT_SECRET", "BRIMFUL_STRIPE_EVENTS_SECRET"),
        ("BRIMFUL_STRIPE_CONNECT_EVENT_SECRET", "BRIMFUL_STRIPE_CONNECT_EVENTS_SECRET"),
        ("BRIMFUL_PRODUKTION", "BRIMFUL_PRODUCTION"),
        ("brimful_lease", "BRIMFUL_LEASE_S"),
    ],
)
def test_what_is_nearly_a_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    """It would be as if it were unset. Beside what else is wrong."""
    monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("BRIMFUL_HOST", "a b")
    with pytest.raises(WrongSettings) as told:
        read_settings()
    first, second = str(told.value).split("; ")
    assert first == f"{name} is no setting: did you mean {meant}?"
    assert second.startswith("BRIMFUL_HOST takes")


def test_what_tests_and_benchmarks_are_told_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of theirs that are named in their files, and those of other programs."""
    named = {
        name
        for folder in ("tests", "benchmarks", ".ci", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in ("", ".py", ".md") and path.name not in MISSPELL
        for name in re.findall(r"\bBRIMFUL_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    others = named - {variable(name) for name in Settings.model_fields}
    assert {"BRIMFUL_SIMULATED_SEEDS", "BRIMFUL_BENCH_SHORT"} <= others
    for name in others:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("BRIMFUL_SERVICE_HOST", "10.0.0.1")
    assert read_settings() == Settings.model_construct()


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({}, ("BRIMFUL_PUBLIC_URL is http://127.0.0.1:8420", "BRIMFUL_SMTP_URL is unset")),
        ({"public_url": "http://a.example"}, ("BRIMFUL_PUBLIC_URL is http://a.example",)),
        ({"public_url": "https://localhost"}, ("https://billing.example.com",)),
        ({"public_url": "https://127.8.0.1"}, ("https://billing.example.com",)),
        ({"public_url": "https://[::1]:8420"}, ("https://billing.example.com",)),
        ({"smtp_url": None}, ("BRIMFUL_SMTP_URL is unset", "smtps://")),
    ],
)
def test_production_wants_what_owners_reach(given: dict[str, Any], parts: tuple[str, ...]) -> None:
    """Their pages by https, their mail by a server; elsewhere neither is needed."""
    right = {"public_url": "https://billing.example.com", "smtp_url": "smtp://h"}
    assert read_settings(production=True, **right).production
    with pytest.raises(WrongSettings, match=r"^BRIMFUL_PRODUCTION is true, and ") as told:
        read_settings(production=True, **({**right, **given} if given else {}))
    assert all(part in str(told.value) for part in parts) and "\n" not in str(told.value)
    assert read_settings(**given) is not None
