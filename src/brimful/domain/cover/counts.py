"""Of all best covers of a need, the one with the greater counts in catalogue order (R12)."""

from brimful.domain.cover.charts import NEAR, Charts
from brimful.domain.cover.packs import Counts
from brimful.domain.cover.search import Leaf


def greatest(charts: Charts, found: list[Leaf]) -> Counts:
    """The counts of the slim packs, given the leaves that hold all best covers: the first pack's is
    as great as any leaf allows, then the second's among the leaves that allow that, and so on."""
    measure = charts.measure
    counts = []
    for position in range(len(measure.loose) + 1):
        if position == measure.base:
            size = measure.size
            rests = [(_base(charts, leaf), 0, leaf) for leaf in found]
        else:
            j = measure.loose.index(position)
            size = measure.singles[j].size
            rests = [(_most(charts, leaf, j), leaf.taken[j], leaf) for leaf in found]
        count = max(more + taken for more, taken, _ in rests)
        counts.append(count)
        found = [
            leaf._replace(need=leaf.need - more * size)
            for more, taken, leaf in rests
            if more + taken == count
        ]
    return tuple(counts)


def _base(charts: Charts, leaf: Leaf) -> int:
    """The most base packs in a best cover of what remains: tables prefer fewer loose packs."""
    seen = charts.look(leaf.where, leaf.need)
    assert seen is not None
    return seen.base


def _most(charts: Charts, leaf: Leaf, j: int) -> int:
    """The most of a loose pack in a best cover of what remains. If n of a pack lead from a best cover
    to a best cover of what is left, so do fewer: n is found by doubling, then halving."""
    if leaf.where != NEAR and j not in charts.packs_in(leaf.where):
        return 0
    one = charts.measure.singles[j]
    best = charts.look(leaf.where, leaf.need)
    assert best is not None

    def leads(n: int) -> bool:
        left = charts.look(leaf.where, leaf.need - n * one.size)
        return (
            left is not None
            and left.cost + n * one.cost == best.cost
            and left.packs + n == best.packs
        )

    high = 1
    while leads(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        n = (low + high) // 2
        low, high = (n, high) if leads(n) else (low, n)
    return low
