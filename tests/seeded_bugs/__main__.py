"""Puts each seeded bug into a copy of the project and tells which layer finds it, and how fast.

python -m tests.seeded_bugs [--only NAME ...] [--markdown] [--simulate [--seeds 60] [--jobs 2]]

First the tests that are named for a bug, in seconds; with --simulate the simulator as well, in minutes.
Exit status 1 when a bug was found by nobody.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.seeded_bugs.bug import Bug
from tests.seeded_bugs.bugs import BUGS
from tests.seeded_bugs.catching import Found, simulated, tested

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = ("bug", "breaks", "found by", "in", "s")


def planted(bug: Bug, folder: Path) -> Path:
    """A copy of the project with the bug in it. Raises ValueError when it does not apply."""
    copy = folder / bug.name
    for part in ("src", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, copy / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    path = copy / bug.file
    path.write_text(changed(bug, path.read_text(encoding="utf-8")), encoding="utf-8")
    return copy


def changed(bug: Bug, text: str) -> str:
    """The text of a file with the bug in it. Raises ValueError when it does not apply."""
    if text.count(bug.old) != 1 or bug.old == bug.new:
        raise ValueError(f"{bug.name}: its text occurs {text.count(bug.old)} times in {bug.file}")
    return text.replace(bug.old, bug.new)


def found(bug: Bug, *, simulate: bool, seeds: int, jobs: int) -> list[Found]:
    """Who finds a bug: its named tests and, if asked, the simulator; empty when nobody does."""
    with tempfile.TemporaryDirectory(prefix="brimful-bug-") as folder:
        copy = planted(bug, Path(folder))
        asked = [tested(copy, bug.tests)] if bug.tests else []
        if simulate:
            asked.append(simulated(copy, seeds, jobs, bug.at))
    return [one for one in asked if one is not None]


def main() -> int:
    """0 when every bug was found."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--only", nargs="+", default=[], choices=[bug.name for bug in BUGS])
    options.add_argument("--markdown", action="store_true", help="a table for docs/seeded-bugs.md")
    options.add_argument("--simulate", action="store_true", help="ask the simulator, too")
    options.add_argument("--seeds", type=int, default=60)
    options.add_argument("--jobs", type=int, default=2)
    wanted = options.parse_args()
    rows: list[tuple[str, ...]] = []
    missed: list[str] = []
    for bug in (bug for bug in BUGS if not wanted.only or bug.name in wanted.only):
        finders = found(bug, simulate=wanted.simulate, seeds=wanted.seeds, jobs=wanted.jobs)
        if not finders:
            missed.append(bug.name)
        for one in finders or [Found("NOBODY", "", "", 0.0)]:
            rows.append((bug.name, bug.breaks, one.layer, one.where, f"{one.seconds:.0f}"))
            print(*rows[-1], one.said[:160], sep=" | ", file=sys.stderr, flush=True)
    _print(rows, markdown=wanted.markdown)
    return 1 if missed else 0


def _print(rows: list[tuple[str, ...]], *, markdown: bool) -> None:
    if markdown:
        for row in (HEADINGS, ("---",) * len(HEADINGS), *rows):
            print("|", " | ".join(row), "|")
        return
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    sys.exit(main())
