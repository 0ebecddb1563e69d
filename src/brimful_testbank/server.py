"""Serving the bank on a loopback port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from brimful_testbank.app import Desk, HangUp, create_app


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


def make_server(desk_app: ASGIApp, port: int) -> uvicorn.Server:
    """A server on 127.0.0.1; port 0 chooses a free one."""
    config = uvicorn.Config(
        _HangingUp(desk_app),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        access_log=False,
        lifespan="off",
        http="h11",
    )
    return uvicorn.Server(config)


@asynccontextmanager
async def serving(
    *,
    journal: Path | None = None,
    events_url: str | None = None,
    secret: str = "",
    port: int = 0,
) -> AsyncIterator[tuple[str, Desk]]:
    """Serve a bank inside this process; yields its address and its desk."""
    app = create_app(journal, events_url, secret)
    server = make_server(app, port)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.005)
    chosen = server.servers[0].sockets[0].getsockname()[1]
    desk: Desk = app.state.desk
    try:
        yield f"http://127.0.0.1:{chosen}", desk
    finally:
        server.should_exit = True
        server.force_exit = True
        with suppress(asyncio.CancelledError):
            await task
        await desk.events.close()
        desk.journal.close()
