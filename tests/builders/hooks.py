"""Webhook endpoints in tests: opened through the use cases, and a real receiver that checks signatures
with the library that a receiver would use."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook

from brimful.domain.effect import WebhooksDue
from brimful.notices.webhooks import Owner, Wanted
from brimful.usecases.set_webhook import EndpointOpened, WebhookQueued, open_webhook, send_test
from tests.builders.world import World


async def owner_of(world: World, name: str | None) -> Owner:
    """The owner of endpoints: an account, or the platform (None)."""
    if name is None:
        return Owner(tenant_id=None, account_id=world.platform.platform_id)
    account = await world.account(name)
    return Owner(tenant_id=account.tenant_id, account_id=account.account_id)


async def hook(
    world: World,
    name: str | None,
    *,
    url: str,
    kinds: Sequence[str] | None = None,
    subtree: bool = False,
) -> EndpointOpened:
    """Open an endpoint."""
    opened = await open_webhook(
        world.engine.ctx,
        owner=await owner_of(world, name),
        wanted=Wanted(url=url, kinds=kinds, subtree=subtree),
        moment=world.engine.now(),
    )
    assert isinstance(opened, EndpointOpened), opened
    return opened


async def try_hook(world: World, name: str | None, endpoint_id: UUID) -> UUID:
    """Send a test, and wait until it was tried."""
    queued = await send_test(
        world.engine.ctx,
        owner=await owner_of(world, name),
        endpoint_id=endpoint_id,
        moment=world.engine.now(),
    )
    assert isinstance(queued, WebhookQueued), queued
    world.engine.run(queued.effects)
    await world.settle()
    return queued.delivery_id


async def pauses_pass(world: World) -> None:
    """All that waits for a later try is tried now."""
    await world.db.execute(
        "update webhook_delivery set due_real_at = now() where state = 'due' and due_real_at > now()"
    )
    await world.db.execute("update webhook_endpoint set busy_until = '-infinity'")
    world.engine.run((WebhooksDue(),))
    await world.settle()


async def deliveries(world: World) -> list[dict[str, Any]]:
    """All that was sent or is to be, oldest first."""
    rows = await world.db.fetch("select * from webhook_delivery order by delivery_id")
    return [dict(row) for row in rows]


@dataclass(slots=True)
class Got:
    """One request that a receiver had."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """By which a receiver knows again what it had."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """The event, as the library of a receiver gives it; it raises when the signature is wrong."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(slots=True)
class Receiver:
    """Somebody's server: it keeps what it got, and answers as it is told, then with 204.

    ``answers`` are raw answers, one a request; None keeps the caller waiting.
    """

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[bytes | None] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def then(self, *statuses: int | None) -> None:
        """Answer the next requests with these statuses."""
        self.answers += [
            None if one is None else b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % one
            for one in statuses
        ]

    @property
    def kinds(self) -> list[str]:
        """The types of what it got, in order."""
        return [one.event["type"] for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            raw = dict(line.split(": ", 1) for line in lines if ": " in line)
            kept = {name.lower(): value for name, value in raw.items()}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Got(request.split()[1], kept, body))
            self.arrived.set()
            answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n"
            if answer is None:
                await self.released.wait()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.close()
