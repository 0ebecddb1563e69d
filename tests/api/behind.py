"""The short way of a plain request over a real socket, and whom it hands on to behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from brimful.api.plain_balances import PlainBalances
from brimful.api.plain_spends import PlainSpends
from brimful.api.spend_protocol import STATE, Plains
from tests.builders.http import serving_app
from tests.builders.world import World

Behind = tuple[list[bytes], asyncio.StreamReader, asyncio.StreamWriter]


class Teapot:
    """Answers 418 to all that is handed on, once its body is read, which it notes."""

    def __init__(self, world: World) -> None:
        self.bodies: list[bytes] = []
        self._plains = Plains(PlainSpends(world.engine), PlainBalances(world.engine))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"][STATE] = self._plains
            for what in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{what}.complete"})
            return
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message["body"])
            more = message["more_body"]
        self.bodies.append(b"".join(parts))
        await Response(status_code=418)(scope, receive, send)


@contextlib.asynccontextmanager
async def behind(world: World) -> AsyncIterator[Behind]:
    """The bodies that are handed on, and a connection."""
    app = Teapot(world)
    async with serving_app(app) as (url, _), connected(url) as (reader, writer):
        yield app.bodies, reader, writer


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def request(path: str, headers: Sequence[tuple[bytes, bytes]], content: bytes) -> bytes:
    """A POST, whole."""
    named = [(b"host", b"brimful"), (b"content-length", b"%d" % len(content)), *headers]
    lines = [b"POST %s HTTP/1.1" % path.encode(), *(b"%s: %s" % one for one in named)]
    return b"\r\n".join([*lines, b"", content])


def question(path: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A GET, whole."""
    named = [(b"host", b"brimful"), *headers]
    lines = [b"GET %s HTTP/1.1" % path.encode(), *(b"%s: %s" % one for one in named)]
    return b"\r\n".join([*lines, b"", b""])


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if b"content-length" in line
    ]
    return int(head.split()[1]), await reader.readexactly(length)
