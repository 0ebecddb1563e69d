"""HTTP/1.1 on a loopback port, small enough to break on purpose: resets, cut bodies, HTML."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from tests.stripe_server.core import Request, Response

HEAD_MAX, BODY_MAX = 65_536, 4_194_304
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how it is spoiled on its way ("reset", "truncated", "html")."""

    response: Response
    spoiled: str | None = None


Answer = Callable[[Request], Awaitable[Reply]]


@contextlib.asynccontextmanager
async def serve(answer: Answer, port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends, on a free port unless one is given; yields the address."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await _converse(reader, writer, answer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            connections.discard(task)
            writer.transport.abort()

    listening = await asyncio.start_server(connected, "127.0.0.1", port, limit=HEAD_MAX)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listening.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    """Request after request on one connection."""
    running: set[asyncio.Task[Reply]] = set()
    while True:
        request = await _read(reader)
        if request is None:
            return
        # A request goes on although its client hangs up: that is how late effects come about.
        task = asyncio.ensure_future(answer(request))
        running.add(task)
        reply = await asyncio.shield(task)
        running.discard(task)
        if reply.spoiled == "reset":
            writer.transport.abort()
            return
        writer.write(_bytes(reply))
        await writer.drain()
        if reply.spoiled == "truncated":
            writer.close()
            return


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None when the client has gone or speaks no HTTP."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    lines = head.split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target = rest.rpartition(" ")[0]
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY_MAX:
        return None
    body = (await reader.readexactly(int(length))).decode("utf-8", "replace")
    path, _, query = target.partition("?")
    return Request(method=method, path=path, form=body or query, headers=headers)


def _bytes(reply: Reply) -> bytes:
    response = reply.response
    status, body, head = response.status, response.body.encode(), dict(response.headers)
    if reply.spoiled == "html":
        status, body, head["content-type"] = 200, HTML.encode(), "text/html"
    head["content-length"] = str(len(body))
    if reply.spoiled == "truncated":
        body = body[: len(body) // 2]
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
