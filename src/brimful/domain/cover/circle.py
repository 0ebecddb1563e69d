"""The best covers of all needs, if base packs could also be given back: tables around a circle (R12).

If the number of base packs may be negative, a need and the same need with one base pack more have the
same best cover but for that pack, so a table of ``size`` entries, one for each residue of a need by
the base pack's size, answers all needs. The cover it holds is real for each need that has enough base
packs in it, which is nearly every need that is large; for the others it is a bound.

There is one table for each tail of the bundles: the first for all of them, the last for none.
"""

import numpy as np

from brimful.domain.cover.measure import DIGITS, Bundle, Ints, Measure, Table
from brimful.domain.cover.relax import relax

# So many packs are decided first: all tables that a search uses for them are kept.
_FIRST = 8


def base_alone(measure: Measure) -> Table:
    """For each residue: base packs alone, which waste what is missing to the next whole one."""
    waste = -np.arange(measure.size, dtype=np.int64) % measure.size
    return Table((measure.price - 1) * waste, np.zeros(measure.size, dtype=np.int64))


def circles(measure: Measure) -> tuple[Table, ...]:
    """The tables of all tails of the bundles, that of all first. Some are left out: in their place
    stands the next one before, which has more packs and so is a bound as well, but a wider one.

    Takes time in proportion to the base pack's size and the number of bundles that improve something,
    and 16 bytes for each step of the base pack and each table kept.
    """
    table, kept, closed = base_alone(measure), True, -1
    found: list[Table | None] = [table]
    for stage in reversed(range(len(measure.bundles))):
        bundle = measure.bundles[stage]
        if bundle.pack != closed:
            wider = Table(table.cost.copy(), table.tie.copy()) if kept else table
            improved, more = _add(wider, measure, bundle)
            if improved:
                table, kept = wider, False
            closed = -1 if more else bundle.pack
        keep = _worth_keeping(measure, stage)
        found.append(table if keep else None)
        kept |= keep
    filled = [table]
    for each in reversed(found[:-1]):
        filled.append(each or filled[-1])
    return tuple(filled)


def _worth_keeping(measure: Measure, stage: int) -> bool:
    """Whether the table of a tail is kept: for each of the packs that are decided first, and for
    every third of those that a search seldom comes to. Between the bundles of one pack only if it is
    first and costs no more than the base pack for its size, for then only its number bounds it."""
    bundle = measure.bundles[stage]
    first = bundle.pack < _FIRST
    if measure.whole(stage):
        return first or bundle.pack % 3 == 0
    return first and bundle.cost == 0


def _add(table: Table, measure: Measure, bundle: Bundle) -> tuple[bool, bool]:
    """Let all covers take fewer than ``DIGITS`` of a bundle; say whether any took it, and whether any
    might take still more.

    Taking none or one, then none or two, none or four and so on makes every number. Once no cover
    takes so many more, none would take twice as many.
    """
    times = 1
    while times < DIGITS and times * bundle.cost <= measure.worst:
        by = times * bundle.size % measure.size
        if by == 0 or not _turn(table, by, times * bundle.cost, times * bundle.tie):
            return times > 1, False
        times *= 2
    return True, times == DIGITS


def _turn(table: Table, by: int, cost: int, tie: int) -> bool:
    """Let each cover take packs that lead ``by`` residues further around; say whether any did."""
    end = len(table.cost) - by
    over = Table(table.cost[end:].copy(), table.tie[end:].copy())
    ahead = relax(
        Table(table.cost[by:], table.tie[by:]), Table(table.cost[:end], table.tie[:end]), cost, tie
    )
    around = relax(Table(table.cost[:by], table.tie[:by]), over, cost, tie)
    return ahead or around


def debts(measure: Measure, table: Table) -> Ints:
    """For each residue: the number of whole base packs in a need from which on its cover is real."""
    residue = np.arange(measure.size, dtype=np.int64)
    waste = -(table.cost + measure.price * residue) % measure.size
    packs, loose = np.divmod(table.tie + residue + waste, measure.size)
    return np.asarray(loose - packs)
