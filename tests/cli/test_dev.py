"""./dev, the one door: its help is complete, what it cannot do is one line, the README knows it."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, environment


def dev(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run ./dev."""
    return subprocess.run(
        [sys.executable, str(ROOT / "dev"), *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


def verbs() -> set[str]:
    """What it does, by its own table."""
    table = re.search(
        r"^VERBS = \{(.*?)\}", (ROOT / "dev").read_text(encoding="utf-8"), re.M | re.S
    )
    assert table is not None
    return set(re.findall(r'"(\w+)"', table.group(1)))


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_its_help_names_every_verb(words: tuple[str, ...]) -> None:
    """And no other."""
    shown = dev(*words)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert set(re.findall(r"^ +\./dev (\w+)", shown.stdout, re.M)) == verbs()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("frobnicate",), "no such command: frobnicate"),
        (("run",), "run what?"),
        (("check", "x"), "check takes no arguments"),
    ],
)
def test_what_it_cannot_do_is_one_line(words: tuple[str, ...], part: str) -> None:
    """Exit status 2; nothing is set up for it."""
    ended = dev(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("./dev: ") and ended.stderr.count("\n") == 1
    assert part in ended.stderr


def test_our_command_starts_below_a_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    """And passes on what it is given, as it is given."""
    venv = tmp_path / "my projects" / ".venv"
    (venv / "lib" / "python3" / "site-packages").mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(sys.executable)
    door = runpy.run_path(str(ROOT / "dev"))
    door["add_ourselves"].__globals__.update(VENV=venv, PYTHON=venv / "bin" / "python")
    door["add_ourselves"]()
    started = subprocess.run(
        [str(venv / "bin" / "brimful"), "no such", "--command"],
        env=environment(PYTHONPATH=":".join([str(ROOT / "src"), *sys.path])),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (started.returncode, started.stdout) == (2, ""), started
    assert "no such command 'no such'" in started.stderr


def test_the_readme_uses_what_there_is() -> None:
    """Every ./dev verb and every brimful command that it names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\./dev (\w+)", text)) <= verbs()
    source = (ROOT / "src/brimful/cli/main.py").read_text(encoding="utf-8")
    commands = set(re.findall(r"^def (\w+)\(", source, re.M)) | {"open", "keys", "clock"}
    assert set(re.findall(r"\./dev run brimful (\w+)", text)) <= commands
