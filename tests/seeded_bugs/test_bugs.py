"""The seeded bugs still fit the code, so that the table of what finds them can be made at any time."""

import ast
from collections import Counter

import pytest

from tests.seeded_bugs.__main__ import ROOT, changed
from tests.seeded_bugs.bug import Bug
from tests.seeded_bugs.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted(bug: Bug) -> None:
    """Its text occurs once, and what comes of it is still a program."""
    text = changed(bug, (ROOT / bug.file).read_text(encoding="utf-8"))
    assert not bug.file.endswith(".py") or ast.parse(text)
    assert all((ROOT / test).exists() for test in bug.tests)


def test_each_bug_has_a_name_of_its_own() -> None:
    """And says which rule it breaks."""
    assert Counter(bug.name for bug in BUGS).most_common(1)[0][1] == 1
    assert all(bug.breaks.startswith("R") for bug in BUGS)
