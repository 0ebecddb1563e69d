"""HTTP as it is served: the server's protocol, which leaves everything to the application but plain spends.

Those are answered where their bytes arrive. To make a request of the gateway interface of them, to hand
that through the application and to take its answer apart again took a fifth of the server's time.
"""

from uuid import UUID

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from brimful.api.plain_spends import Plain, PlainSpends, Told, account_of, read

# Where the application says, when it begins, what answers plain spends.
STATE = "plain_spends"
# A plain spend's body is far smaller; what is larger is for the application to read or to refuse.
PLAIN_BODY_MAX = 1_024


class _Arriving:
    """A spend whose body is still to come."""

    __slots__ = ("account_id", "app", "cycle")

    def __init__(self, cycle: RequestResponseCycle, app: ASGI3Application, account_id: UUID):
        self.cycle, self.app, self.account_id = cycle, app, account_id


class SpendProtocol(HttpToolsProtocol):
    """One connection. Requests stay the server's cycles, so their order on it, its end, time-outs and the
    server's shutting down are as for all others."""

    _arriving: _Arriving | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """The headers of a request are there, and it is its turn."""
        spends: PlainSpends | None = self.app_state.get(STATE)
        account_id = None
        if spends is not None and cycle.scope["method"] == "POST":
            account_id = account_of(cycle.scope["path"])
        if spends is None or account_id is None or cycle.waiting_for_100_continue:
            super()._start_asgi_task(cycle, app)
            return
        arriving = _Arriving(cycle, app, account_id)
        if cycle.more_body:
            self._arriving = arriving
        else:
            self._begin(arriving)

    def on_body(self, body: bytes) -> None:
        """A part of it."""
        super().on_body(body)
        arriving = self._arriving
        if arriving is not None and len(arriving.cycle.body) > PLAIN_BODY_MAX:
            self._arriving = None
            super()._start_asgi_task(arriving.cycle, arriving.app)

    def on_message_complete(self) -> None:
        """All of it is there."""
        super().on_message_complete()
        arriving = self._arriving
        if arriving is not None:
            self._arriving = None
            self._begin(arriving)

    def _begin(self, arriving: _Arriving) -> None:
        cycle = arriving.cycle
        plain = read(arriving.account_id, cycle.scope["headers"], cycle.body)
        if plain is None:
            super()._start_asgi_task(cycle, arriving.app)
            return
        task = self.loop.create_task(self._answer(plain, cycle, arriving.app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(
        self, plain: Plain, cycle: RequestResponseCycle, app: ASGI3Application
    ) -> None:
        try:
            told = await self.app_state[STATE].answer(plain)
            if told is None:
                super()._start_asgi_task(cycle, app)
                return
            if self.flow.write_paused and not cycle.disconnected:
                await self.flow.drain()
        except BaseException:
            # The server stops and waits no longer. Whoever asked finds the connection ended, and may
            # ask again with the same key.
            self.transport.close()
            raise
        if not cycle.disconnected:
            self._write(told, cycle)

    def _write(self, told: Told, cycle: RequestResponseCycle) -> None:
        parts = [STATUS_LINE[told.status]]
        for headers in (self.server_state.default_headers, told.headers):
            for name, value in headers:
                parts += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"\r\n", told.body)
        self.transport.write(b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
