"""The plain spend, answered by the shortest way: the question that is asked before every reply.

The framework takes four times as long to find a route, solve its dependencies and check a body as all
the rest of a spend. So a spend that is plain and good is read here by hand; about anything else nothing
is said here: it goes on to the route of `routes.spends`, which says what is to be said.
"""

import re
from collections.abc import Iterable
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
import structlog
from starlette.responses import Response

from brimful.api import ids
from brimful.api.batch import Item, hash_of
from brimful.api.problem import Problem, of_exception, response_of
from brimful.api.requests import WAIT_MS_MAX
from brimful.api.routes.spends import LATER, told
from brimful.billing.keys import hash_of as hash_of_secret
from brimful.billing.keys import is_well_formed
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

Headers = Iterable[tuple[bytes, bytes]]


class Plain(NamedTuple):
    """A spend that is plain and well-formed, by whomever it was sent."""

    secret: str
    account_id: UUID
    key: str
    credits: int
    wait_ms: int | None


class Told(NamedTuple):
    """An answer as it goes over the wire."""

    status: int
    headers: Headers
    body: bytes


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    credits: Annotated[int, msgspec.Meta(ge=1, le=MAX_CREDITS)]
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=WAIT_MS_MAX)] | None = None


_body_of = msgspec.json.Decoder(_Body).decode


def account_of(path: str) -> UUID | None:
    """The account whose spends are at this path; None where something else is."""
    place = _PATH.fullmatch(path)
    return None if place is None else read_id(place[1])


def read(account_id: UUID, headers: Headers, body: bytes | bytearray) -> Plain | None:
    """What is asked for, with a POST of this whole body, if it is plain and well-formed."""
    of: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _NAMES:
            if name in of:
                return None
            of[name] = value
    bearer, key = of.get(b"authorization", b""), of.get(b"idempotency-key", b"")
    if not bearer.startswith(b"Bearer ") or not _KEY.fullmatch(key):
        return None
    if of.get(b"content-type") != b"application/json":
        return None
    try:
        asked = _body_of(body)
    except ValueError:
        return None
    secret = bearer[7:].decode("latin-1")
    if not is_well_formed(secret):
        return None
    return Plain(secret, account_id, key.decode("ascii"), asked.credits, asked.wait_ms)


class PlainSpends:
    """Answers the plain spends of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def answer(self, plain: Plain) -> Told | None:
        """What the route says of it, to the byte, but that a process that can take no more says so before
        it looks at the key; None when the key may not ask for it, which is for the route to say."""
        engine = self._engine
        try:
            await engine.follow_clock()
            answer = await engine.spend_with_key(
                secret_hash=hash_of_secret(plain.secret),
                account_id=plain.account_id,
                wait_ms=engine.settings.wait_ms if plain.wait_ms is None else plain.wait_ms,
                key=plain.key,
                body_hash=hash_of(Item(plain.key, None, plain.credits, None, None)),
                credits=plain.credits,
                model=None,
                messages=None,
            )
            if isinstance(answer, SpendDone):
                return _told_done(answer)
            if answer is None:
                return None
            status, body = told(answer, plain.credits)
        except Problem as problem:
            return _as_told(response_of(problem))
        except Exception as problem:
            if not isinstance(problem, DatabaseGone | Overloaded):
                _log.exception("spend_failed")
            return _as_told(response_of(of_exception(problem)))
        headers = LATER if status == 202 else None
        return _as_told(Response(body.model_dump_json(), status, headers, "application/json"))


def _told_done(done: SpendDone) -> Told:
    """What the route says of a spend that is done, without its models."""
    body = b'{"id":"%s","status":"done","credits":%d,"balance":%d,"code":null}' % (
        ids.show("spd", done.spend_id).encode(),
        done.credits,
        done.balance_after,
    )
    headers = ((b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"))
    return Told(200, headers, body)


def _as_told(response: Response) -> Told:
    return Told(response.status_code, response.raw_headers, bytes(response.body))
