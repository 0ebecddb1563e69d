"""Somebody who listens to webhooks, and says what a test lets it say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.stripe_server.core import Request, Response
from tests.stripe_server.http import Reply, serve


@dataclass(slots=True)
class Listener:
    """What arrived, and how it is answered."""

    url: str = ""
    status: int = 200
    silent: bool = False
    got: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Reply:
        """Note it, and answer."""
        self.got.append(request)
        self.arrived.set()
        reply = Response(status=self.status, body="")
        return Reply(reply, "reset") if self.silent else Reply(reply)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """A listener on a loopback port."""
    made = Listener()
    async with serve(made.answer) as url:
        made.url = url
        yield made
