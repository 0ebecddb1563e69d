"""Serving the bank on a loopback port."""

import asyncio
import errno
import socket
import sqlite3
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from brimful_testbank.app import Desk, HangUp, create_app

HOST = "127.0.0.1"
TICK_S = 1.0


class CannotServe(OSError):
    """The bank cannot be served so; the text says why in one line."""


class _HangingUp:
    """Drops the connection where the bank says so: the reply is lost, whatever has happened."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except HangUp:
            transport = getattr(getattr(send, "__self__", None), "transport", None)
            if transport is not None:
                transport.abort()


class _Server(uvicorn.Server):
    """Runs for as long as whoever began it wants, and ends at once: the server's own end takes turns of a
    tenth of a second, which is too long for those who begin hundreds."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals stay with whoever runs it."""
        yield

    def end(self) -> None:
        """Have it end, whatever it is doing."""
        self.should_exit = self.force_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Keep the date of its answers until it is ended."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, end the connections and what is under way on them."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        under_way = list(self.server_state.tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _make_server(desk_app: ASGIApp) -> _Server:
    """A server for a port that is taken already."""
    config = uvicorn.Config(
        _HangingUp(desk_app),
        log_level="critical",
        access_log=False,
        lifespan="off",
        http="h11",
    )
    return _Server(config)


def take(port: int) -> socket.socket:
    """Listen on a port; 0 chooses a free one. Raises CannotServe."""
    # Told its protocol, for then every connection sends at once what it is given (TCP_NODELAY). A
    # body would wait otherwise, 40 ms and more, until the other side confirms the head before it.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, port))
        taken.listen(2048)
    except OSError as refused:
        taken.close()
        if refused.errno == errno.EADDRINUSE:
            raise CannotServe(
                f"port {port} of {HOST} is in use; choose another with --port"
            ) from None
        why = (refused.strerror or "").lower()
        raise CannotServe(f"port {port} of {HOST} cannot be had: {why}") from None
    return taken


def _open(journal: Path | None, events_url: str | None, secret: str) -> Starlette:
    """The bank on its journal. Raises CannotServe when that is no journal, or cannot be written."""
    try:
        return create_app(journal, events_url, secret)
    except sqlite3.Error as refused:
        raise CannotServe(f"the journal {journal} cannot be used: {refused}") from None


@asynccontextmanager
async def serving(
    *,
    journal: Path | None = None,
    events_url: str | None = None,
    secret: str = "",
    port: int = 0,
) -> AsyncIterator[tuple[str, Desk]]:
    """Serve a bank inside this process; yields its address and its desk. Raises CannotServe."""
    with take(port) as taken:
        app = _open(journal, events_url, secret)
        desk: Desk = app.state.desk
        server = _make_server(app)
        task = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            while not server.started:
                if task.done():
                    await task
                await asyncio.sleep(0.005)
            yield f"http://{HOST}:{taken.getsockname()[1]}", desk
        finally:
            server.end()
            with suppress(asyncio.CancelledError):
                await task
            await desk.events.close()
            desk.journal.close()
