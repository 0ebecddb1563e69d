"""One connection as anybody may open it: how much of what is sent over it waits, and how long it may be
silent.

The server's own protocol makes a request of everything that it is sent, whether or not the one before was
answered, and goes on reading with each answer. It waits for ever for the rest of what has begun.
"""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Bytes that the parser is given at once, beside those of a body: some fifty requests at the most, as none is
# shorter than 18.
SLICE = 1_024
# What a request may come to beside its body, as long as it is not known where that ends.
HEAD_MAX = 64 * 1_024
# From the opening of a connection, or the first byte of another request, until its head is there. Between two
# requests a connection is kept for as long as the server is told to.
SILENT_MAX_S = 20.0


class _Flow(FlowControl):
    """Does not read on while something waits, whoever is done with what it was given."""

    holds = False

    def resume_reading(self) -> None:
        """Read on, unless something waits."""
        if not self.holds:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """The server's protocol, which reads a little at a time and nothing while a request waits for its turn
    (R39). What came meanwhile is kept as it is; it is no more than the system hands over at once."""

    flow: _Flow
    # What came and was not given to the parser.
    _held = b""
    # A request has begun to arrive and is not all there.
    _in_parts = False
    # Bytes that the parser was given since it last said what they are.
    _unread = 0
    # What is still to come of a body that said how long it is.
    _body_left = 0
    # Ends the connection, unless what is owed arrives.
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is any more."""
        self._held = b""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes."""
        if self._held or self.pipeline:
            self._hold(data)
        else:
            self._take_in(data)
            self._watch()

    def _idle(self) -> bool:
        """No request is under way, and no end is set to that."""
        idle = self.cycle is None or self.cycle.response_complete
        return idle and self.timeout_keep_alive_task is None and not self.transport.is_closing()

    def _owes(self) -> bool:
        """Whoever opened the connection is the one who has to send something."""
        return self._idle()

    def _watch(self) -> None:
        # Once, however often something comes: a drop now and then is not what is owed.
        if self._timer is None and self._owes():
            self._timer = self.loop.call_later(SILENT_MAX_S, self._time_is_over)

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_is_over(self) -> None:
        self._timer = None
        if self._owes():
            self.transport.close()

    def _hold(self, data: bytes) -> None:
        self._held += data
        self.flow.holds = True
        self.flow.pause_reading()

    def _take_in(self, data: bytes) -> None:
        """Have the parser read, until a request waits for the one before it."""
        place = 0
        while place < len(data):
            if self.transport.is_closing():
                return
            if self.pipeline:
                self._hold(data[place:])
                return
            # A body is no request, however long: by little pieces it would be copied each time.
            piece = data[place : place + max(SLICE, self._body_left)]
            place += len(piece)
            self._unread += len(piece)
            super().data_received(piece)
            if self._unread > HEAD_MAX and not self.transport.is_closing():
                self.send_400_response("Too much is sent before a request or behind it.")

    def on_message_begin(self) -> None:
        """The first byte of a request is there."""
        self._in_parts = True
        # It may come with the rest of a body, whose request was answered long ago.
        self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is."""
        self._unread = 0
        self._arrived()
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        self._body_left = int(length) if length.isdigit() else 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of what it says is."""
        self._unread = 0
        self._body_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._in_parts = False
        self._unread = self._body_left = 0
        self._arrived()
        super().on_message_complete()
        if self._idle():
            # It was answered before it was read. What comes next is another request.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """A request is answered: let the next one have its turn."""
        super().on_response_complete()
        self._go_on()
        self._watch()

    def _go_on(self) -> None:
        """Take in what was held, if nothing waits before it."""
        if self.pipeline or not self._held or self.transport.is_closing():
            return
        data, self._held = self._held, b""
        self.flow.holds = False
        self.flow.resume_reading()
        self.data_received(data)
