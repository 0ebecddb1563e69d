"""Puts each seeded bug into a copy of the project and tells which layer finds it, and how fast.

python -m tests.seeded_bugs [--only NAME ...] [--seeds 60] [--jobs 2] [--tests]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.seeded_bugs.bugs import BUGS, Bug
from tests.simulator.stall import OF

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 400


@dataclass(frozen=True, slots=True)
class Found:
    """Which layer found a bug ("" for none), with which seed of how many, and what it said."""

    layer: str
    seeds: int
    said: str
    seconds: float


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


def simulated(copy: Path, seeds: int, jobs: int, at: str | None) -> Found:
    """What the simulator says of a copy, up to the first violation."""
    command = [sys.executable, "-m", "tests.simulator", "--json", "--until-first"]
    command += ["--jobs", str(jobs)]
    command += ["--seeds", str(seeds)] if at is None else ["--seeds", str(seeds * OF), "--at", at]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True,
            timeout=SECONDS_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Found("simulator", 0, "it does not end", time.monotonic() - began)
    took = time.monotonic() - began
    if not done.stdout:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        return Found("simulator", 0, f"it ended: {said}", took)
    report = json.loads(done.stdout)
    if not report["violations"]:
        return Found("", report["seeds"], "", took)
    found = sorted(report["violations"][0]["found"], key=_is_ours)
    layer = "audit" if _is_ours(found[0]) else "simulator"
    return Found(layer, report["seeds"], found[0], took)


def _is_ours(text: str) -> bool:
    """Our own audit's words, not the independent auditor's."""
    return text.startswith("audit ")


def tested(copy: Path, tests: tuple[str, ...]) -> Found:
    """What the tests that are named for a bug say."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=copy, env=_environment(copy), capture_output=True, text=True)
    said = next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "")
    return Found("tests" if done.returncode else "", 0, said, time.monotonic() - began)


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}


def main() -> int:
    """0 when every bug was found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", default=[])
    options.add_argument("--seeds", type=int, default=60)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--tests", action="store_true", help="the tests named for a bug, too")
    wanted = options.parse_args()
    table = Table("bug", "found by", "seeds", "s", "what it said")
    missed = 0
    for bug in (bug for bug in BUGS if not wanted.only or bug.name in wanted.only):
        with tempfile.TemporaryDirectory(prefix="brimful-bug-") as folder:
            copy = planted(bug, Path(folder))
            found = [simulated(copy, wanted.seeds, wanted.jobs, bug.at)]
            if wanted.tests and bug.tests:
                found.append(tested(copy, bug.tests))
        layers = [one.layer for one in found if one.layer]
        missed += not layers
        first = found[0]
        row = (bug.name, ", ".join(layers) or "NOBODY", str(first.seeds), f"{first.seconds:.0f}")
        table.add_row(*row, first.said[:110])
        print(*row, first.said[:160], sep=" | ", file=sys.stderr, flush=True)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
