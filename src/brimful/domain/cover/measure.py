"""Two whole numbers that order covers, and add up when packs are added (R12).

One pack is the **base**: the best value, the larger one at a tie; it has ``size`` steps and costs
``price``. The others are **loose**. A cover of a need of N steps that costs f, brings N + w steps
(w is its waste), and has n packs of which m are loose, is measured by

    cost = f x size - price x N - w = (price - 1) x w + the sum of each loose pack's ``costs``
    tie  = n x size - N - w + m     =                   the sum of each loose pack's ``ties``

so base packs weigh nothing, and covers of one need can be built up, and compared, pack by pack:

* No best cover wastes ``size`` steps or more: base packs in the place of a pack that is larger than
  the waste cost less. So the lower cost has the lower price, then the more credits.
* No best cover has ``size`` or more loose packs: some of them would add up to whole base packs,
  which cost no more and are fewer. So at equal cost the lower tie has the fewer packs, then the
  fewer loose ones.

Both numbers can be read backwards. No cost of a best cover exceeds ``worst``, which is below 2^57
with prices up to 10^11 and sizes up to 10^6: 64 bits have room for what is added on the way.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brimful.domain.cover.packs import Counts, Slim

Ints = NDArray[np.int64]


# A number of packs is decided in digits of this base, a power of two, the greatest first.
DIGITS = 32


class Rank(NamedTuple):
    """What covers of one need are compared by; the lower, the better."""

    cost: int
    packs: int


class Bundle(NamedTuple):
    """So many of one loose pack (``pack`` counts in the order of ``Measure.loose``), with what they
    add to the need that is covered, to its cost and to its tie."""

    pack: int
    times: int
    size: int
    cost: int
    tie: int


class Table(NamedTuple):
    """The measure of one cover for each of several needs."""

    cost: Ints
    tie: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the covers of one catalogue are measured. ``loose`` are the positions of the loose packs
    in the slim catalogue, the dearest for its size last; ``singles`` are one of each. ``bundles``
    are, pack by pack, the powers of ``DIGITS`` from the greatest that a best cover can have down to
    one: fewer than ``DIGITS`` of each bundle make every number of the pack."""

    base: int
    size: int
    price: int
    largest: int
    loose: Counts
    singles: tuple[Bundle, ...]
    bundles: tuple[Bundle, ...]

    @property
    def worst(self) -> int:
        """The cost of base packs alone, at most: no best cover costs more."""
        return (self.price - 1) * (self.size - 1)

    def whole(self, stage: int) -> bool:
        """Whether the bundles from a stage on, if any, are all that there are of their packs."""
        if not 0 < stage < len(self.bundles):
            return True
        return self.bundles[stage].pack != self.bundles[stage - 1].pack


def measure_of(slim: Slim) -> Measure:
    """The measure of a catalogue."""
    size, price = slim.sizes[slim.base], slim.prices[slim.base]
    costs = [p * size - price * s for s, p in zip(slim.sizes, slim.prices, strict=True)]
    loose = sorted(
        (i for i in range(len(slim.sizes)) if i != slim.base),
        key=lambda i: (Fraction(costs[i], slim.sizes[i]), -slim.sizes[i]),
    )
    singles = tuple(
        Bundle(pack, 1, slim.sizes[i], costs[i], size + 1 - slim.sizes[i])
        for pack, i in enumerate(loose)
    )
    plain = Measure(
        base=slim.base,
        size=size,
        price=price,
        largest=max(slim.sizes),
        loose=tuple(loose),
        singles=singles,
        bundles=(),
    )
    return replace(plain, bundles=tuple(b for one in singles for b in _bundles(plain, one)))


def _bundles(measure: Measure, one: Bundle) -> list[Bundle]:
    """The bundles of one pack, the greatest first; none if not even one can be in a best cover."""
    found, times = [], 1
    while times < measure.size and times * one.cost <= measure.worst:
        found.append(Bundle(one.pack, times, times * one.size, times * one.cost, times * one.tie))
        times *= DIGITS
    return found[::-1]
