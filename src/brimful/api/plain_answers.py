"""What is answered at the connection, and to whom: shared by all that is asked for plainly."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import structlog
from starlette.responses import Response

from brimful.api.plain_requests import Headers
from brimful.api.problem import Problem, of_exception, response_of
from brimful.db.address import DatabaseGone
from brimful.effects.gatherer import Overloaded

_log = structlog.get_logger()


class Told(NamedTuple):
    """An answer as it goes over the wire."""

    status: int
    headers: Headers
    body: bytes


class Asker(Protocol):
    """Whoever sent a plain request. One of the first three is called, once."""

    def tell(self, answer: Told) -> None:
        """What the route says of it, to the byte, but that a process that can take no more says so before
        it looks at the key."""

    def hand_on(self) -> None:
        """The key may not ask for it, which is for the route to say."""

    def end(self) -> None:
        """The process ends, and nobody will say what became of it."""

    def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in a task of its own, which a server that stops waits for."""


@contextmanager
def ended_if_untold(asker: Asker) -> Iterator[None]:
    """Whatever goes wrong on the way to an answer, the server's end included: whoever asked finds the connection
    ended, rather than waiting for ever."""
    try:
        yield
    except BaseException:
        asker.end()
        raise


async def answer(asker: Asker, work: Callable[[], Awaitable[Told | None]]) -> None:
    """Tell whoever asked what comes of it, or what was raised; None is for the route to say."""
    with ended_if_untold(asker):
        try:
            said = await work()
        except Exception as problem:
            said = told_problem(problem)
        if said is None:
            asker.hand_on()
        else:
            asker.tell(said)


def told_json(body: bytes) -> Told:
    """What a route says that went well, without its models."""
    headers = ((b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"))
    return Told(200, headers, body)


def told_problem(problem: Exception) -> Told:
    """What the route says when something was raised."""
    if isinstance(problem, Problem):
        return told_response(response_of(problem))
    if not isinstance(problem, DatabaseGone | Overloaded):
        _log.error("plain_request_failed", exc_info=problem)
    return told_response(response_of(of_exception(problem)))


def told_response(response: Response) -> Told:
    """What the framework would send of a response."""
    return Told(response.status_code, response.raw_headers, bytes(response.body))
