"""The one step that all tables are made by: let covers take more packs where that is better (R12)."""

import numpy as np

from brimful.domain.cover.measure import Table

# So many needs are treated at a time: their figures stay in the processor's cache.
CHUNK = 1 << 15


def relax(to: Table, source: Table, cost: int, tie: int) -> bool:
    """Replace each cover in ``to`` by the one at the same place in ``source``, with packs of this
    cost and tie added, where that is better; say whether any was.

    ``source`` may be the same memory as ``to``, some needs lower; if they are ``CHUNK`` or more, a
    chunk sees what the chunks before it took, so that the packs are taken any number of times.
    """
    changed = False
    for start in range(0, len(to.cost), CHUNK):
        part = slice(start, start + CHUNK)
        have, offer = to.cost[part], source.cost[part] + cost
        better = offer <= have
        if better.any():
            have_tie, offer_tie = to.tie[part], source.tie[part] + tie
            better &= offer_tie < have_tie
            better |= offer < have
            if better.any():
                np.copyto(have, offer, where=better)
                np.copyto(have_tie, offer_tie, where=better)
                changed = True
    return changed
