"""The best cover of a shortage, exactly, from tables that are built once for a catalogue (R12)."""

from collections.abc import Sequence
from typing import Literal

from brimful.domain.cover.charts import Charts, build_charts
from brimful.domain.cover.counts import greatest
from brimful.domain.cover.measure import measure_of
from brimful.domain.cover.packs import STEPS_MAX, Cover, Pack, Slim, fits, slim
from brimful.domain.cover.search import leaves


class CoverTables:
    """What makes covers of one catalogue fast; never changed once built.

    A need is answered by the near table if it is small (``near.py``), by the first circle if it has
    enough base packs in it (``circle.py``), else by a search that the circles bound (``search.py``);
    ``measure.py`` says why two numbers suffice to compare covers.

    A real price list takes some kilobytes, or up to 100 MB if its packs have no large common divisor.
    The most is taken by 20 packs of nearly equal value of which the best is near ``STEPS_MAX`` steps:
    80 MB for small needs and 16 MB for each of 13 to 21 circles, 250 to 360 MB in all.
    """

    def __init__(self, packs: tuple[Pack, ...], slim: Slim | None, charts: Charts | None) -> None:
        self.packs = packs
        self._slim = slim
        self._charts = charts

    @property
    def nbytes(self) -> int:
        """The memory that the tables take."""
        return self._charts.nbytes if self._charts else 0

    @classmethod
    def build(cls, packs: Sequence[Pack]) -> "CoverTables":
        """The tables of some packs in catalogue order; takes up to a second. Raises ValueError for
        packs that do not fit (``fits``)."""
        if not fits(packs):
            raise ValueError(
                f"the largest pack is more than {STEPS_MAX:,} times the common step of all"
            )
        if not packs:
            return cls((), None, None)
        reduced = slim(packs)
        return cls(tuple(packs), reduced, build_charts(measure_of(reduced)))

    def best(self, need: int) -> Cover | None:
        """The cheapest multiset that reaches a need in credits; ties to most credits, then fewest
        packs, then the greater counts in catalogue order. None without packs."""
        if self._slim is None or self._charts is None:
            return None
        counts = [0] * len(self.packs)
        if need > 0:
            for i, count in zip(self._slim.index, self._counts(need), strict=True):
                counts[i] = count
        return self._cover(counts)

    def _counts(self, need: int) -> list[int]:
        """The counts of the slim packs for a need of at least one credit.

        A need of many steps begins with base packs: fewer loose packs than the base pack has steps
        are in any best cover, so whatever they leave of the need is base packs.
        """
        assert self._slim is not None and self._charts is not None
        measure = self._charts.measure
        steps = -(-need // self._slim.unit)
        first = max(0, steps // measure.size - measure.largest)
        found = leaves(self._charts, steps - first * measure.size)
        counts = list(greatest(self._charts, found))
        counts[measure.base] += first
        return counts

    def _cover(self, counts: Sequence[int]) -> Cover:
        chosen = list(zip(self.packs, counts, strict=True))
        return Cover(
            counts=tuple(counts),
            credits=sum(pack.credits * count for pack, count in chosen),
            price_minor=sum(pack.price_minor * count for pack, count in chosen),
        )

    def best_single(self, need: int) -> Cover | None:
        """The cheapest one pack that reaches the need, None when none does."""
        enough = [i for i, pack in enumerate(self.packs) if pack.credits >= need]
        if not enough:
            return None
        i = min(enough, key=lambda i: (self.packs[i].price_minor, -self.packs[i].credits, i))
        return self._cover([int(j == i) for j in range(len(self.packs))])


def choose_cover(
    tables: CoverTables, need: int, strategy: Literal["best_cover", "single_pack"]
) -> Cover | None:
    """The cover by an owner's strategy: with "single_pack" one pack if one suffices (R12)."""
    if strategy == "single_pack" and (single := tables.best_single(need)) is not None:
        return single
    return tables.best(need)
