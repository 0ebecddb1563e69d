"""The plain spend, answered by the shortest way: the question that is asked before every reply.

The framework takes four times as long to find a route, solve its dependencies and check a body as all
the rest of a spend. So a spend that is plain and good (`plain_requests`) is settled and answered here, by
callbacks as long as there is nothing but a debit to tell; whatever its API key may not is for the route of
`routes.spends` to say.
"""

import asyncio
from functools import partial
from uuid import UUID

from starlette.responses import Response

from brimful.api import ids
from brimful.api.plain_answers import (
    Asker,
    Told,
    answer,
    ended_if_untold,
    told_json,
    told_problem,
    told_response,
)
from brimful.api.plain_requests import PlainSpend
from brimful.api.routes.spends import LATER, told
from brimful.db.ids import new_id
from brimful.effects.gatherer import Overloaded
from brimful.effects.spending import Answer
from brimful.ledger.spends import UNKNOWN_TENANT, NewSpend, Tried
from brimful.usecases.answers import SpendDone
from brimful.wiring import Engine


class PlainSpends:
    """Answers the plain spends of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, plain: PlainSpend, asker: Asker) -> None:
        """Settle it, and tell whoever asked what became of it, when that is committed."""
        if self._engine.has_test_clock:
            asker.follow(self._answer_by_clock(plain, asker))
        else:
            self._try(plain, asker)

    async def _answer_by_clock(self, plain: PlainSpend, asker: Asker) -> None:
        with ended_if_untold(asker):
            try:
                await self._engine.follow_clock()
            except Exception as problem:
                asker.tell(told_problem(problem))
            else:
                self._try(plain, asker)

    def _try(self, plain: PlainSpend, asker: Asker) -> None:
        new = NewSpend(
            UNKNOWN_TENANT,
            plain.account_id,
            plain.key,
            plain.body_hash,
            new_id(),
            plain.credits,
            None,
            None,
            plain.secret_hash,
        )
        try:
            self._engine.spending.try_with_key(new, partial(self._tried, new, plain, asker))
        except Overloaded as problem:
            # Not at once: what is answered lets in the next of its connection, and of hundreds that are sent in
            # one go each would be refused within the refusal of the one before.
            asyncio.get_running_loop().call_soon(asker.tell, told_problem(problem))

    def _tried(
        self, new: NewSpend, plain: PlainSpend, asker: Asker, tried: Tried | Exception | None
    ) -> None:
        with ended_if_untold(asker):
            if tried is None:
                asker.end()
            elif isinstance(tried, Exception):
                asker.tell(told_problem(tried))
            elif tried.is_simply_done:
                asker.tell(_told_done(tried.spend_id, tried.credits, tried.balance_after))
            else:
                asker.follow(answer(asker, partial(self._said_after, new, plain, tried)))

    async def _said_after(self, new: NewSpend, plain: PlainSpend, tried: Tried) -> Told | None:
        engine = self._engine
        wait_ms = engine.settings.wait_ms if plain.wait_ms is None else plain.wait_ms
        done = await engine.spending.after_trying(new, wait_ms, tried)
        return None if done is None else _told_answer(done, plain.credits)


def _told_answer(answer: Answer, credits: int) -> Told:
    """What the route says of an answer to a spend of so many credits."""
    if isinstance(answer, SpendDone):
        return _told_done(answer.spend_id, answer.credits, answer.balance_after)
    status, body = told(answer, credits)
    headers = LATER if status == 202 else None
    return told_response(Response(body.model_dump_json(), status, headers, "application/json"))


def _told_done(spend_id: UUID, credits: int, balance_after: int | None) -> Told:
    """What the route says of a spend that is done, without its models."""
    assert balance_after is not None
    body = b'{"id":"%s","status":"done","credits":%d,"balance":%d,"code":null}' % (
        ids.show("spd", spend_id).encode(),
        credits,
        balance_after,
    )
    return told_json(body)
