"""The least of an HTTP/1.1 client that a load generator needs: one connection, kept alive, on which
one request after the other is sent whole and answered whole."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class NotUnderstood(ConnectionError):
    """A reply that is not what this client can read."""


class Connection(asyncio.Protocol):
    """``replied`` is called with the status and the body of each reply, ``lost`` when the connection
    ends, whether or not a reply was outstanding."""

    def __init__(
        self,
        replied: Callable[[int, bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self._replied, self._lost = replied, lost
        self._transport: asyncio.Transport | None = None
        self._got = bytearray()
        self._head = self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        # Not asserted: a loop's transport need not be a subclass.
        self._transport = cast(asyncio.Transport, transport)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self._transport is not None

    def send(self, request: bytes) -> None:
        """Send a request; its reply is told to ``replied``."""
        assert self._transport is not None
        self._transport.write(request)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """A piece of a reply; tell of it when it is whole."""
        self._got += data
        if not self._whole:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._got, 0, end + 2)
            if length is None:
                raise NotUnderstood("a reply without a length")
            self._head = end + 4
            self._whole = self._head + int(length[1])
        if len(self._got) < self._whole:
            return
        status, body = int(self._got[9:12]), bytes(self._got[self._head : self._whole])
        self._got.clear()
        self._whole = 0
        self._replied(status, body)

    def connection_lost(self, problem: Exception | None) -> None:
        """Tell of the end."""
        self._transport = None
        self._got.clear()
        self._whole = 0
        self._lost()


async def connect(
    address: str,
    replied: Callable[[int, bytes], None],
    lost: Callable[[], None],
) -> Connection:
    """A connection to ``host:port``."""
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    _, made = await loop.create_connection(lambda: Connection(replied, lost), host, int(port))
    return made


class Caller:
    """One connection to ask single questions on, for whoever measures each by itself."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address, key
        self._connection: Connection | None = None
        self._reply: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(
        self, verb: str, path: str, body: bytes = b"", **more: str
    ) -> tuple[int, bytes, float, float]:
        """The status and the body, when it was sent and when answered, in seconds of wall time.
        ``more`` are headers, by their names with an underscore for each hyphen. Raises
        ConnectionError when no answer comes."""
        if self._connection is None:
            self._connection = await connect(self._address, self._replied, self._lost)
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if body:
            headers["Content-Type"] = "application/json"
        whole = request(verb, path, self._address, self._key, headers, body)
        self._reply = asyncio.get_running_loop().create_future()
        sent_at = time.time()
        self._connection.send(whole)
        status, answer = await self._reply
        return status, answer, sent_at, time.time()

    def _replied(self, status: int, body: bytes) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result((status, body))

    def _lost(self) -> None:
        self._connection = None
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()


def request(
    verb: str, path: str, address: str, key: str, more: dict[str, str], body: bytes
) -> bytes:
    """A whole request with an API key."""
    lines = [
        f"{verb} {path} HTTP/1.1",
        f"Host: {address}",
        f"Authorization: Bearer {key}",
        *(f"{name}: {value}" for name, value in more.items()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
