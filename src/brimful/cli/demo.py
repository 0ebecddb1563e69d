"""The demo: a small world, told as stories or served to try."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
from rich.console import Console

from brimful.api.app import create_app
from brimful.billing import keys
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.cli.serve import run_server
from brimful.cli.stories import tell_all
from brimful.db.embedded import embedded
from brimful.runtime import engine_of, work
from brimful.settings import Settings
from brimful_testbank.app import Desk
from brimful_testbank.server import serving

AGENCIES = ("Northwind", "Bluebird", "Cedar")
CLIENTS = ("Anna", "Boris", "Carla", "Dmitri")


async def demo(*, once: bool, port: int, data: Path) -> None:
    """Make the world afresh; tell its stories, or serve it until the process is ended."""
    console = Console(highlight=False)
    events = None if once else f"http://127.0.0.1:{port}/v1/gateways/testbank/events"
    async with _world(data, events) as (world, desk):
        if once:
            await tell_all(world, desk, console)
            return
        await _write_keys(world, data / "demo.env", port)
        where = f"http://127.0.0.1:{port}"
        console.print(f"The API listens on {where}/v1, its documentation on {where}/docs")
        console.print(f"Names and keys of the demo: {data / 'demo.env'}   (Ctrl-C ends it)")
        engine = world.engine
        await run_server(create_app(engine, lambda: work(engine)), "127.0.0.1", port)


@asynccontextmanager
async def _world(data: Path, events_url: str | None) -> AsyncIterator[tuple[Sandbox, Desk]]:
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(embedded(data))
        dsn = await _fresh(admin)
        secret = secrets.token_hex(16)
        url, desk = await stack.enter_async_context(serving(events_url=events_url, secret=secret))
        settings = Settings(data_dir=data, events_secret=secret)
        engine = await stack.enter_async_context(engine_of(settings, dsn, url))
        yield await build(await open_sandbox(engine)), desk


async def _fresh(admin: str) -> str:
    """A new, empty database: every demo begins with the same figures."""
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute("drop database if exists demo with (force)")
        await connection.execute("create database demo")
    finally:
        await connection.close()
    return admin.replace("/postgres?", "/demo?")


async def build(world: Sandbox) -> Sandbox:
    """Three agencies, a dozen clients, and what they sell: see the README's session."""
    for agency in AGENCIES:
        await world.open(agency, sells=True)
        await world.card(agency)
        await world.auto_billing(agency)
        await world.package(agency, 2_500, credits=3_000, name="3,000 credits")
        await world.package(
            agency, 9_900, credits=10_000, interval="month", name="Plan with 10,000 credits"
        )
        for model, credits in (("gpt-3.5", 1), ("gpt-4-turbo", 10), ("gpt-4", 25)):
            await world.rate(agency, model, credits)
        for client in CLIENTS:
            name = f"{client} of {agency}"
            await world.open(name, agency)
            await world.card(name)
            await world.auto_billing(name)
    await world.stock("Northwind", credits=9_000)
    return world


async def _write_keys(world: Sandbox, file: Path, port: int) -> None:
    moment = world.engine.clock.moment()
    lines = [f"API=http://127.0.0.1:{port}/v1"]
    for variable, name in (("NORTHWIND", "Northwind"), ("ANNA", "Anna of Northwind")):
        account = await world.account(name)
        _, secret = await keys.issue(
            world.db,
            account_id=account.account_id,
            tenant_id=account.tenant_id,
            read_only=False,
            label="demo",
            moment=moment,
        )
        lines += [f"{variable}=acc_{account.account_id.hex}", f"{variable}_KEY={secret}"]
    _, secret = await keys.issue(
        world.db,
        account_id=world.platform.platform_id,
        tenant_id=None,
        read_only=False,
        label="demo",
        moment=moment,
    )
    lines += [f"PLATFORM=acc_{world.platform.platform_id.hex}", f"PLATFORM_KEY={secret}"]
    plan = await world.db.fetchval(
        "select k.package_id from package k join package_version v using (package_id, version) "
        "where k.seller_ref = $1 and k.kind = 'subscription'",
        world.names["Northwind"],
    )
    lines.append(f"PLAN=pkg_{plan.hex}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file.chmod(0o600)
