"""The best covers of a need: read from the tables, or found by a search that they bound (R12).

The loose packs are decided one after the other, in the order of the circles: how many of the first,
of the second, and so on. What then remains of the need is answered by the near table if it is small,
or by the circle of the packs that are still undecided, if its cover is real. If it is not, it is a
bound, since no real cover is better: only what may become as good as the best cover known is followed.
All remainders of one stage are treated at once, a few thousand at a time.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brimful.domain.cover.charts import NEAR, Charts
from brimful.domain.cover.measure import DIGITS, Ints, Rank

# So many remainders are treated at once: enough for numpy, and few enough to find a good cover soon.
BATCH = 512


class Leaf(NamedTuple):
    """Best covers: so many of each loose pack, and any best cover of what remains of the need, with
    the packs of one table."""

    taken: tuple[int, ...]
    need: int
    where: int


def leaves(charts: Charts, need: int) -> list[Leaf]:
    """Leaves that together hold all best covers of a need, in steps, that is at least one."""
    where = NEAR if need <= charts.near.limit else 0
    if charts.look(where, need) is not None:
        return [Leaf((0,) * len(charts.measure.loose), need, where)]
    return _Search(charts, need).run()


@dataclass(slots=True)
class _Nodes:
    """Remainders of the need, and the cost, packs and counts of what was taken to leave them."""

    need: Ints
    cost: Ints
    packs: Ints
    taken: Ints

    def pick(self, rows: NDArray[np.bool_] | slice) -> "_Nodes":
        return _Nodes(self.need[rows], self.cost[rows], self.packs[rows], self.taken[rows])


class _Search:
    """One search; what is still to be followed lies on a stack, the most decided on top."""

    def __init__(self, charts: Charts, need: int) -> None:
        self._charts = charts
        self._best = self._known(need)
        self._leaves: list[Leaf] = []
        self._stack: list[tuple[int, _Nodes]] = []
        none = np.zeros(1, dtype=np.int64)
        taken = np.zeros((1, len(charts.measure.loose)), dtype=np.int64)
        self._admit(0, _Nodes(none + need, none, none, taken))

    def _known(self, need: int) -> Rank:
        """A cover to begin with: the nearest that the near table holds, and base packs."""
        size, limit = self._charts.measure.size, self._charts.near.limit
        turns = -((limit - need) // size)
        seen = self._charts.look(NEAR, need - turns * size)
        assert seen is not None
        return Rank(seen.cost, seen.packs + turns)

    def run(self) -> list[Leaf]:
        """Follow everything that may lead to a best cover."""
        while self._stack:
            stage, nodes = self._stack.pop()
            bound = self._charts.circles[stage].cost[nodes.need % self._charts.measure.size]
            nodes = nodes.pick(bound + nodes.cost <= self._best.cost)
            if len(nodes.need) > BATCH:
                self._stack.append((stage, nodes.pick(slice(BATCH, None))))
                nodes = nodes.pick(slice(BATCH))
            if len(nodes.need):
                self._branch(stage, nodes)
        return self._leaves

    def _branch(self, stage: int, nodes: _Nodes) -> None:
        """Decide on the number of one bundle, from none to as many as lead to the near table."""
        measure, (_, below, limit) = self._charts.measure, self._charts.near
        bundle = measure.bundles[stage]
        most = np.minimum(-((limit - nodes.need) // bundle.size), DIGITS - 1)
        most = np.minimum(most, (nodes.need + below) // bundle.size)
        if bundle.cost:
            most = np.minimum(most, (self._best.cost - nodes.cost) // bundle.cost)
        if bundle.times > 1 and not most.any():
            self._stack.append((stage + 1, nodes))
            return
        row = np.repeat(np.arange(len(most)), most + 1)
        count = np.arange(len(row)) - np.repeat(np.cumsum(most + 1) - most - 1, most + 1)
        need = nodes.need[row] - count * bundle.size
        cost = nodes.cost[row] + count * bundle.cost
        bound = self._charts.circles[stage + 1].cost[need - need // measure.size * measure.size]
        keep = np.flatnonzero((bound + cost <= self._best.cost) | (need <= limit))
        row, count = row[keep], count[keep] * bundle.times
        taken = nodes.taken[row]
        taken[:, bundle.pack] += count
        self._admit(stage + 1, _Nodes(need[keep], cost[keep], nodes.packs[row] + count, taken))

    def _admit(self, stage: int, nodes: _Nodes) -> None:
        """Answer what the tables answer, put on the stack what else may lead to a best cover."""
        near = self._charts.near
        close = nodes.need <= near.limit
        if close.any():
            self._settle(NEAR, nodes.pick(close & (nodes.need >= -near.below)))
            nodes = nodes.pick(~close)
        rest = self._settle(stage, nodes)
        if len(rest.need):
            self._stack.append((stage, rest))

    def _settle(self, where: int, nodes: _Nodes) -> _Nodes:
        """Note the covers that a table has for what remains; return what it has none for, but may
        lead to one as good as the best."""
        cost, packs, real = self._charts.read(where, nodes.need)
        real &= self._charts.measure.whole(where)
        cost += nodes.cost
        packs += nodes.packs
        if real.any():
            lowest = cost[real].min()
            found = Rank(int(lowest), int(packs[real & (cost == lowest)].min()))
            if found < self._best:
                self._best = found
                self._leaves.clear()
        level = (cost == self._best.cost) & (packs <= self._best.packs)
        for row in np.flatnonzero(real & level):
            taken = tuple(nodes.taken[row].tolist())
            self._leaves.append(Leaf(taken, int(nodes.need[row]), where))
        return nodes.pick(~real & (level | (cost < self._best.cost)))
