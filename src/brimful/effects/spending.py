"""Spending: settled together with what else arrives, and for what is short the account's auto-billing
waited for (R16, R20)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import structlog

from brimful.db.address import DatabaseGone
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.effects.following import Following
from brimful.effects.gatherer import Gatherer, Overloaded
from brimful.effects.giving_up import GivingUp
from brimful.effects.in_line import Heard
from brimful.effects.waiting import Waiters, refusal_of
from brimful.ledger.spends import Asked, NewHold, NewSpend, Tried
from brimful.usecases.answers import KeyConflict, Pending, SpendDone, SpendWaiting
from brimful.usecases.context import Context
from brimful.usecases.end_hold import end_holds_of
from brimful.usecases.place_hold import place_hold
from brimful.usecases.refuse_without_buying import refuse_without_buying
from brimful.usecases.spend_credits import spend_credits, told_at_once
from brimful.usecases.steps import Step, reached

_log = structlog.get_logger()

# Whoever is short stands in line to be registered for so many seconds at least, although its callers wait for
# less: what is asked for without waiting would never be bought.
REGISTER_WITHIN_S = 1.0
# So many accounts of one batch stand in that line at a time, or whoever else is short would wait for all of them.
IN_LINE_OF_BATCH = 8

T = TypeVar("T")

Answer = SpendDone | Pending | Refuse | KeyConflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What is needed to spend, start what follows, and wait for it."""

    ctx: Context
    now: Callable[[], Moment]
    run: Callable[[Iterable[Effect]], None]
    gatherer: Gatherer
    following: Following
    waiters: Waiters
    giving_up: GivingUp

    def try_with_key(self, new: NewSpend, heard: Heard) -> None:
        """Try to spend, if the API key that asks (``secret_hash``) may command the account; ``heard`` is called
        with what came of it. That is the answer when it ``is_simply_done``; ``after_trying`` has any other.
        Raises Overloaded, and then nobody is called."""
        self.gatherer.ask(new, self.now(), heard)

    async def after_trying(self, new: NewSpend, wait_ms: int, tried: Tried) -> Answer | None:
        """The answer to what was tried with an API key, its account's auto-billing waited for as by ``spend``;
        None when there is anything to be said against the key. Raises Overloaded."""
        if tried.outcome == "barred":
            return None
        assert tried.tenant_id is not None, "what is not simply done comes with its tenant"
        new = new._replace(tenant_id=tried.tenant_id, secret_hash=None)
        return await self._answer(new, wait_ms, tried)

    async def spend(self, new: Asked, wait_ms: int) -> Answer:
        """Spend or hold, and wait for the account's auto-billing for at most ``wait_ms`` milliseconds. Raises
        Overloaded."""
        return await self._answer(new, wait_ms, await self._once(new, self.now()))

    async def _answer(self, new: Asked, wait_ms: int, tried: Tried) -> Answer:
        if tried.outcome != "short":
            begun = await self._begin(new, wait_ms, tried)
        else:
            refusal = await self.following.refusal(new)
            if refusal is not None:
                return refusal
            loop = asyncio.get_running_loop()
            until_s = loop.time() + wait_ms / 1000
            within_s = max(wait_ms / 1000, REGISTER_WITHIN_S)
            async with self.following.place(new.account_id, within_s) as came:
                if not came:
                    return Pending(operation_id=new.spend_id)
                # What it stood in line is of the caller's wait (R20).
                wait_ms = max(0, int((until_s - loop.time()) * 1000))
                begun = await self._begin(new, wait_ms, await self._again(new, tried))
        return (
            await self._outcome(new, begun, wait_ms) if isinstance(begun, SpendWaiting) else begun
        )

    async def spend_all(self, asked: Sequence[NewSpend], wait_ms: int) -> list[Answer | Exception]:
        """Spend all of these, as if they had come one after the other: an answer for each in their
        order, or what was raised for it alone. Raises Overloaded, and then none was tried.

        What is short is not held against the others: it is followed up when all that could be done is,
        and waits for its account's auto-billing for at most ``wait_ms`` milliseconds (R20).
        """
        moment = self.now()
        until_s = asyncio.get_running_loop().time() + wait_ms / 1000
        tries = await self.gatherer.spend_all(asked, moment)
        answers: list[Answer | Exception | None] = [
            one if isinstance(one, Exception) else told_at_once(new, one)
            for new, one in zip(asked, tries, strict=True)
        ]
        done = [answer for answer in answers if isinstance(answer, SpendDone) and answer.effects]
        self.run(dict.fromkeys(effect for answer in done for effect in answer.effects))
        short = [
            new
            for new, one in zip(asked, tries, strict=True)
            if isinstance(one, Tried) and one.outcome == "short"
        ]
        refused = await _alone(refuse_without_buying(self.ctx, short, self.now()))
        behind: dict[UUID, list[int]] = {}
        for place, answer in enumerate(answers):
            if answer is None and isinstance(refused, dict):
                answers[place] = refused.get(asked[place].spend_id)
            if answers[place] is None:
                behind.setdefault(asked[place].account_id, []).append(place)
        slots = asyncio.Semaphore(IN_LINE_OF_BATCH)
        followed = await asyncio.gather(
            *(
                self._follow([(asked[one], _short(tries[one])) for one in places], until_s, slots)
                for places in behind.values()
            )
        )
        for places, told in zip(behind.values(), followed, strict=True):
            for place, answer in zip(places, told, strict=True):
                answers[place] = answer
        return [answer for answer in answers if answer is not None]

    async def _follow(
        self,
        asked: Sequence[tuple[NewSpend, Tried]],
        until_s: float,
        slots: asyncio.Semaphore,
    ) -> list[Answer | Exception]:
        """Register the spends of one account that were short, in their order, and wait for them. What
        needs as much as one that was refused is refused alike; what there is no time for is pending."""
        loop = asyncio.get_running_loop()
        patience_s = max(until_s, loop.time() + REGISTER_WITHIN_S)
        async with slots:
            told = await _alone(self._register(asked, until_s, patience_s))
        if isinstance(told, Exception):
            return [told for _ in asked]
        waiting = {nth: one for nth, one in enumerate(told) if isinstance(one, SpendWaiting)}
        left_s = max(0.0, until_s - loop.time())
        outcomes: list[Answer] | Exception = []
        if waiting:
            outcomes = await _alone(self._outcomes(asked[0][0], list(waiting.values()), left_s))
        of_waiting = dict(zip(waiting, _each(outcomes, len(waiting)), strict=True))
        return [
            of_waiting[nth] if isinstance(one, SpendWaiting) else one
            for nth, one in enumerate(told)
        ]

    async def _register(
        self, asked: Sequence[tuple[NewSpend, Tried]], until_s: float, patience_s: float
    ) -> list[Answer | SpendWaiting | Exception]:
        """Register them: what each was told, or waits for. Raises Overloaded where too many are short."""
        loop = asyncio.get_running_loop()
        told: list[Answer | SpendWaiting | Exception] = []
        refused: tuple[int, Refuse] | None = None
        within_s = max(0.0, patience_s - loop.time())
        async with self.following.place(asked[0][0].account_id, within_s) as came:
            if not came:
                return [Pending(operation_id=new.spend_id) for new, _ in asked]
            anew = await _alone(self._ended_holds(asked[0][0])) is True
            for new, tried in asked:
                left_ms = max(0, int((until_s - loop.time()) * 1000))
                # What waited already under its key may be done by now: it is looked at by itself (R39).
                short = tried.outcome == "short"
                if short and refused is not None and new.credits >= refused[0]:
                    told.append(refused[1])
                elif loop.time() > patience_s:
                    told.append(Pending(operation_id=new.spend_id))
                else:
                    begun = await _alone(self._begin(new, left_ms, None if anew else tried))
                    if isinstance(begun, Refuse):
                        refused = (new.credits, begun)
                    told.append(begun)
        return told

    async def _begin(
        self, new: Asked, wait_ms: int, tried: Tried | None = None
    ) -> SpendDone | SpendWaiting | Refuse | KeyConflict:
        answer = await spend_credits(
            self.ctx,
            self._try,
            new,
            wait_ms=wait_ms,
            moment=self.now(),
            tried=tried,
        )
        if isinstance(answer, SpendWaiting):
            await reached(Step.demand_registered, answer)
        if isinstance(answer, SpendDone | SpendWaiting):
            self.run(answer.effects)
        return answer

    async def _try(self, new: Asked, moment: Moment) -> Tried:
        """Debit or hold what is asked for, if there is enough."""
        return await self._again(new, await self._once(new, moment))

    async def _again(self, new: Asked, tried: Tried) -> Tried:
        """``tried``, or what comes of another try where it was short and holds were over (R38)."""
        if tried.outcome == "short" and await self._ended_holds(new):
            return await self._once(new, self.now())
        return tried

    async def _ended_holds(self, short: Asked) -> bool:
        """Whoever is short looks for credits that are held although their time is over, and no worker
        came by since (R38). Whether there were any."""
        freed = await end_holds_of(
            self.ctx, tenant_id=short.tenant_id, account_id=short.account_id, moment=self.now()
        )
        self.run(freed or ())
        return freed is not None

    async def _once(self, new: Asked, moment: Moment) -> Tried:
        if isinstance(new, NewHold):
            return await place_hold(self.ctx, new, moment)
        return await self.gatherer.spend(new, moment)

    async def _outcome(self, new: Asked, begun: SpendWaiting, wait_ms: int) -> Answer:
        [answer] = await self._outcomes(new, [begun], wait_ms / 1000)
        return answer

    async def _outcomes(
        self, of: Asked, begun: Sequence[SpendWaiting], wait_s: float
    ) -> list[Answer]:
        """What became of ``begun``, spends of the account of ``of``, which are waited for together for at most
        ``wait_s`` seconds; what has no answer by then is given up and pending."""
        tenant_id = of.tenant_id
        rows = await self.waiters.wait_all(tenant_id, [one.spend_id for one in begun], wait_s)
        left = sorted((one.answer_by, one.spend_id) for one in begun if one.spend_id not in rows)
        if left:
            late = {spend_id: answer_by for answer_by, spend_id in left}
            answered = await self.giving_up.give_up(tenant_id, of.account_id, late)
            if answered:
                rows |= await self.waiters.wait_all(tenant_id, answered, 1)
        return [self._told(of, one, rows.get(one.spend_id)) for one in begun]

    @staticmethod
    def _told(of: Asked, begun: SpendWaiting, row: Mapping[str, Any] | None) -> Answer:
        if row is None or row["state"] == "abandoned":
            return Pending(operation_id=begun.spend_id)
        if row["state"] in ("done", "held"):
            return SpendDone(
                spend_id=begun.spend_id,
                credits=begun.credits,
                balance_after=row["balance_after"],
            )
        return refusal_of(of.account_id, row)


def _each(told: Sequence[T] | Exception, number: int) -> Sequence[T | Exception]:
    """What was told of so many, or what was raised, for each of them."""
    return [told] * number if isinstance(told, Exception) else told


def _short(tried: Tried | Exception) -> Tried:
    """What was tried and has no answer yet, which is no exception."""
    assert isinstance(tried, Tried)
    return tried


async def _alone(work: Awaitable[T]) -> T | Exception:
    """What comes of it, or what it raised: one of a batch spoils no other."""
    try:
        return await work
    except Exception as problem:
        if not isinstance(problem, DatabaseGone | Overloaded):
            _log.exception("spend_failed")
        return problem
