"""HTTP as it is served: the server's protocol, which leaves everything to the application but plain spends
and questions for a balance.

Those are answered where their bytes arrive. To make a request of the gateway interface of them, to hand
that through the application and to take its answer apart again took a fifth of the server's time. One that
comes whole is not even made a request of the server's own (decision 54).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, NamedTuple, Protocol
from uuid import UUID

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from brimful.api.connection import Connection
from brimful.api.plain_answers import Told
from brimful.api.plain_balances import PlainBalances
from brimful.api.plain_requests import (
    PLAIN_BODY_MAX,
    Headers,
    PlainSpend,
    account_of,
    read,
    read_whole,
)
from brimful.api.plain_spends import PlainSpends

# Where the application says, when it begins, what answers plain requests.
STATE = "plain_requests"


class Plains(NamedTuple):
    """What answers plain requests at the connection."""

    spends: PlainSpends
    balances: PlainBalances


class _Cycle(Protocol):
    """What is answered: what the server asks and tells of a request under way."""

    response_complete: bool
    disconnected: bool
    keep_alive: bool


class _Arriving:
    """A spend whose body is still to come."""

    __slots__ = ("account_id", "app", "cycle")

    def __init__(self, cycle: RequestResponseCycle, app: ASGI3Application, account_id: UUID):
        self.cycle, self.app, self.account_id = cycle, app, account_id


class SpendProtocol(Connection):
    """One connection. Requests that are not answered here stay the server's cycles, and one that came whole
    stands where such a cycle would: so their order on a connection, its end, time-outs and the server's
    shutting down are as for all others."""

    cycle: "RequestResponseCycle | _Whole | None"  # type: ignore[assignment]
    _arriving: _Arriving | None = None
    # What came whole is on its way to the application.
    _handing_on = False

    def data_received(self, data: bytes) -> None:
        """Some bytes: a plain request, whole and by itself, or whatever else."""
        cycle = self.cycle
        if isinstance(cycle, _Whole) and not cycle.response_complete:
            self._hold(data)
            return
        if not self._in_parts and (cycle is None or cycle.response_complete):
            plains: Plains | None = self.app_state.get(STATE)
            if plains is not None and (plain := read_whole(data)) is not None:
                self._unset_keepalive_if_required()
                self._arrived()
                whole = self.cycle = _Whole(self, data)
                if isinstance(plain, PlainSpend):
                    plains.spends.answer(plain, whole)
                else:
                    plains.balances.answer(plain, whole)
                return
        super().data_received(data)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """The headers of a request are there, and it is its turn."""
        account_id = None
        if STATE in self.app_state and not self._handing_on and cycle.scope["method"] == "POST":
            account_id = account_of(cycle.scope["path"])
        if account_id is None or cycle.waiting_for_100_continue:
            self.leave_to_application(cycle, app)
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
            self.leave_to_application(arriving.cycle, arriving.app)

    def _owes(self) -> bool:
        """See ``Connection``; the body of a spend, too."""
        return self._arriving is not None or super()._owes()

    def _time_is_over(self) -> None:
        arriving = self._arriving
        if arriving is None:
            super()._time_is_over()
            return
        # The application has a limit for bodies, and an answer.
        self._timer = self._arriving = None
        self.leave_to_application(arriving.cycle, arriving.app)

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
            self.leave_to_application(cycle, arriving.app)
            return
        plains: Plains = self.app_state[STATE]
        plains.spends.answer(plain, _Parsed(self, cycle, arriving.app))

    def leave_to_application(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Have a request answered the way of all requests."""
        super()._start_asgi_task(cycle, app)

    def read_again(self, whole: "_Whole") -> None:
        """Have a request that came whole answered the way of all requests, and what came behind it."""
        self.cycle = None
        if whole.disconnected:
            return
        self._handing_on = True
        try:
            self._take_in(whole.data)
        finally:
            self._handing_on = False
        if not whole.keep_alive:
            self.shutdown()
        self._go_on()


class _Asker:
    """Whoever sent one plain request over a connection."""

    __slots__ = ("_connection",)
    # The server's date and name as they go over the wire, made once a second.
    _made_of: ClassVar[object] = None
    _common: ClassVar[bytes] = b""

    def __init__(self, connection: SpendProtocol) -> None:
        self._connection = connection

    def end(self) -> None:
        """See ``Asker``. Whoever asked finds the connection ended, and may ask again with the same key."""
        self._connection.transport.close()

    def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """See ``Asker``."""
        connection = self._connection
        task = connection.loop.create_task(work)
        connection.tasks.add(task)
        task.add_done_callback(self._followed)

    def _followed(self, task: asyncio.Task[None]) -> None:
        self._connection.tasks.discard(task)
        # Before it was begun, maybe, so that it could not say so itself.
        if task.cancelled():
            self.end()

    def _answer(self, cycle: _Cycle, told: Told) -> None:
        """Write an answer, when whoever asked takes in what was written before."""
        if self._connection.flow.write_paused and not cycle.disconnected:
            self.follow(self._answer_later(cycle, told))
        else:
            self._write(cycle, told)

    async def _answer_later(self, cycle: _Cycle, told: Told) -> None:
        try:
            await self._connection.flow.drain()
            self._write(cycle, told)
        except BaseException:
            self.end()
            raise

    def _write(self, cycle: _Cycle, told: Told) -> None:
        connection = self._connection
        if cycle.disconnected:
            return
        parts = [STATUS_LINE[told.status], self._headers_of_all(), *_lines(told.headers)]
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"\r\n", told.body)
        connection.transport.write(b"".join(parts))
        cycle.response_complete = True
        if not cycle.keep_alive:
            connection.transport.close()
        connection.on_response_complete()

    def _headers_of_all(self) -> bytes:
        headers = self._connection.server_state.default_headers
        if headers is not _Asker._made_of:
            _Asker._common, _Asker._made_of = b"".join(_lines(headers)), headers
        return _Asker._common


def _lines(headers: Headers) -> list[bytes]:
    return [b"%s: %s\r\n" % header for header in headers]


class _Parsed(_Asker):
    """Of a spend that is a request of the server's."""

    __slots__ = ("_app", "_cycle")

    def __init__(
        self, connection: SpendProtocol, cycle: RequestResponseCycle, app: ASGI3Application
    ) -> None:
        super().__init__(connection)
        self._cycle, self._app = cycle, app

    def tell(self, answer: Told) -> None:
        """See ``Asker``."""
        self._cycle.response_started = True
        self._answer(self._cycle, answer)

    def hand_on(self) -> None:
        """See ``Asker``."""
        self._connection.leave_to_application(self._cycle, self._app)


class _Whole(_Asker):
    """Of a request that came whole: it is in a cycle's place, and what comes behind it waits."""

    __slots__ = ("data", "disconnected", "keep_alive", "response_complete")
    # The server sets it when the connection is lost; nobody waits for it.
    message_event: ClassVar[asyncio.Event] = asyncio.Event()

    def __init__(self, connection: SpendProtocol, data: bytes) -> None:
        super().__init__(connection)
        self.data = data
        self.disconnected = self.response_complete = False
        self.keep_alive = True

    def tell(self, answer: Told) -> None:
        """See ``Asker``."""
        self._answer(self, answer)

    def hand_on(self) -> None:
        """See ``Asker``."""
        self._connection.read_again(self)
