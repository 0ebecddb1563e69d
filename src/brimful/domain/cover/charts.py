"""All tables of one catalogue, and how the covers in them are read (R12)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brimful.domain.cover.circle import circles, debts
from brimful.domain.cover.measure import Ints, Measure, Table
from brimful.domain.cover.near import Near, build_near

# Where a cover is read: in the near table, or else in the circle of this number.
NEAR = -1


class Seen(NamedTuple):
    """A best cover of a need: its cost, all its packs, and the base packs among them."""

    cost: int
    packs: int
    base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """The near table, and the circle for each tail of the bundles."""

    measure: Measure
    circles: tuple[Table, ...]
    near: Near

    @property
    def nbytes(self) -> int:
        """The memory of all tables."""
        tables = {id(table): table for table in (*self.circles, self.near.table)}
        return sum(table.cost.nbytes + table.tie.nbytes for table in tables.values())

    def packs_in(self, where: int) -> range:
        """The loose packs that the covers in a circle may have."""
        bundles = self.measure.bundles[where:]
        return range(bundles[0].pack, len(self.measure.loose)) if bundles else range(0)

    def look(self, where: int, need: int) -> Seen | None:
        """The best cover of a need in steps, with the packs of a table; None where the table does not
        hold a real one."""
        size = self.measure.size
        if where == NEAR:
            table, turns, residue, at = self.near.table, 0, need, need + self.near.below
            if at < 0:
                return None
        else:
            turns, residue = divmod(need, size)
            table, at = self.circles[where], residue
        cost = int(table.cost[at])
        waste = -(cost + self.measure.price * residue) % size
        packs, loose = divmod(int(table.tie[at]) + residue + waste, size)
        packs += turns
        return Seen(cost, packs, packs - loose) if packs >= loose else None

    def read(self, where: int, need: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """The costs and packs of the best covers of many needs, and which of them are real. The near
        table must hold the needs; their number of base packs must fit 64 bits."""
        size = self.measure.size
        if where == NEAR:
            table, turns, residue, at = self.near.table, 0 * need, need, need + self.near.below
        else:
            turns, residue = np.divmod(need, size)
            table, at = self.circles[where], residue
        cost = table.cost[at]
        waste = -(cost + self.measure.price * residue) % size
        packs, loose = np.divmod(table.tie[at] + residue + waste, size)
        packs += turns
        return cost, packs, packs >= loose


def build_charts(measure: Measure) -> Charts:
    """Make all tables of a catalogue. Only the first circle is kept if it and the near table hold the
    covers of all needs, as they do for most real price lists."""
    rings = circles(measure)
    owed = debts(measure, rings[0])
    near = build_near(measure, rings[0], owed)
    if owed.max() * measure.size <= near.limit + 1:
        rings = rings[:1]
    return Charts(measure=measure, circles=rings, near=near)
