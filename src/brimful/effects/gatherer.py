"""Gathering spends: those that arrive together are settled by one call and share one commit.

Nothing is waited for but a call that is away. While a batch is being committed the next requests come
in, and they are the next batch: so there is one for each request when little happens, and hundreds when
much does. Few do not go beside few that are away, for some milliseconds: what a call costs by itself,
some twenty spends cost together.
Requests of one account are settled in the order of their arrival; an account is in one call at a time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Protocol

import structlog

from brimful.db.address import DatabaseGone
from brimful.domain.moment import Moment
from brimful.effects.in_line import Account, Called, Caller, Heard, InLine, Waiting, apart
from brimful.ledger.spends import NewSpend, Tried

_log = structlog.get_logger()

# So many requests are settled by one call at most, and so many such calls are under way: one at
# work in the database and one whose answers are taken; one more where that many requests are in line,
# for three small ones cost more than two that have all of it.
BATCH_MAX = 1_000
BATCHES_USUAL, BATCHES_MAX = 2, 3
# With fewer than so many spends in line and away none is begun beside another, for so many seconds.
BESIDE_MIN = 24
BESIDE_AFTER_S = 0.01
# Beside them, so many accounts that others hold are waited for, each by a call of its own.
WAITS_MAX = 4
# So many requests may stand in line: what is settled within about a second. Where they do, accounts are let
# in beside them that have few in line and ask for few, until there are twice as many: so who fills the line
# keeps out nobody else.
QUEUE_MAX = 20_000
FEW = 100


class Overloaded(Exception):
    """More is asked than can be settled soon, or the process is stopping: nothing was done. Whoever
    asked may ask again in a moment."""


class Settle(Protocol):
    """What settles spends together, in one transaction."""

    def __call__(
        self, asked: Sequence[NewSpend], *, wait: bool, moment: Moment
    ) -> Awaitable[list[Tried]]:
        """An answer for each, in their order; see ``settle_spends``."""


class Gatherer:
    """The spends of one process on their way to the ledger."""

    def __init__(
        self,
        settle: Settle,
        *,
        batch_max: int = BATCH_MAX,
        queue_max: int = QUEUE_MAX,
        few: int = FEW,
        beside_min: int = BESIDE_MIN,
        beside_after_s: float = BESIDE_AFTER_S,
    ) -> None:
        self._settle, self._batch_max = settle, batch_max
        self._queue_max, self._few = queue_max, few
        self._beside_min, self._beside_after_s = beside_min, beside_after_s
        # How many spends are away, and when more go beside them although they are few.
        self._away_length = 0
        self._impatient: asyncio.TimerHandle | None = None
        # By account, in the order of arrival; an account is ready, away in a call, or in others' hands.
        self._queues: dict[Account, deque[InLine]] = {}
        self._ready: dict[Account, None] = {}
        self._away: set[Account] = set()
        self._held: dict[Account, None] = {}
        self._length = 0
        self._batches = self._waits = 0
        self._about_to_take = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def __len__(self) -> int:
        """How many requests stand in line."""
        return self._length

    async def spend(self, new: NewSpend, moment: Moment) -> Tried:
        """What became of one spend, once that is committed; see ``spend_all``."""
        [answer] = await self.spend_all((new,), moment)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, new: NewSpend, moment: Moment, heard: Heard) -> None:
        """Spend, as ``spend``, for a caller who is told by being called and cannot take it back: neither a
        future nor a task for each. Raises Overloaded, and then nobody is called."""
        self._ask((new,), moment, Called(heard))

    async def spend_all(self, asked: Sequence[NewSpend], moment: Moment) -> list[Tried | Exception]:
        """What became of each, once all of it is committed: its own exception where one could not be
        settled. Raises Overloaded, and then none of them was tried.

        A caller who goes away takes back what has not been begun; the rest is done all the same.
        """
        if not asked:
            return []
        answers = Waiting(len(asked))
        self._ask(asked, moment, answers)
        return await answers.all()

    async def stop(self) -> None:
        """Refuse what stands in line and what comes meanwhile, and finish what was begun."""
        self._stopping = True
        waiting = [asked for queue in self._queues.values() for asked in queue]
        self._queues.clear()
        self._ready.clear()
        self._held.clear()
        self._length = 0
        for asked in waiting:
            asked.answer(Overloaded("the process is stopping"))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stopping = False

    def _ask(self, news: Sequence[NewSpend], moment: Moment, caller: Caller) -> None:
        if self._stopping or (self._length + len(news) > self._queue_max and self._keeps_out(news)):
            raise Overloaded("too much is asked at once")
        queues, ready = self._queues, self._ready
        for place, new in enumerate(news):
            one = InLine(new, moment, caller, place)
            queue = queues.get(one.account)
            if queue is None:
                queues[one.account] = deque((one,))
            else:
                queue.append(one)
            if one.account not in self._away and one.account not in self._held:
                ready[one.account] = None
        self._length += len(news)
        self._begin()

    def _keeps_out(self, news: Sequence[NewSpend]) -> bool:
        """Whether there is no room for these beside a line that is full."""
        length = len(news)
        if length > self._few or self._length + length > 2 * self._queue_max:
            return True
        return any(
            len(self._queues.get(new.account_id.int, ())) + length > self._few for new in news
        )

    def _begin(self) -> None:
        """Begin the calls that there is work and room for."""
        if self._ready and not self._about_to_take and self._batches < self._batches_wanted:
            if not self._batches or self._length + self._away_length >= self._beside_min:
                self._begin_batch()
            elif self._impatient is None:
                loop = asyncio.get_running_loop()
                self._impatient = loop.call_later(self._beside_after_s, self._begin_beside)
        if self._held and self._waits < WAITS_MAX:
            self._waits += 1
            self._do(self._settle_held())

    @property
    def _batches_wanted(self) -> int:
        return BATCHES_USUAL if self._length < self._batch_max else BATCHES_MAX

    def _begin_batch(self) -> None:
        self._about_to_take = True
        self._batches += 1
        self._do(self._settle_ready())

    def _begin_beside(self) -> None:
        """What is away takes long: whoever is in line waits for it no more."""
        self._impatient = None
        if self._ready and not self._about_to_take and self._batches < self._batches_wanted:
            self._begin_batch()

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle_ready(self) -> None:
        """Settle batches until nothing is ready. This begins in the next turn of the loop, by when
        whoever arrived in this one is in line."""
        self._about_to_take = False
        while self._ready and self._batches <= self._batches_wanted:
            batch = self._next_batch()
            self._away_length += len(batch)
            await self._settle_and_answer(batch, wait=False)
            self._away_length -= len(batch)
        self._batches -= 1

    def _next_batch(self) -> list[InLine]:
        batch: list[InLine] = []
        taken: list[Account] = []
        for account in self._ready:
            if len(batch) >= self._batch_max:
                break
            taken.append(account)
            batch += self._take(account, self._batch_max - len(batch))
        for account in taken:
            del self._ready[account]
        self._away.update(taken)
        return batch

    async def _settle_held(self) -> None:
        """Settle what accounts ask for that others hold, one by one, when whoever has it lets it go."""
        while self._held:
            account = next(iter(self._held))
            del self._held[account]
            self._away.add(account)
            await self._settle_and_answer(self._take(account, self._batch_max), wait=True)
        self._waits -= 1

    def _take(self, account: Account, most: int) -> list[InLine]:
        queue = self._queues[account]
        taken = [queue.popleft() for _ in range(min(most, len(queue)))]
        self._length -= len(taken)
        return taken

    async def _settle_and_answer(self, batch: list[InLine], *, wait: bool) -> None:
        # Whoever went away meanwhile is not served unseen.
        wanted, twins = apart([one for one in batch if one.wanted])
        try:
            busy = await self._settled(wanted, wait=wait)
        except asyncio.CancelledError:
            for one in batch:
                if one.wanted:
                    one.caller.left_alone()
            raise
        for one, first in twins:
            if first.told is not None:
                one.answer(first.told)
        if busy:
            held = {one.account for one in busy}
            busy = [one for one in batch if one.account in held and one.wanted]
        self._let_go(dict.fromkeys(one.account for one in batch), busy)

    async def _settled(self, batch: list[InLine], *, wait: bool) -> list[InLine]:
        """Settle and answer; those whose account others hold. What makes the call fail fails alone:
        the halves are settled by themselves, down to it."""
        if not batch:
            return []
        moments = {id(one.moment): one.moment for one in batch}
        moment = max(moments.values(), key=lambda moment: moment.at)
        try:
            tried = await self._settle([one.new for one in batch], wait=wait, moment=moment)
        except Exception as problem:
            if isinstance(problem, DatabaseGone) or len(batch) == 1:
                for one in batch:
                    one.answer(problem)
                return []
            _log.warning("spends_settled_in_halves", spends=len(batch), why=repr(problem))
            half = len(batch) // 2
            busy = await self._settled(batch[:half], wait=False)
            held = {one.account for one in busy}
            behind = [one for one in batch[half:] if one.account in held]
            rest = [one for one in batch[half:] if one.account not in held]
            return busy + behind + await self._settled(rest, wait=False)
        busy = []
        for one, answer in zip(batch, tried, strict=True):
            if answer.outcome == "busy":
                busy.append(one)
            else:
                one.answer(answer)
        return busy

    def _let_go(self, accounts: dict[Account, None], busy: list[InLine]) -> None:
        """Accounts are back from a call: those that others hold are to be waited for, the first in
        line still the first."""
        self._away.difference_update(accounts)
        for one in reversed(busy):
            if self._stopping:
                one.answer(Overloaded("the process is stopping"))
                continue
            self._queues.setdefault(one.account, deque()).appendleft(one)
            self._length += 1
            self._held[one.account] = None
        for account in accounts:
            if not self._queues.get(account):
                self._queues.pop(account, None)
            elif account not in self._held:
                self._ready[account] = None
        self._begin()
