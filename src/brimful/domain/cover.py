"""The best cover of a shortage: exact, by depth-first search under the linear bound (R12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A package of additional credits: so many for a price."""

    package_id: str
    credits: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """So many of each pack, in catalogue order, with what they bring and cost together."""

    counts: tuple[int, ...]
    credits: int
    price_minor: int


class CoverTables:
    """What makes covers of one catalogue fast; never changed once built."""

    def __init__(self, packs: tuple[Pack, ...]) -> None:
        self.packs = packs

    @classmethod
    def build(cls, packs: Sequence[Pack]) -> "CoverTables":
        """The tables of some packs in catalogue order."""
        return cls(tuple(packs))

    def best(self, need: int) -> Cover | None:
        """The cheapest multiset that reaches the need; ties to most credits, then fewest packs, then
        the greater counts in catalogue order. None without packs."""
        n = len(self.packs)
        if not n:
            return None
        order = sorted(range(n), key=lambda i: self.packs[i].price_minor / self.packs[i].credits)
        best: list[tuple[tuple[int, int, int, tuple[int, ...]], Cover]] = []

        def go(k: int, left: int, counts: list[int], price: int, credits: int) -> None:
            if left <= 0:
                key = (price, -credits, sum(counts), tuple(-c for c in counts))
                if not best or key < best[0][0]:
                    best[:] = [
                        (key, Cover(counts=tuple(counts), credits=credits, price_minor=price))
                    ]
                return
            if k == n:
                return
            p = self.packs[order[k]]
            if best and price * p.credits + p.price_minor * left > best[0][0][0] * p.credits:
                return
            for m in range(-(-left // p.credits), -1, -1):
                counts[order[k]] = m
                go(
                    k + 1,
                    left - m * p.credits,
                    counts,
                    price + m * p.price_minor,
                    credits + m * p.credits,
                )
                counts[order[k]] = 0
                if m == 0:
                    break

        go(0, need, [0] * n, 0, 0)
        return best[0][1]

    def best_single(self, need: int) -> Cover | None:
        """The cheapest one pack that reaches the need, None when none does."""
        fits = [i for i, p in enumerate(self.packs) if p.credits >= need]
        if not fits:
            return None
        i = min(fits, key=lambda i: (self.packs[i].price_minor, -self.packs[i].credits, i))
        return Cover(
            counts=tuple(int(j == i) for j in range(len(self.packs))),
            credits=self.packs[i].credits,
            price_minor=self.packs[i].price_minor,
        )


def choose_cover(
    tables: CoverTables, need: int, strategy: Literal["best_cover", "single_pack"]
) -> Cover | None:
    """The cover by an owner's strategy: with "single_pack" one pack if one suffices (R12)."""
    if strategy == "single_pack" and (single := tables.best_single(need)) is not None:
        return single
    return tables.best(need)
