"""Who finds a bug in a copy of the project: tests that are named for it, or the simulator."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.simulator.stall import OF

SECONDS_MAX = 400

# By the folder of the test that found it; what the database or the audit said goes before.
LAYERS = {
    "tests/domain": "domain test",
    "tests/ledger": "ledger test",
    "tests/usecases": "use-case test",
    "tests/events": "events test",
    "tests/gateways": "gateway test",
    "tests/api": "API test",
    "tests/acceptance": "acceptance test",
    "tests/archive": "archive test",
    "tests/public_failures": "public failure",
}
_CONSTRAINT = re.compile(r"(Unique|Check|ForeignKey|NotNull)ViolationError")
_OUTCOME = re.compile(r"^(FAILED|ERROR) (.+?)(?: - (.*))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """Which layer found a bug, where (the test, or the seed of how many), what it said, how fast."""

    layer: str
    where: str
    said: str
    seconds: float


def tested(copy: Path, tests: tuple[str, ...]) -> Found | None:
    """What the tests that are named for a bug find, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--tb=short", *tests], cwd=copy, env=_environment(copy), capture_output=True,
        text=True, timeout=SECONDS_MAX,
    )  # fmt: skip
    took = time.monotonic() - began
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the tests do not run: {done.stdout[-500:]}{done.stderr[-500:]}")
    outcome = _OUTCOME.search(done.stdout)
    if outcome is None:
        return None
    how, test, said = outcome.groups()
    return Found(_layer(how, test, done.stdout), test, said or "", took)


def _layer(how: str, test: str, output: str) -> str:
    """The layer that noticed it first: a test's own assertion is the last of them."""
    if _CONSTRAINT.search(output):
        return "database constraint"
    if how == "ERROR" and "findings = await audit" in output:
        return "audit"
    return LAYERS.get("/".join(test.split("/")[:2]), "test")


def simulated(copy: Path, seeds: int, jobs: int, at: str | None) -> Found | None:
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
        return Found("simulator", "", "it does not end", time.monotonic() - began)
    took = time.monotonic() - began
    if not done.stdout:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        return Found("simulator", "", f"it ended: {said}", took)
    report = json.loads(done.stdout)
    if not report["violations"]:
        return None
    said = min(report["violations"][0]["found"], key=_is_ours)
    layer = "audit in the simulator" if _is_ours(said) else "simulator"
    return Found(layer, f"{report['seeds']} seeds", said, took)


def _is_ours(text: str) -> bool:
    """Our own audit's words, not the independent auditor's."""
    return text.startswith("audit ")


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
