"""Our endpoint for a gateway's events, in a world whose bank sends nothing until it is told to."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from brimful.api.app import create_app
from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from brimful_testbank.events import sign
from brimful_testbank.faults import Rule
from brimful_testbank.server import serving
from tests.builders.http import serving_api
from tests.builders.world import World, small_world

SECRET = "whsec_of_the_test"
GOOD: dict[str, Any] = {
    "id": "evt_1", "kind": "payment.captured", "mode": "test", "account": "platform",
    "payment": "pay_1", "amount": 1_000, "currency": "USD", "created": 1_700_000_000, "metadata": {},
}  # fmt: skip
_VERDICTS = "select event_id, coalesce(verdict, state) as verdict from gateway_event"
_AGE = """
    update gateway_event
    set received_real_at = received_real_at - $1::interval, due_real_at = due_real_at - $1::interval
"""


@dataclass
class Post:
    """Our endpoint, and what is posted to it."""

    world: World
    http: httpx.AsyncClient
    # Of the platform: 1,000 credits for $10.00, which no cover prefers.
    platform_package: UUID
    path: str = "/v1/gateways/testbank/events"
    _ids: Any = field(default_factory=itertools.count)

    async def raw(self, body: bytes, *, path: str | None = None, **headers: str) -> httpx.Response:
        """Post a body as it is."""
        kept = {name.replace("_", "-"): value for name, value in headers.items()}
        kept.setdefault("content-type", "application/json")
        return await self.http.post(path or self.path, content=body, headers=kept)

    async def signed(self, event: Any, *, secret: str = SECRET, age_s: int = 0) -> httpx.Response:
        """Post an event with a signature."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        mark = sign(secret, body, int(time.time()) - age_s)
        return await self.raw(body, testbank_signature=mark)

    def event(self, payment_id: str, kind: str, **other: Any) -> dict[str, Any]:
        """A new event about a payment of the bank, as the bank would tell it, but for ``other``."""
        payment = self.world.desk.bank.payments[payment_id]
        said = {
            "id": f"evt_of_ours_{next(self._ids)}",
            "kind": kind,
            "mode": "test",
            "account": payment["merchant"],
            "payment": payment_id,
            "amount": payment["amount"],
            "currency": payment["currency"],
            "created": int(time.time()),
            "metadata": payment["metadata"],
        }
        return {**said, **other}

    def events(self) -> list[dict[str, Any]]:
        """One event for each thing that the bank's journal says has happened, in order."""
        return [
            self.event(effect["payment"], f"payment.{effect['kind']}")
            for effect in self.world.desk.journal.effects()
        ]

    async def verdicts(self) -> dict[str, str]:
        """What became of each event that was stored: its verdict, or its state without one."""
        rows = await self.world.db.fetch(_VERDICTS)
        return {row["event_id"]: row["verdict"] for row in rows}

    async def later(self, seconds: float) -> None:
        """Let events be as if so much more real time had passed, and do what is due then."""
        await self.world.db.execute(_AGE.replace("$1", f"'{seconds} s'"))
        await self.scan()

    async def scan(self) -> None:
        """One scan of a worker, and all that follows from it."""
        await self.world.engine.take_up_due_work()
        await self.world.settle()

    def tell(self, **mode: Any) -> None:
        """Let the bank send its events from now on."""
        self.world.desk.events.mode.update(mode)
        self.world.desk.events.url = f"{self.http.base_url}{self.path}"

    async def told(self) -> None:
        """Wait until the bank has delivered all that it had to say."""
        while tasks := list(self.world.desk.events._tasks):
            await asyncio.gather(*tasks)
        await self.world.settle()

    async def unheard(self, *, fault: Any, buys: Sequence[tuple[str, UUID]]) -> None:
        """Let accounts buy while every confirm is lost, before or after its effect: nobody knows, and
        nobody asks again. Only an event could bring what was bought."""
        rules = self.world.desk.faults.rules
        rules[:] = [
            Rule(fault=fault, verb="confirm", times=99),
            Rule("lost_after", "look_up", times=99),
        ]
        for buyer, package in buys:
            await self.world.buy(buyer, package, wait_ms=0)
        await self.world.settle()
        await self.world.db.execute("update purchase set wake_real_at = now() + interval '1 day'")
        rules.clear()

    def payments(self, merchant: str) -> list[str]:
        """The payments at one gateway account, oldest first."""
        every = self.world.desk.bank.payments.values()
        return [str(one["id"]) for one in every if one["merchant"] == merchant]


@contextlib.asynccontextmanager
async def post_office(db: Database, folder: Path, *, wire: bool) -> AsyncIterator[Post]:
    """A small world with its endpoint, over a socket (``wire``) or in this process. No worker: what
    nobody is told of, nobody asks for."""
    async with contextlib.AsyncExitStack() as stack:
        url, desk = await stack.enter_async_context(serving(secret=SECRET))
        gateway = Testbank(url, events_secret=SECRET, timeout_s=60)
        stack.push_async_callback(gateway.close)
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="testbank",
            clock=SystemClock(),
            mailer=FolderMailer(folder / "mail"),
            settings=Settings(),
            connections=gateway,
        )
        stack.push_async_callback(engine.stop)
        world = World(engine, (await open_sandbox(engine)).platform)
        world.desk = desk
        if wire:
            api = await stack.enter_async_context(serving_api(world, with_worker=False))
            client = httpx.AsyncClient(base_url=api, trust_env=False, timeout=30)
        else:
            inside = httpx.ASGITransport(create_app(engine), raise_app_exceptions=False)
            client = httpx.AsyncClient(base_url="http://inside", transport=inside)
        http = await stack.enter_async_context(client)
        await small_world(world)
        package = await world.package(None, 1_000, credits=1_000)
        yield Post(world, http, package)
        await world.settle()
