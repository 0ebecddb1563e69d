"""A crowd of callers over HTTP, and where it is held until all are there."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from brimful.billing.purchases import Purchase
from brimful.domain.effect import Plan
from brimful.usecases.steps import Step, set_hook
from tests.builders.world import World

PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Reply:
    """What one caller was answered."""

    status: int
    headers: dict[str, str]
    json: Any


class Crowd:
    """Callers with one key, each on a connection of its own. It does no more than it must, so that
    a storm costs the server and not the client."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._secret = parts.hostname, parts.port, secret

    async def post(self, path: str, body: Any, key: str) -> Reply:
        """A command under a key."""
        return await self._send("POST", path, body, f"Idempotency-Key: {key}\r\n")

    async def put(self, path: str, body: Any) -> Reply:
        """A setting."""
        return await self._send("PUT", path, body, "")

    async def _send(self, verb: str, path: str, body: Any, more: str) -> Reply:
        content = json.dumps(body).encode()
        head = (
            f"{verb} {path} HTTP/1.1\r\nHost: {self._host}\r\nConnection: close\r\n"
            f"Authorization: Bearer {self._secret}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n{more}\r\n"
        )
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(head.encode() + content)
            async with asyncio.timeout(PATIENCE_S):
                raw = await reader.read()
        finally:
            writer.close()
        top, _, told = raw.partition(b"\r\n\r\n")
        status, *lines = top.decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        return Reply(int(status.split()[1]), headers, json.loads(told))


class Gates:
    """Hold one account's auto-billing before it is planned, or its charge before it is confirmed,
    until a test opens the gate. What others do goes on."""

    def __init__(self, world: World, account: str, *steps: Step) -> None:
        self._account = world.names[account]
        self._gates = {step: asyncio.Event() for step in steps}
        self.reached = {step: asyncio.Event() for step in steps}

    def open(self, step: Step) -> None:
        """Let go what waits at a step, and all after it."""
        self._gates[step].set()

    async def __call__(self, step: Step, subject: object) -> None:
        """The hook."""
        whose = subject.buyer_id if isinstance(subject, Purchase) else None
        if isinstance(subject, Plan):
            whose = subject.account_id
        if step in self._gates and whose == self._account:
            self.reached[step].set()
            await self._gates[step].wait()

    @contextlib.contextmanager
    def closed(self) -> Iterator["Gates"]:
        """While it lasts."""
        set_hook(self)
        try:
            yield self
        finally:
            set_hook(None)
            for gate in self._gates.values():
                gate.set()


async def until_waiting(world: World, account: str, count: int) -> None:
    """Until so many demands wait on an account's pool."""
    async with asyncio.timeout(PATIENCE_S):
        while count > await world.db.fetchval(
            "select count(*) from demand where account_id = $1 and state = 'waiting'",
            world.names[account],
        ):
            await asyncio.sleep(0.02)


async def deadlocks(world: World) -> int:
    """How many deadlocks PostgreSQL had to break in the world's database. A session reports its
    own when it is told to, so every one of the pool is told."""
    pool = world.db._pool
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(pool.get_size()):
            session = await stack.enter_async_context(pool.acquire())
            await session.execute("select pg_stat_force_next_flush()")
    count: int = await world.db.fetchval(
        "select deadlocks from pg_stat_database where datname = current_database()"
    )
    return count
