"""The wire to PostgreSQL: a socket that is waited on itself, not by way of the event loop.

In a run nobody goes on while a statement is under way, so there is nothing to loop for: the reply is
read where it is wanted. What begins a transaction travels with its first statement. Together that is
two calls of the system for a statement in the place of nine.
"""

import asyncio
import select
import socket
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")

_BEGIN = b"Q\x00\x00\x00\x0abegin\x00"
# Its answer: the command is done, and a transaction is open.
_BEGUN = b"C\x00\x00\x00\x0aBEGIN\x00Z\x00\x00\x00\x05T"
_SIZE = 1 << 18


class Wire(asyncio.Transport):
    """What a connection writes to and is fed from. The loop feeds it too, whenever it runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, at: socket.socket, protocol: Any) -> None:
        super().__init__({"socket": at})
        self._loop, self._socket, self._protocol = loop, at, protocol
        self._poll = select.poll()
        self._poll.register(at, select.POLLIN)
        self._begin = False
        self._expected = 0
        self._early = b""
        loop.add_reader(at, self._read)

    def begin(self) -> None:
        """The next statement begins a transaction."""
        self._begin = True

    def begun(self) -> bool:
        """Whether a transaction that was to begin did; if not, it never will."""
        waits, self._begin = self._begin, False
        return not waits

    def write(self, data: Any) -> None:
        """Send something, whole."""
        if self._begin:
            self._begin, self._expected = False, len(_BEGUN)
            data = _BEGIN + bytes(data)
        self._socket.sendall(data)

    def writelines(self, list_of_data: Any) -> None:
        """Send several things."""
        self.write(b"".join(list_of_data))

    def feed(self, patience_s: float | None) -> bool:
        """Wait for what comes; False when nothing did within ``patience_s``, if given."""
        if patience_s is not None and not self._poll.poll(patience_s * 1000):
            return False
        self._read()
        return True

    def _read(self) -> None:
        data = self._socket.recv(_SIZE)
        if not data:
            self._lose(ConnectionResetError("PostgreSQL has gone"))
            return
        if self._expected:
            data = self._early + data
            if len(data) < self._expected:
                self._early = data
                return
            assert data.startswith(_BEGUN), data[:80]
            data, self._early, self._expected = data[self._expected :], b"", 0
        if data:
            self._protocol.data_received(data)

    def _lose(self, problem: Exception | None) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._protocol.connection_lost(problem)

    def close(self) -> None:
        """Nothing more comes or goes."""
        self._lose(None)

    abort = close

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._socket.fileno() < 0

    def pause_reading(self) -> None:
        """What was asked for is read."""

    def resume_reading(self) -> None:
        """It always is."""


@types.coroutine
def replied(
    wire: Wire, asked: Coroutine[Any, Any, T], patience_s: float | None, waits: Callable[[], bool]
) -> Generator[Any, Any, T]:
    """What something that is ``asked`` over the wire answers, with nobody else going on.

    When nothing came for ``patience_s``, and ``waits`` says that it will not until somebody else
    goes on, the loop takes over until it is there.
    """
    while True:
        try:
            future = asked.send(None)
        except StopIteration as done:
            answer: T = done.value
            return answer
        while not future.done():
            if not wire.feed(patience_s) and waits():
                yield future
        future._asyncio_future_blocking = False


def answer_now(wire: Wire, asked: Coroutine[Any, Any, T]) -> T:
    """The same at a place that cannot await."""
    driven = replied(wire, asked, None, bool)
    try:
        driven.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    raise AssertionError("nothing is awaited but the wire")
