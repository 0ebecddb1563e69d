"""Where whoever is about to go on is kept for a while, so that others come in between.

Each seed has its own weak spots: a few of the statements, commits and calls at which one of our
processes, or one task in it, loses its turn for longer than an answer, an event or a lease lasts. What
only happens between two particular statements is met by thousands of seeds so, and would hardly be by
drawing evenly among all that are ready.
"""

import hashlib
from random import Random

# One in so many statements is a weak spot of a seed that has any.
OF = 25
SPANS_S = (0.1, 2.0, 8.0, 25.0, 90.0)
# Within a transaction others soon wait for its locks, and then it goes on in any case.
SPANS_HELD_S = (0.05, 1.0)


def keeps_at(seed: int, what: str) -> bool:
    """Whether something is a weak spot of a seed, which is known without playing it."""
    drawn = hashlib.blake2b(f"{seed} {what}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn, "big") % OF == 0


class Stalls:
    """What happens at the weak spots of a seed: nothing with a ``chance`` of 0. At most ``most`` stalls happen."""

    def __init__(self, seed: int, chance: float, most: int) -> None:
        self._random = Random(f"{seed} stalls")
        self._seed, self._chance, self._left = seed, chance, most
        self._weak: dict[str, bool] = {}
        self.happened = 0

    def span_s(self, what: str, *, held: bool) -> float:
        """For how long somebody is kept who is about to do something, ``held`` when a transaction is
        open; 0 mostly."""
        if not self._left or not self._is_weak(what) or self._random.random() >= self._chance:
            return 0.0
        self._left -= 1
        self.happened += 1
        return self._random.choice(SPANS_HELD_S if held else SPANS_S) * self._random.random()

    def end(self) -> None:
        """Nobody is kept any more."""
        self._left = 0

    def _is_weak(self, what: str) -> bool:
        weak = self._weak.get(what)
        if weak is None:
            weak = self._weak[what] = keeps_at(self._seed, what)
        return weak
