"""Packs of credits and covers made of them, and the packs that a best cover can use at all (R12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from brimful.domain.money import MAX_MINOR

# The largest pack on offer, in steps: the greatest common divisor of all packs on offer is one step.
STEPS_MAX = 1_000_000

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A package of additional credits: so many for a price."""

    package_id: str
    credits: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """So many of each pack, in catalogue order, with what they bring and cost together."""

    counts: Counts
    credits: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slim:
    """A catalogue reduced to what matters: undominated packs, sizes in steps, prices without their
    common divisor. ``index`` leads back to the catalogue, whose order is kept; ``unit`` is the
    credits of a step; ``base`` is the position of the pack of best value (the larger one at a tie).
    """

    sizes: Counts
    prices: Counts
    index: Counts
    unit: int
    base: int


def fits(packs: Sequence[Pack]) -> bool:
    """Whether covers of these packs can be found with tables of bounded size: every pack is at most
    ``STEPS_MAX`` times the greatest common divisor of all, at a price that a request may name. What
    fits still fits with packs left out (an owner's restriction only makes the steps larger)."""
    step = gcd(*(pack.credits for pack in packs))
    return all(
        0 < pack.credits <= STEPS_MAX * step and 0 < pack.price_minor <= MAX_MINOR for pack in packs
    )


def slim(packs: Sequence[Pack]) -> Slim:
    """Reduce a catalogue of at least one pack. What is left out is in no best cover: another pack
    brings as much for no more, and wins each tie that it could make."""
    kept = [
        i
        for i, pack in enumerate(packs)
        if not any(_beats(other, j, pack, i) for j, other in enumerate(packs) if j != i)
    ]
    unit = gcd(*(packs[i].credits for i in kept))
    coin = gcd(*(packs[i].price_minor for i in kept))
    sizes = tuple(packs[i].credits // unit for i in kept)
    prices = tuple(packs[i].price_minor // coin for i in kept)
    base = min(range(len(kept)), key=lambda i: (Fraction(prices[i], sizes[i]), -sizes[i]))
    return Slim(sizes=sizes, prices=prices, index=tuple(kept), unit=unit, base=base)


def _beats(other: Pack, at: int, pack: Pack, own: int) -> bool:
    if other.credits < pack.credits or other.price_minor > pack.price_minor:
        return False
    same = other.credits == pack.credits and other.price_minor == pack.price_minor
    return not same or at < own
