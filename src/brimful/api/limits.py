"""What is refused before it is read: bodies too large, too slow, or of a kind that is not JSON."""

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brimful.api.auth import find_out_who_asks, has_key
from brimful.api.problem import Problem, bad_event, of_exception, response_of
from brimful.db.address import DatabaseGone
from brimful.effects.gatherer import Overloaded

BODY_MAX = 256 * 1024
# Room for the spends that a batch may have, unless their keys are very long.
BATCHES = re.compile(r"/v1/accounts/[^/]+/spends/batch")
BATCH_BODY_MAX = 4 * 1024 * 1024
EVENTS_PATH = "/v1/gateways/"
# A body is there in so many seconds, and one more for each of so many bytes that it may have.
BODY_WITHIN_S = 10.0
BODY_BYTES_A_S = 50_000
# Of what anybody may send without a key (R45): a gateway's events are small and come at once.
EVENT_BODY_MAX = 64 * 1024
EVENT_BODY_WITHIN_S = 10.0
# Where no key is needed: a gateway signs its events, and the token of a link is in the body.
WITHOUT_KEY = (EVENTS_PATH, "/v1/authentications")


class Limits:
    """ASGI middleware; hands on what comes without a key as if it had no body; answers 408, 413 and 415 by
    itself, to a gateway's event 400 (R45), and to a batch whose key may not command what its route says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith(WITHOUT_KEY) and not await has_key(scope):
            # What is said of it does not depend on its body, which is not even read.
            await self._app(scope, _replay(b"", receive), send)
            return
        if scope["path"].startswith(EVENTS_PATH):
            body, problem = await _checked_event(scope, receive)
        elif BATCHES.fullmatch(scope["path"]) and scope["method"] == "POST":
            body, problem = await _checked_batch(scope, receive)
        else:
            body, problem = await _checked(scope, receive, BODY_MAX)
        if problem is None:
            await self._app(scope, _replay(body, receive), send)
            return
        await response_of(problem)(scope, receive, send)


async def _checked_event(scope: Scope, receive: Receive) -> tuple[bytes, Problem | None]:
    """The body of a gateway's event; whatever is wrong with it, or too slow, has one answer."""
    try:
        async with asyncio.timeout(EVENT_BODY_WITHIN_S):
            body, problem = await _checked(scope, receive, EVENT_BODY_MAX)
    except TimeoutError:
        return b"", bad_event()
    return body, None if problem is None else bad_event()


async def _checked_batch(scope: Scope, receive: Receive) -> tuple[bytes, Problem | None]:
    """The body of a batch, if its key may command. Anybody can make one of the right form, and megabytes for
    each connection are too much to be kept for anybody."""
    try:
        await find_out_who_asks(scope)
    except Problem as problem:
        return b"", problem
    except (DatabaseGone, Overloaded) as fault:
        return b"", of_exception(fault)
    return await _checked(scope, receive, BATCH_BODY_MAX)


async def _checked(scope: Scope, receive: Receive, size_max: int) -> tuple[bytes, Problem | None]:
    """The body, or what is wrong with it."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > size_max:
        return b"", _too_large(size_max)
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    has_body = length not in (b"", b"0") or b"transfer-encoding" in headers
    writes = scope["method"] in ("POST", "PUT", "PATCH")
    if writes and has_body and kind != b"application/json":
        return b"", Problem(415, "not_json", "Send the body as application/json.")
    size = int(length) if length.isdigit() else size_max
    try:
        async with asyncio.timeout(BODY_WITHIN_S + size / BODY_BYTES_A_S):
            body = await _read(receive, size_max)
    except TimeoutError:
        return b"", _too_slow()
    if body is None:
        return b"", _too_large(size_max)
    if b"\\u0000" in body or b"\x00" in body:
        return b"", Problem(422, "invalid_request", "NUL characters are not allowed in texts.")
    return body, None


def _too_slow() -> Problem:
    # The rest of it may never come, and until then the connection is of no other use.
    told = "The body did not arrive in time. Send the same request again."
    return Problem(408, "too_slow", told, headers={"Connection": "close"})


def _too_large(size_max: int) -> Problem:
    return Problem(413, "too_large", f"A body may have {size_max:,} bytes at most.")


async def _read(receive: Receive, size_max: int) -> bytes | None:
    """The whole body; None when there is more of it than may be, or less than was announced."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            # Whoever sent it went away in the middle: nothing is done by half of a request.
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > size_max:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
