"""The plain spend, answered by the shortest way: the question that is asked before every reply.

The framework takes four times as long to find a route, solve its dependencies and check a body as all
the rest of a spend. So a spend that is plain and good (`plain_requests`) is settled and answered here, by
callbacks as long as there is nothing but a debit to tell; whatever its API key may not is for the route of
`routes.spends` to say.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog
from starlette.responses import Response

from brimful.api import ids
from brimful.api.plain_requests import Headers, Plain
from brimful.api.problem import Problem, of_exception, response_of
from brimful.api.routes.spends import LATER, told
from brimful.db.address import DatabaseGone
from brimful.db.ids import new_id
from brimful.effects.gatherer import Overloaded
from brimful.effects.spending import Answer
from brimful.ledger.spends import UNKNOWN_TENANT, NewSpend, Tried
from brimful.usecases.answers import SpendDone
from brimful.wiring import Engine

_log = structlog.get_logger()


class Told(NamedTuple):
    """An answer as it goes over the wire."""

    status: int
    headers: Headers
    body: bytes


class Asker(Protocol):
    """Whoever sent a plain spend. One of the first three is called, once."""

    def tell(self, answer: Told) -> None:
        """What the route says of it, to the byte, but that a process that can take no more says so before
        it looks at the key."""

    def hand_on(self) -> None:
        """The key may not ask for it, which is for the route to say."""

    def end(self) -> None:
        """The process ends, and nobody will say what became of it."""

    def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in a task of its own, which a server that stops waits for."""


class PlainSpends:
    """Answers the plain spends of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, plain: Plain, asker: Asker) -> None:
        """Settle it, and tell whoever asked what became of it, when that is committed."""
        if self._engine.has_test_clock:
            asker.follow(self._answer_by_clock(plain, asker))
        else:
            self._try(plain, asker)

    async def _answer_by_clock(self, plain: Plain, asker: Asker) -> None:
        with _ended_if_untold(asker):
            try:
                await self._engine.follow_clock()
            except Exception as problem:
                asker.tell(_told_problem(problem))
            else:
                self._try(plain, asker)

    def _try(self, plain: Plain, asker: Asker) -> None:
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
            asyncio.get_running_loop().call_soon(asker.tell, _told_problem(problem))

    def _tried(
        self, new: NewSpend, plain: Plain, asker: Asker, tried: Tried | Exception | None
    ) -> None:
        with _ended_if_untold(asker):
            if tried is None:
                asker.end()
            elif isinstance(tried, Exception):
                asker.tell(_told_problem(tried))
            elif tried.is_simply_done:
                asker.tell(_told_done(tried.spend_id, tried.credits, tried.balance_after))
            else:
                asker.follow(self._answer_after(new, plain, asker, tried))

    async def _answer_after(self, new: NewSpend, plain: Plain, asker: Asker, tried: Tried) -> None:
        engine = self._engine
        wait_ms = engine.settings.wait_ms if plain.wait_ms is None else plain.wait_ms
        with _ended_if_untold(asker):
            try:
                answer = await engine.spending.after_trying(new, wait_ms, tried)
                said = None if answer is None else _told_answer(answer, plain.credits)
            except Exception as problem:
                said = _told_problem(problem)
            if said is None:
                asker.hand_on()
            else:
                asker.tell(said)


@contextmanager
def _ended_if_untold(asker: Asker) -> Iterator[None]:
    """Whatever goes wrong on the way to an answer, the server's end included: whoever asked finds the connection
    ended, rather than waiting for ever."""
    try:
        yield
    except BaseException:
        asker.end()
        raise


def _told_answer(answer: Answer, credits: int) -> Told:
    """What the route says of an answer to a spend of so many credits."""
    if isinstance(answer, SpendDone):
        return _told_done(answer.spend_id, answer.credits, answer.balance_after)
    status, body = told(answer, credits)
    headers = LATER if status == 202 else None
    return _as_told(Response(body.model_dump_json(), status, headers, "application/json"))


def _told_done(spend_id: UUID, credits: int, balance_after: int | None) -> Told:
    """What the route says of a spend that is done, without its models."""
    assert balance_after is not None
    body = b'{"id":"%s","status":"done","credits":%d,"balance":%d,"code":null}' % (
        ids.show("spd", spend_id).encode(),
        credits,
        balance_after,
    )
    headers = ((b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"))
    return Told(200, headers, body)


def _told_problem(problem: Exception) -> Told:
    """What the route says when something was raised."""
    if isinstance(problem, Problem):
        return _as_told(response_of(problem))
    if not isinstance(problem, DatabaseGone | Overloaded):
        _log.error("spend_failed", exc_info=problem)
    return _as_told(response_of(of_exception(problem)))


def _as_told(response: Response) -> Told:
    return Told(response.status_code, response.raw_headers, bytes(response.body))
