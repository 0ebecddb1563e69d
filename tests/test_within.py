"""A run that has to end by a time begins what matters first, and says what it left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.within import FIRST_TO_LAST, UNTIL, as_time_allows, dealt, in_order

ROOT = Path(__file__).resolve().parent.parent
SOME = "tests/domain/test_renewal.py"


def test_promises_come_first_and_campaigns_last() -> None:
    """A file of no folder comes after all of them."""
    files = ["tests/acceptance/test_b.py", "tests/test_a.py", "tests/api/test_c.py"]
    assert in_order(files) == [files[2], files[0], files[1]]


def test_every_folder_of_tests_has_its_place() -> None:
    """None is forgotten when one is added."""
    folders = {path.parent.name for path in ROOT.glob("tests/*/test_*.py")}
    assert folders == set(FIRST_TO_LAST)


def test_each_process_is_dealt_an_equal_part_in_order() -> None:
    """The list is cut in the middle by whoever runs it: both halves begin with the first."""
    assert dealt({"a": 2, "b": 1, "c": 1, "d": 2}, 2) == ["a", "d", "b", "c"]


def test_a_campaign_goes_no_further_than_its_first_when_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And as far as it wants while there is time."""
    monkeypatch.delenv(UNTIL, raising=False)
    assert list(as_time_allows(3)) == [0, 1, 2]
    monkeypatch.setenv(UNTIL, "1")
    assert list(as_time_allows(3)) == [0]


def test_what_was_left_out_is_said() -> None:
    """Such a run is no failure, and no silence."""
    ours = (UNTIL, "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", SOME, "--within", "0"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "LEFT OUT" in done.stdout and "passed" not in done.stdout
