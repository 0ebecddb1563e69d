"""How fast the best cover of a need is found, by family of catalogues (R12).

Catalogues of 20 packs with sizes up to 1,000,000; needs log-uniform from 1 to 10^12. The limits: 99
queries of 100 under 5 ms with tables that are built, and under 2 s to build them; both also in time of
the processor, which tells a busy machine from slow code. The rival is an
integer-programming solver (HiGHS) that is asked for the price alone of a sample of the same needs, up
to 10^6, where its floating-point figures can be trusted.
"""

import gc
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.catalogues import FAMILIES
from benchmarks.figure import Figure, quantile
from brimful.domain.cover import CoverTables, Pack

CATALOGUES = 4
NEEDS = 1_000
SOLVED = 10
QUERY_LIMIT_MS = 5.0
BUILD_LIMIT_S = 2.0

T = TypeVar("T")


def solve(packs: tuple[Pack, ...], need: int) -> None:
    """Let HiGHS prove the lowest price, or give up after ten seconds."""
    sizes = np.array([pack.credits for pack in packs])
    prices = np.array([pack.price_minor for pack in packs])
    milp(
        prices,
        constraints=LinearConstraint(sizes, lb=need),
        integrality=np.ones(len(packs), dtype=np.int64),
        bounds=Bounds(0, -(-need // sizes)),
        options={"mip_rel_gap": 0, "time_limit": 10},
    )


class Clock:
    """Seconds by the wall and by the processor that a call took, one entry a call."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def time(self, call: Callable[[], T]) -> T:
        """Call, and note the seconds."""
        wall, processor = time.perf_counter(), time.process_time()
        result = call()
        self.processor.append(time.process_time() - processor)
        self.wall.append(time.perf_counter() - wall)
        return result

    def add(self, other: "Clock") -> None:
        """Take in another's entries."""
        self.wall += other.wall
        self.processor += other.processor


def measure(name: str, builds: Clock, queries: Clock) -> Figure:
    """Time the builds and queries of one family; the figure compares a sample with the solver."""
    ours, theirs = Clock(), Clock()
    for number in range(CATALOGUES):
        random = Random(f"{name} {number}")
        packs = FAMILIES[name](random)
        tables = builds.time(partial(CoverTables.build, packs))
        for _ in range(NEEDS):
            queries.time(partial(tables.best, int(10 ** random.uniform(0, 12))))
        for _ in range(SOLVED):
            need = int(10 ** random.uniform(0, 6))
            ours.time(partial(tables.best, need))
            theirs.time(partial(solve, packs, need))
    return Figure(
        name=f"cover {name}, up to 10^6, median",
        value=1e3 * quantile(ours.wall, 0.5),
        unit="ms",
        rival="HiGHS",
        rival_value=1e3 * quantile(theirs.wall, 0.5),
    )


def run() -> list[Figure]:
    """All families, then all together."""
    print(
        f"cover: {CATALOGUES} catalogues a family, {NEEDS} needs each from 1 to 10^12, "
        f"HiGHS on {SOLVED} needs each up to 10^6, no garbage collection between",
        file=sys.stderr,
        flush=True,
    )
    figures: list[Figure] = []
    all_builds, all_queries = Clock(), Clock()
    for name in FAMILIES:
        builds, queries = Clock(), Clock()
        gc.collect()
        gc.disable()
        compared = measure(name, builds, queries)
        gc.enable()
        figures += [*_figures(f"cover {name}", builds, queries), compared]
        all_builds.add(builds)
        all_queries.add(queries)
    return [*figures, *_figures("cover, all families", all_builds, all_queries)]


def _figures(name: str, builds: Clock, queries: Clock) -> list[Figure]:
    found = [
        Figure(
            name=f"{name}, query {label}",
            value=1e3 * quantile(seconds, part),
            unit="ms",
            rival="limit" if part == 0.99 else "",
            rival_value=QUERY_LIMIT_MS if part == 0.99 else None,
        )
        for label, part, seconds in (
            ("p50", 0.5, queries.wall),
            ("p99", 0.99, queries.wall),
            ("p99, processor", 0.99, queries.processor),
            ("max", 1.0, queries.wall),
            ("max, processor", 1.0, queries.processor),
        )
    ]
    found += [
        Figure(
            name=f"{name}, {label}",
            value=max(seconds),
            unit="s",
            rival="limit",
            rival_value=BUILD_LIMIT_S,
        )
        for label, seconds in (
            ("slowest build", builds.wall),
            ("slowest build, processor", builds.processor),
        )
    ]
    return found
