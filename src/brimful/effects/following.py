"""Following up spends that are short, some at a time (R16, R20).

Who has no credits and buys none is asked before every reply, and each question costs as many round trips as
one that brings something. Without a bound they would take all connections to the database, for which those
who settle what others have would wait in line.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from brimful.db.together import Together
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.effects.gatherer import Overloaded
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
        self._places = asyncio.Semaphore(PLACES)
        self._of_account: dict[UUID, asyncio.Semaphore] = {}
        # How many wait for a place or have one, of each account and in all.
        self._asking: dict[UUID, int] = {}
        self._all = 0
        self._refusals = Together(self._refuse)

    @property
    def is_crowded(self) -> bool:
        """Whether some wait for a place."""
        return self._all >= PLACES

    async def refusal(self, short: Asked) -> Refuse | None:
        """What a spend hears for which nothing can come, where many are short: it is read for all of them
        together and takes no place. None for one that is to be followed up."""
        if not self.is_crowded or not isinstance(short, NewSpend):
            return None
        return await self._refusals.of(short)

    @asynccontextmanager
    async def place(self, account_id: UUID, within_s: float) -> AsyncIterator[bool]:
        """A place to follow up what an account is short of; accounts are let in as they come, and none takes
        all. False where there was none within so many seconds of real time (R20). Raises Overloaded when too
        many wait."""
        if self._all >= QUEUE_MAX:
            raise Overloaded("too many spends are short; try again in a moment")
        own = self._of_account.setdefault(account_id, asyncio.Semaphore(PLACES_OF_ACCOUNT))
        self._asking[account_id] = self._asking.get(account_id, 0) + 1
        self._all += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(within_s):
                        await held.enter_async_context(own)
                        await held.enter_async_context(self._places)
                    came = True
                except TimeoutError:
                    came = False
                yield came
        finally:
            self._all -= 1
            self._asking[account_id] -= 1
            if not self._asking[account_id]:
                del self._asking[account_id], self._of_account[account_id]

    async def _refuse(self, short: list[NewSpend]) -> Mapping[NewSpend, Refuse]:
        refused = await refuse_without_buying(self._ctx, short, self._now())
        return {one: refused[one.spend_id] for one in short if one.spend_id in refused}
