"""What the covers are compared with: oracles that share neither code nor ideas with them (R12)."""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from brimful.domain.cover import Cover, Pack

Triple = tuple[int, int, tuple[int, ...]]  # price, credits, counts


def packs_of(*sizes_and_prices: tuple[int, int]) -> tuple[Pack, ...]:
    """A catalogue of (credits, price) in order."""
    return tuple(
        Pack(package_id=f"p{i}", credits=credits, price_minor=price)
        for i, (credits, price) in enumerate(sizes_and_prices)
    )


def triple(cover: Cover | None) -> Triple:
    """A cover as the oracles tell it."""
    assert cover is not None
    return cover.price_minor, cover.credits, cover.counts


def by_trying_all(packs: Sequence[Pack], need: int) -> Triple:
    """Every combination of counts up to those that reach the need alone."""
    tried = product(*(range(-(-need // pack.credits) + 1) for pack in packs))
    keys = []
    for counts in tried:
        credits = sum(n * p.credits for n, p in zip(counts, packs, strict=True))
        if credits >= need:
            price = sum(n * p.price_minor for n, p in zip(counts, packs, strict=True))
            keys.append((price, -credits, sum(counts), tuple(-n for n in counts)))
    price, less, _, minus = min(keys)
    return price, -less, tuple(-n for n in minus)


def by_exact_totals(packs: Sequence[Pack], needs: Sequence[int]) -> Iterator[Triple]:
    """The best multiset for each exact total of credits, grown by one pack at a time; then the best
    of the totals from the need on, up to a pack beyond it."""
    largest = max(pack.credits for pack in packs)
    top = max(needs) + largest
    exact: list[tuple[int, int, tuple[int, ...]] | None] = [(0, 0, (0,) * len(packs))]
    for total in range(1, top + 1):
        found = None
        for i, pack in enumerate(packs):
            before = exact[total - pack.credits] if pack.credits <= total else None
            if before is not None:
                price, many, minus = before
                minus = (*minus[:i], minus[i] - 1, *minus[i + 1 :])
                grown = (price + pack.price_minor, many + 1, minus)
                if found is None or grown < found:
                    found = grown
        exact.append(found)
    for need in needs:
        reached = [
            (each[0], -total, each[1], each[2])
            for total, each in enumerate(exact[need : need + largest + 1], need)
            if each is not None
        ]
        price, less, _, minus = min(reached)
        yield price, -less, tuple(-n for n in minus)


class Solver:
    """Integer programming, one wish after the other, each with those before it fixed (HiGHS)."""

    def __init__(self, packs: Sequence[Pack], need: int) -> None:
        self._sizes = np.array([pack.credits for pack in packs], dtype=np.int64)
        self._prices = np.array([pack.price_minor for pack in packs], dtype=np.int64)
        self._need = need
        self._most = -(-need // self._sizes)
        self._rows: list[LinearConstraint] = [LinearConstraint(self._sizes, lb=need)]

    def least(self, weights: np.ndarray) -> int:
        """The least sum of weights; from now on it is kept. The answer is rounded to whole packs and
        checked in whole numbers."""
        result = milp(
            weights,
            constraints=self._rows,
            integrality=np.ones(len(weights), dtype=np.int64),
            bounds=Bounds(0, self._most),
            options={"mip_rel_gap": 0},
        )
        assert result.status == 0, result.message
        counts = np.rint(result.x).astype(np.int64)
        assert int(counts @ self._sizes) >= self._need
        least = int(counts @ weights)
        self._rows.append(LinearConstraint(weights, ub=least))
        return least

    def price(self) -> int:
        """The lowest price."""
        return self.least(self._prices)

    def cover(self) -> Triple:
        """The best cover with all its ties."""
        price = self.price()
        credits = -self.least(-self._sizes)
        self.least(np.ones_like(self._sizes))
        counts = tuple(-self.least(-row) for row in np.eye(len(self._sizes), dtype=np.int64))
        return price, credits, counts


def small_catalogue(random: Random) -> tuple[Pack, ...]:
    """One to seven packs of few credits: of any value, of the same value, of nearly the same, cheap
    (so that many prices tie), or with a common step."""
    largest = random.choice([5, 12, 30, 80])
    step = random.choice([1, 1, 1, 7])
    value = {
        "any": lambda size: random.randint(1, 60),
        "same": lambda size: size * 3,
        "near": lambda size: size * 20 + random.randint(0, 20),
        "cheap": lambda size: random.randint(1, 4),
    }[random.choice(["any", "same", "near", "cheap"])]
    sizes = [random.randint(1, largest) for _ in range(random.randint(1, 7))]
    return packs_of(*((size * step, value(size)) for size in sizes))


def large_catalogue(random: Random) -> tuple[Pack, ...]:
    """Two to twenty packs of up to a million credits: of any value, at a discount, of nearly the same
    value, or of the same."""
    sizes = [int(10 ** random.uniform(1, 6)) for _ in range(random.randint(2, 20))]
    value = {
        "any": lambda size: max(1, int(size * random.uniform(0.3, 1))),
        "discount": lambda size: max(1, int(10 * size**0.9)),
        "near": lambda size: size + random.randint(0, 9),
        "same": lambda size: 2 * size,
    }[random.choice(["any", "discount", "near", "same"])]
    return packs_of(*((size, value(size)) for size in sizes))
