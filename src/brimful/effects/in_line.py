"""What stands in the gatherer's line: spends, and whoever asked for them."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from brimful.domain.moment import Moment
from brimful.ledger.spends import NewSpend, Tried

_log = structlog.get_logger()

# An account's id as a number, which is quicker to look up.
Account = int

# What became of a spend, as its caller is told it by being called; None when it will not be known, as
# the process ends.
Heard = Callable[[Tried | Exception | None], None]


class Caller(Protocol):
    """Whoever asked for one spend or more."""

    @property
    def gone(self) -> bool:
        """Nobody waits any longer for what has not been begun."""

    def hear(self, place: int, told: Tried | Exception) -> None:
        """What became of the spend at this place."""

    def left_alone(self) -> None:
        """What was begun was broken off: nobody will say what became of it."""


class Waiting:
    """A caller who waits for all that was asked for at once. One who goes away takes back what has not been
    begun."""

    __slots__ = ("_answers", "_left", "_over")

    def __init__(self, length: int) -> None:
        self._answers: list[Tried | Exception | None] = [None] * length
        self._left = length
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def all(self) -> list[Tried | Exception]:
        """The answers, once all are there."""
        await self._over
        return [answer for answer in self._answers if answer is not None]

    @property
    def gone(self) -> bool:
        """See ``Caller``."""
        return self._over.done()

    def hear(self, place: int, told: Tried | Exception) -> None:
        """See ``Caller``."""
        self._answers[place] = told
        self._left -= 1
        if not self._left and not self._over.done():
            self._over.set_result(None)

    def left_alone(self) -> None:
        """See ``Caller``."""
        self._over.cancel()


class Called:
    """A caller of one spend, who is called."""

    __slots__ = ("_heard",)
    gone = False

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def hear(self, place: int, told: Tried | Exception) -> None:
        """See ``Caller``."""
        self._tell(told)

    def left_alone(self) -> None:
        """See ``Caller``."""
        self._tell(None)

    def _tell(self, told: Tried | Exception | None) -> None:
        # Others of its batch are still to be told.
        try:
            self._heard(told)
        except Exception:
            _log.exception("answer_not_taken")


class InLine:
    """One spend in line, and what became of it."""

    __slots__ = ("account", "caller", "moment", "new", "place", "told")

    def __init__(self, new: NewSpend, moment: Moment, caller: Caller, place: int) -> None:
        self.account: Account = new.account_id.int
        self.new, self.moment, self.caller, self.place = new, moment, caller, place
        self.told: Tried | Exception | None = None

    def answer(self, told: Tried | Exception) -> None:
        """Say what became of it, once."""
        if self.told is None:
            self.told = told
            self.caller.hear(self.place, told)

    @property
    def wanted(self) -> bool:
        """Whoever asked is still there, and has not heard."""
        return self.told is None and not self.caller.gone


def apart(batch: list[InLine]) -> tuple[list[InLine], list[tuple[InLine, InLine]]]:
    """A batch in which no spend is asked for twice, and those that are with the first of their kind:
    what became of that is their answer too, as it would be by its key, or, of one that is short,
    because an account has no more the second time."""
    first: dict[tuple[Account, str, bytes, int, bytes | None], InLine] = {}
    twins = []
    for one in batch:
        new = one.new
        same = (one.account, new.key, new.body_hash, new.credits, new.secret_hash)
        found = first.setdefault(same, one)
        if found is not one:
            twins.append((one, found))
    return (list(first.values()), twins) if twins else (batch, twins)
