"""Following up spends that are short, some at a time (R16, R20).

Who has no credits and buys none is asked before every reply, and each question costs as many round trips as
one that brings something. Without a bound they would take all connections to the database, for which those
who settle what others have would wait in line.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from brimful.db.together import Together
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.effects.gatherer import Overloaded
from brimful.effects.places import Places
from brimful.ledger.spends import Asked, NewSpend
from brimful.usecases.context import Context
from brimful.usecases.refuse_without_buying import refuse_without_buying

# So many are followed up at a time, of a pool of 20 connections, and of one account; and so many may wait.
PLACES, PLACES_OF_ACCOUNT = 8, 4
QUEUE_MAX = 20_000


class Following:
    """The places of one process for spends and holds that are short."""

    def __init__(self, ctx: Context, now: Callable[[], Moment]) -> None:
        self._ctx, self._now = ctx, now
        self._places = Places(PLACES, PLACES_OF_ACCOUNT)
        self._refusals = Together(self._refuse)

    def __len__(self) -> int:
        """How many wait for a place or have one."""
        return len(self._places)

    @property
    def is_crowded(self) -> bool:
        """Whether as many wait for a place or have one as there are places."""
        return len(self) >= PLACES

    async def refusal(self, short: Asked) -> Refuse | None:
        """What a spend hears for which nothing can come, where many are short: it is read for all of them
        together and takes no place. None for one that is to be followed up."""
        if not self.is_crowded or not isinstance(short, NewSpend):
            return None
        return await self._refusals.of(short)

    def place(self, account_id: UUID, within_s: float) -> AbstractAsyncContextManager[bool]:
        """A place to follow up what an account is short of; accounts are let in as they come, and none takes
        all. False where there was none within so many seconds of real time (R20). Raises Overloaded when too
        many wait."""
        if len(self) >= QUEUE_MAX:
            raise Overloaded("too many spends are short; try again in a moment")
        return self._places.place(account_id, within_s)

    async def _refuse(self, short: list[NewSpend]) -> Mapping[NewSpend, Refuse]:
        refused = await refuse_without_buying(self._ctx, short, self._now())
        return {one: refused[one.spend_id] for one in short if one.spend_id in refused}
