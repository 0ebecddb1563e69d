"""worker, the command: it takes up what a killed server left, and ends when it is told to (R24)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from tests.builders.http import acc, key_for
from tests.builders.processes import SECRET, Bank, Program, Server, started
from tests.builders.world import World

LEASE_S = 1.0
TAKEN_UP_WITHIN_S = 60
_OPEN = """
    select (select count(*) from purchase where state not in ('delivered', 'failed'))
         + (select count(*) from demand where state in ('waiting', 'met'))
         + (select count(*) from mail where state = 'due')
"""


@contextlib.asynccontextmanager
async def agency(db: Database, bank: Bank, folder: Path) -> AsyncIterator[World]:
    """A world whose one agency has no credits and buys automatically."""
    gateway = Testbank(bank.url, timeout_s=60)
    engine = Engine(
        db=db, gateway=gateway, gateway_name="testbank", clock=SystemClock(),
        mailer=FolderMailer(folder / "mail"), settings=Settings(),
    )  # fmt: skip
    world = World(engine, (await open_sandbox(engine)).platform)
    try:
        await world.open("Agency", sells=True)
        await world.card("Agency")
        await world.auto_billing("Agency")
        await world.settle()
        yield world
    finally:
        await engine.stop()
        await gateway.close()


def a_worker(dsn: str, bank: Bank, folder: Path) -> Program:
    """``brimful worker`` beside the server, with a log of its own."""
    return Program(
        "-m", "brimful.cli", "worker",
        log=folder / "worker.log",
        env={
            "DATABASE_URL": dsn,
            "BRIMFUL_DATA_DIR": str(folder),
            "BRIMFUL_TESTBANK_URL": bank.url,
            "BRIMFUL_EVENTS_SECRET": SECRET,
            "BRIMFUL_LEASE_S": str(LEASE_S),
            "BRIMFUL_WORKER_POLL_MS": "50",
        },
    )  # fmt: skip


async def kill_at_the_gateway(server: Server, bank: Bank, world: World) -> None:
    """Kill the server while the confirmation of an auto-billing's charge is at the bank."""
    control = f"{bank.url}/control"
    path = f"{server.url}/v1/accounts/{acc(world, 'Agency')}/spends"
    headers = {"Authorization": f"Bearer {await key_for(world, 'Agency')}", "Idempotency-Key": "k"}
    async with httpx.AsyncClient(timeout=60, verify=False, trust_env=False) as http:
        await http.post(f"{control}/close", json={"verb": "confirm"})
        spend = asyncio.create_task(
            http.post(path, headers=headers, json={"credits": 25, "wait_ms": 60_000})
        )
        await http.post(f"{control}/await", json={"verb": "confirm", "count": 1})
        await server.program.kill()
        with contextlib.suppress(httpx.HTTPError):
            await spend
        assert spend.exception() is not None, "the caller's connection was lost"
        await http.post(f"{control}/open", json={"verb": "confirm"})


async def test_r24_a_worker_takes_up_what_a_killed_server_left(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """The card is charged once, what it paid for is granted and spent, the owner gets one mail."""
    async with (
        started(dsn, tmp_path, lease_s=LEASE_S) as (server, bank),
        agency(db, bank, tmp_path) as world,
    ):
        await server.program.start()
        await server.ready()
        await kill_at_the_gateway(server, bank, world)
        assert [p["state"] for p in await world.purchases("Agency")] == ["created"]
        worker = a_worker(dsn, bank, tmp_path)
        await worker.start()
        try:
            async with asyncio.timeout(TAKEN_UP_WITHIN_S):
                while await db.fetchval(_OPEN):
                    worker.assert_running()
                    await asyncio.sleep(0.05)
        finally:
            await worker.stop()
        assert [p["state"] for p in await world.purchases("Agency")] == ["delivered"]
        assert list(bank.captured().values()) == [[("platform", "USD", 1_000)]]
        credits = await world.credits("Agency")
        assert (credits.free, credits.used) == (1_975, 25)
        assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
        assert worker.said().startswith("The worker looks for due work")
