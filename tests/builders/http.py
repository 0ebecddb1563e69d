"""The API over a real socket, and keys to call it with."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn

from brimful.api.app import create_app
from brimful.billing import keys
from brimful.cli.listening import GRACEFUL_S, config_of
from brimful.runtime import work
from tests.builders.world import World


@contextlib.asynccontextmanager
async def serving_api(world: World, *, with_worker: bool = True) -> AsyncIterator[str]:
    """Serve the API of a world on a free loopback port, in this event loop; yields its address."""
    engine = world.engine
    app = create_app(engine, (lambda: work(engine)) if with_worker else None)
    async with serving_app(app) as (url, _):
        yield url


@contextlib.asynccontextmanager
async def serving_app(app: Any) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """Serve an application as ours is served; its address, and what serves it."""
    config = config_of(app, log_level="critical")
    config.port = 0
    config.timeout_graceful_shutdown = GRACEFUL_S
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        await task


async def key_for(world: World, name: str | None, *, read_only: bool = False) -> str:
    """A key of an account, or of the platform (None)."""
    account = None if name is None else await world.account(name)
    _, secret = await keys.issue(
        world.db,
        account_id=world.platform.platform_id if account is None else account.account_id,
        tenant_id=None if account is None else account.tenant_id,
        read_only=read_only,
        label="test",
        moment=world.engine.clock.moment(),
    )
    return secret


class Caller:
    """Calls the API with one key. A storm spreads over several connection pools, because one pool
    of a thousand connections is slow in the client."""

    POOLS = 40

    def __init__(self, url: str, secret: str) -> None:
        self._clients = [
            httpx.AsyncClient(
                base_url=url,
                headers={"Authorization": f"Bearer {secret}"},
                timeout=httpx.Timeout(90),
                limits=httpx.Limits(max_connections=None),
                verify=False,
                trust_env=False,
            )
            for _ in range(self.POOLS)
        ]
        self._turn = itertools.cycle(self._clients)

    @property
    def http(self) -> httpx.AsyncClient:
        """One of the clients."""
        return next(self._turn)

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        """A command under a key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        """A question."""
        return await self.http.get(path)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()


@contextlib.asynccontextmanager
async def caller(world: World, url: str, name: str | None, **key: Any) -> AsyncIterator[Caller]:
    """A caller with a fresh key of an account, or of the platform (None)."""
    made = Caller(url, await key_for(world, name, **key))
    try:
        yield made
    finally:
        await made.close()


def acc(world: World, name: str | None) -> str:
    """The id of an account as the API shows it."""
    found = world.platform.platform_id if name is None else world.names[name]
    return f"acc_{found.hex}"
