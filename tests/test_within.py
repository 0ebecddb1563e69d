"""A run that has to end by a time begins what matters first, and says what it left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.within import FIRST_TO_LAST, UNTIL, as_time_allows, dealt, in_order

ROOT = Path(__file__).resolve().parent.parent
HOOKS = """
import sys
sys.path.insert(0, {root!r})
from tests import within
from tests.within import pytest_addoption, pytest_configure
within.GRACE_S = 1
"""
# The first ends well, and the time of its run is over soon after it.
TWO_TESTS = """
import os
import signal
import time
import pytest
from tests.within import UNTIL

@pytest.fixture
def whole():
    yield
    raise AssertionError("cut in the middle")

def test_is_quick():
    os.environ[UNTIL] = str(time.time() + 5)

def test_never_ends(whole):
    signal.pause()
"""


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


def run(folder: Path, *words: str) -> str:
    """What pytest says of some tests, which go well."""
    ours = (UNTIL, "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_what_was_left_out_is_said() -> None:
    """Such a run is no failure, and no silence."""
    said = run(ROOT, "tests/domain/test_renewal.py", "--within", "0")
    assert "LEFT OUT" in said and "passed" not in said


def test_what_does_not_end_in_time_is_left_out(tmp_path: Path) -> None:
    """A test that has begun is ended with the run, and its teardown does not count against it."""
    (tmp_path / "conftest.py").write_text(HOOKS.format(root=str(ROOT)))
    (tmp_path / "test_two.py").write_text(TWO_TESTS)
    said = run(tmp_path, "--within", "600", "-o", "timeout=300", "-v")
    assert "test_is_quick PASSED" in said and "1 passed" in said
    assert "test_never_ends SKIPPED" in said and "1 tests were LEFT OUT" in said
