"""The plain spend, answered by the shortest way: the question that is asked before every reply.

The framework takes four times as long to find a route, solve its dependencies and check a body as all
the rest of a spend. So a spend that is plain and good is read here by hand; about anything else nothing
is said here: it goes on to the route of `routes.spends`, which says what is to be said.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brimful.api import ids
from brimful.api.batch import Item, hash_of
from brimful.api.problem import Problem, of_exception, response_of
from brimful.api.readers import Readers
from brimful.api.routes.spends import LATER, told
from brimful.db.address import DatabaseGone
from brimful.db.ids import read_id
from brimful.domain.money import MAX_CREDITS
from brimful.effects.gatherer import Overloaded
from brimful.usecases.answers import SpendDone
from brimful.wiring import Engine

_log = structlog.get_logger()

_PATH = re.compile(rf"/v1/accounts/acc_({ids.HEX})/spends")
_KEY = re.compile(ids.KEY.encode())
_NAMES = frozenset((b"authorization", b"content-type", b"idempotency-key"))
_FIELDS = frozenset(("credits", "wait_ms"))
WAIT_MS_MAX = 60_000


class _Plain(NamedTuple):
    secret: str
    account_id: UUID
    key: str
    credits: int
    wait_ms: int | None


class PlainSpends:
    """ASGI middleware before all others: what it answers is small and whole, and needs none of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on as it came."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        path = _PATH.fullmatch(scope["path"])
        if path is None:
            await self._app(scope, receive, send)
            return
        message = await receive()
        plain = _read(scope["headers"], message, read_id(path[1]))
        answer = None if plain is None else await _answer(scope["app"].state, plain)
        if answer is None:
            await self._app(scope, _again(message, receive), send)
        elif isinstance(answer, SpendDone):
            await _tell_done(answer, send)
        else:
            await answer(scope, receive, send)


async def _tell_done(done: SpendDone, send: Send) -> None:
    """What the route says of a spend that is done, to the byte, without its models."""
    body = b'{"id":"%s","status":"done","credits":%d,"balance":%d,"code":null}' % (
        ids.show("spd", done.spend_id).encode(),
        done.credits,
        done.balance_after,
    )
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(state: Any, plain: _Plain) -> Response | SpendDone | None:
    """The answer to a plain spend; None when its key may not ask for it."""
    engine: Engine = state.engine
    readers: Readers = state.readers
    try:
        await engine.follow_clock()
        tenant_id = await readers.tenant_for(plain.secret, plain.account_id)
        if tenant_id is None:
            return None
        answer = await engine.spend(
            tenant_id=tenant_id,
            account_id=plain.account_id,
            wait_ms=engine.settings.wait_ms if plain.wait_ms is None else plain.wait_ms,
            key=plain.key,
            body_hash=hash_of(Item(plain.key, None, plain.credits, None, None)),
            credits=plain.credits,
            model=None,
            messages=None,
        )
        if isinstance(answer, SpendDone):
            return answer
        status, body = told(answer, plain.credits)
    except Problem as problem:
        return response_of(problem)
    except Exception as problem:
        if not isinstance(problem, DatabaseGone | Overloaded):
            _log.exception("spend_failed")
        return response_of(of_exception(problem))
    headers = LATER if status == 202 else None
    return Response(body.model_dump_json(), status, headers, "application/json")


def _read(
    headers: Iterable[tuple[bytes, bytes]], message: Message, account_id: UUID
) -> _Plain | None:
    """What is asked for, if it is plain and well-formed."""
    of: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _NAMES:
            if name in of:
                return None
            of[name] = value
    bearer, key = of.get(b"authorization", b""), of.get(b"idempotency-key", b"")
    if not bearer.startswith(b"Bearer ") or not _KEY.fullmatch(key):
        return None
    if of.get(b"content-type") != b"application/json" or message.get("more_body", False):
        return None
    try:
        body = json.loads(message.get("body", b""))
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not body.keys() <= _FIELDS:
        return None
    credits, wait_ms = body.get("credits"), body.get("wait_ms")
    if type(credits) is not int or not 1 <= credits <= MAX_CREDITS:
        return None
    if wait_ms is not None and (type(wait_ms) is not int or not 0 <= wait_ms <= WAIT_MS_MAX):
        return None
    secret = bearer[7:].decode("latin-1")
    return _Plain(secret, account_id, key.decode("ascii"), credits, wait_ms)


def _again(message: Message, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return message

    return again
