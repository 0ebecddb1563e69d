"""A small world to test in: a platform, agencies and clients, on a real database and testbank."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from brimful.cli.sandbox import PRICE_LIST, Sandbox, open_sandbox
from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.effects.clocks import SystemClock, clock_of
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.usecases.move_clock import start_clock
from brimful.wiring import Engine
from brimful_testbank.app import Desk
from brimful_testbank.server import serving

# An advance in a test takes no longer.

__all__ = ["PRICE_LIST", "World", "running_world", "small_world"]


class World(Sandbox):
    """The sandbox with its bank beside it, and ways to look at what happened."""

    desk: Desk

    async def purchases(self, name: str) -> list[dict[str, Any]]:
        """The purchases of an account, oldest first."""
        rows = await self.db.fetch(
            "select * from purchase where buyer_id = $1 order by purchase_id", self.names[name]
        )
        return [dict(row) for row in rows]

    async def notices(self, name: str) -> list[dict[str, Any]]:
        """The notices to an account's owner, oldest first."""
        rows = await self.db.fetch(
            "select * from notice where account_id = $1 order by notice_id", self.names[name]
        )
        return [dict(row) for row in rows]

    def taken(self, merchant: str | None = None) -> list[int]:
        """By the bank's own journal: the amounts captured, of one merchant or all."""
        return [
            effect["amount"]
            for effect in self.desk.journal.effects()
            if effect["kind"] == "captured" and merchant in (None, effect["merchant"])
        ]

    async def disconnect(self, seller: str) -> str:
        """A seller closes its gateway account to the platform; nobody has told us. Its name there."""
        merchant = (await self.account(seller)).merchant_ref
        self.desk.bank.connect(merchant, connected=False)
        return merchant

    async def ask_after(self, seconds: float = 3_600) -> None:
        """Let so much real time pass for those who ask after closed accounts, and do what is due."""
        await self.db.execute(
            "update gateway_disconnection set ask_real_at = ask_real_at - $1 * interval '1 s'",
            seconds,
        )
        await self.engine.take_up_due_work()
        await self.settle()

    def held_open(self) -> list[str]:
        """By the bank: the payments that still hold a card."""
        return [p["id"] for p in self.desk.bank.payments.values() if p["state"] == "held"]


@contextlib.asynccontextmanager
async def running_world(
    db: Database,
    mail: Path,
    *,
    journal: Path | None = None,
    clock: Clock | None = None,
    at: datetime | None = None,
    **given: Any,
) -> AsyncIterator[World]:
    """An engine on a database, with a testbank over HTTP and the platform's price list (R15); with
    ``at``, business time stands there until it is advanced."""
    settings = Settings(**{"test_clock": at is not None, "wait_ms": 60_000, **given})
    if at is not None:
        await start_clock(db, at=at, moment=SystemClock().moment())
    clock = clock or await clock_of(settings, db)
    async with serving(journal=journal) as (url, desk):
        gateway = Testbank(
            url,
            timeout_s=given.get("gateway_timeout_s", 60),
            clock=clock if settings.test_clock else None,
        )
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="testbank",
            clock=clock,
            mailer=FolderMailer(mail),
            settings=settings,
            pages=gateway,
            records=gateway,
            connections=gateway,
        )
        made = await open_sandbox(engine)
        world = World(engine, made.platform)
        world.desk = desk
        try:
            yield world
            await world.settle()
        finally:
            await engine.stop()
            await gateway.close()


async def small_world(world: World, *, clients: int = 1) -> None:
    """An agency that buys automatically, with credits and a plan to sell, and clients that do."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency")
    await world.package("Agency", 2_500, credits=3_000, name="3,000 credits")
    for number in range(1, clients + 1):
        name = f"Client {number}"
        await world.open(name, "Agency")
        await world.card(name)
        await world.auto_billing(name)
