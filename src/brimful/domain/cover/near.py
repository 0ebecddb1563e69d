"""The best covers of small needs, where base packs cannot be given back: a table along a line (R12)."""

from typing import NamedTuple

import numpy as np

from brimful.domain.cover.circle import base_alone
from brimful.domain.cover.measure import Bundle, Ints, Measure, Table
from brimful.domain.cover.relax import CHUNK, relax

# At most so many needs: each takes 16 bytes, and a few nanoseconds for each pack.
NEAR_MAX = 4_000_000


class Near(NamedTuple):
    """The best covers of the needs from ``-below`` (needs below zero, as far as a cover may waste)
    to ``limit``; that of a need is at ``table[need + below]``."""

    table: Table
    below: int
    limit: int


def build_near(measure: Measure, circle: Table, debts: Ints) -> Near:
    """The table of all needs whose cover in the circle may not be real, up to ``NEAR_MAX`` of them.

    It starts from covers that are real: nothing for needs below zero, else what the circle holds, or
    base packs alone. Each loose pack then improves them.
    """
    turns = min(NEAR_MAX // measure.size, max(0, int(debts.max())))
    alone = base_alone(measure)
    real = debts <= np.arange(turns, dtype=np.int64)[:, None]
    nothing = alone.cost[1:], alone.tie[1:]
    table = Table(
        np.concatenate([nothing[0], np.where(real, circle.cost, alone.cost).ravel()]),
        np.concatenate([nothing[1], np.where(real, circle.tie, alone.tie).ravel()]),
    )
    if turns:
        for one in measure.singles:
            _add(table, measure, one)
    return Near(table, below=measure.size - 1, limit=turns * measure.size - 1)


def _add(table: Table, measure: Measure, one: Bundle) -> None:
    """Let all covers take any number of a pack: none or one, none or two, none or four and so on,
    until the needs are far enough apart that one go makes every number."""
    times, end = 1, len(table.cost)
    while times * one.size < end and times * one.cost <= measure.worst:
        by = times * one.size
        changed = relax(
            Table(table.cost[by:], table.tie[by:]),
            Table(table.cost[: end - by], table.tie[: end - by]),
            times * one.cost,
            times * one.tie,
        )
        if by >= CHUNK or not changed:
            return
        times *= 2
