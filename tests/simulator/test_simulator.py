"""The simulator in short: as many seeds as fit into a minute, and each the same run every time.

`./dev simulate` plays more of them. BRIMFUL_SIMULATED_SEEDS=<number> plays so many here, however long.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest

from tests.simulator.campaign import ROOT, Share, environment

SEEDS = int(os.environ.get("BRIMFUL_SIMULATED_SEEDS", "0"))
WITHIN_S = 45
# Parts of many seeds, for as many processes as test.
PARTS = 4 if SEEDS else 1
# Seeds that are played first to last and last to first.
SOME = range(40, 44)


def report(*words: str) -> dict[str, Any]:
    """What ./dev simulate reports as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator", "--json", *words],
        cwd=ROOT, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def digests(server: str, seeds: range) -> dict[int, str]:
    """The hash of all that happened in some seeds, played by a process of their own."""
    name = f"simulated_{uuid4().hex[:8]}"
    share = Share(server, name, seeds.start, seeds.stop, seeds.step)
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator.worker", json.dumps(asdict(share))],
        cwd=ROOT, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    return {outcome["seed"]: outcome["digest"] for outcome in outcomes}


@pytest.mark.timeout(7_200 if SEEDS else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_seed_breaks_a_promise(part: int) -> None:
    """Nobody pays twice or without delivery, nobody is served unpaid, no cap is passed, nothing is
    charged after switching off, and all work ends (R16 to R29), whatever fails in whatever order."""
    within = () if SEEDS else ("--within", str(WITHIN_S))
    seeds = (SEEDS or 500) // PARTS
    found = report("--from", str(part * seeds), "--seeds", str(seeds), "--jobs", "1", *within)
    assert found["violations"] == []
    assert found["seeds"] == seeds or not SEEDS
    assert found["operations"] >= 50 * found["seeds"]
    assert found["faults"] >= 5 * found["seeds"]
    assert found["levels_at_least"] >= 3


def test_a_seed_is_the_same_run_every_time(server: str) -> None:
    """In another process, in another order, on another database: to the last step."""
    forth = digests(server, SOME)
    back = digests(server, SOME[::-1])
    assert forth == back and len(set(forth.values())) == len(SOME)
