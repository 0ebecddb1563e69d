"""Catalogues of 20 packs of up to a million credits, easy and adversarial, for the cover benchmark."""

from collections.abc import Callable, Iterable
from random import Random

from brimful.domain.cover import STEPS_MAX, Pack

MANY = 20


def _packs(pairs: Iterable[tuple[int, int]]) -> tuple[Pack, ...]:
    return tuple(
        Pack(package_id=f"p{i}", credits=credits, price_minor=max(1, price))
        for i, (credits, price) in enumerate(pairs)
    )


def _any_size(random: Random) -> list[int]:
    return sorted(random.sample(range(1, STEPS_MAX + 1), MANY))


def _large(random: Random, many: int = MANY) -> list[int]:
    return sorted(random.sample(range(STEPS_MAX // 2, STEPS_MAX + 1), many))


def _log_uniform(random: Random, least: int = 0) -> list[int]:
    return sorted(int(10 ** random.uniform(least, 6)) for _ in range(MANY))


def random_prices(random: Random) -> tuple[Pack, ...]:
    """Sizes and prices at random."""
    return _packs((size, int(size * random.uniform(0.3, 1))) for size in _any_size(random))


def log_uniform(random: Random) -> tuple[Pack, ...]:
    """Sizes of every magnitude, prices at random."""
    return _packs((size, int(size * random.uniform(3, 10))) for size in _log_uniform(random))


def round_sizes(random: Random) -> tuple[Pack, ...]:
    """A price list as it is made: round sizes, at a discount for more."""
    sizes = {
        random.choice([10, 12, 15, 20, 25, 30, 50, 75]) * 10 ** random.randint(1, 4)
        for _ in range(MANY)
    }
    return _packs((size, int(size**0.95 / 2)) for size in sorted(sizes))


def discounts(random: Random) -> tuple[Pack, ...]:
    """Sizes without a common divisor, at a discount for more."""
    return _packs((size, int(10 * size**0.95)) for size in _log_uniform(random, 2))


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % i for i in range(2, int(number**0.5) + 1))


def primes(random: Random) -> tuple[Pack, ...]:
    """Prime sizes of nearly the same value."""
    sizes: set[int] = set()
    while len(sizes) < MANY:
        size = random.randint(1, STEPS_MAX)
        if _is_prime(size):
            sizes.add(size)
    return _packs((size, 100 * size + random.randint(0, 100)) for size in sorted(sizes))


def _few(random: Random, price: Callable[[int], int]) -> tuple[Pack, ...]:
    good = [(size, price(size)) for size in _large(random, random.randint(2, 6))]
    worse = [
        (random.randint(1, size), cost + random.randint(0, 5))
        for size, cost in random.choices(good, k=MANY - len(good))
    ]
    pairs = good + worse
    random.shuffle(pairs)
    return _packs(pairs)


def few_near(random: Random) -> tuple[Pack, ...]:
    """Two to six packs of nearly the same value that dominate all others."""
    return _few(random, lambda size: 100 * size + random.randint(0, 100))


def few_equal(random: Random) -> tuple[Pack, ...]:
    """Two to six packs of exactly the same value that dominate all others."""
    return _few(random, lambda size: 7 * size)


def near(random: Random) -> tuple[Pack, ...]:
    """Large packs of nearly the same value."""
    return _packs((size, 100 * size + random.randint(0, 100)) for size in _large(random))


def nearer(random: Random) -> tuple[Pack, ...]:
    """Large packs of hardly different value, some of the very same."""
    return _packs((size, 100 * size + random.randint(0, 5)) for size in _large(random))


def near_small(random: Random) -> tuple[Pack, ...]:
    """Packs of all sizes and nearly the same value."""
    return _packs((size, 100 * size + random.randint(0, 100)) for size in _any_size(random))


def equal(random: Random) -> tuple[Pack, ...]:
    """Large packs of exactly the same value."""
    return _packs((size, 7 * size) for size in _large(random))


def equal_small(random: Random) -> tuple[Pack, ...]:
    """Packs of all sizes and exactly the same value."""
    return _packs((size, 7 * size) for size in _log_uniform(random, 1))


FAMILIES: dict[str, Callable[[Random], tuple[Pack, ...]]] = {
    "random": random_prices,
    "log-uniform": log_uniform,
    "round": round_sizes,
    "discounts": discounts,
    "primes": primes,
    "few-near": few_near,
    "few-equal": few_equal,
    "near": near,
    "nearer": nearer,
    "near-small": near_small,
    "equal": equal,
    "equal-small": equal_small,
}
