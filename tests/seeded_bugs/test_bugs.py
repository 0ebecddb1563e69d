"""The seeded bugs still fit the code, so that the table of what finds them can be made at any time."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.seeded_bugs.__main__ import ROOT, changed, found
from tests.seeded_bugs.bug import Bug
from tests.seeded_bugs.bugs import BUGS


def is_there(test: str) -> bool:
    """A test of that name is in its file."""
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return name.partition("[")[0] in {getattr(node, "name", None) for node in tree.body}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted(bug: Bug) -> None:
    """Its text occurs once, what comes of it is still a program, and the tests named for it exist."""
    text = changed(bug, (ROOT / bug.file).read_text(encoding="utf-8"))
    assert not bug.file.endswith(".py") or ast.parse(text)
    assert bug.tests and all(is_there(test) for test in bug.tests)


def test_each_bug_has_a_name_of_its_own() -> None:
    """And says which rule it breaks."""
    assert len(BUGS) >= 40
    assert Counter(bug.name for bug in BUGS).most_common(1)[0][1] == 1
    assert all(bug.breaks.startswith("R") for bug in BUGS)


def test_the_table_names_exactly_these_bugs() -> None:
    """And so does the number in front of it."""
    text = (ROOT / "docs" / "seeded-bugs.md").read_text(encoding="utf-8")
    table = text.partition("## The table")[2].partition("\n## ")[0]
    assert Counter(re.findall(r"^\| `(\w+)` \|", table, re.M)) == Counter(bug.name for bug in BUGS)
    assert f" holds {len(BUGS)} small changes" in text


def test_r28_a_sample_is_caught() -> None:
    """One of them, planted and run as the command does; all of them take half an hour."""
    [bug] = [bug for bug in BUGS if bug.name == "cap_per_charge_off_by_one_pack"]
    [caught] = found(bug, simulate=False, seeds=0, jobs=1)
    assert (caught.layer, Path(caught.where).parts[:2]) == ("domain test", ("tests", "domain"))
