"""The world of the demo: what is in it, and what is done with it once its database is there."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from brimful.billing import keys
from brimful.cli.listening import run_server, url_of
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.cli.serve import EVENTS
from brimful.cli.stories import tell_all
from brimful.runtime import engine_of, work
from brimful.settings import Settings
from brimful.usecases.move_clock import start_clock
from brimful_testbank.app import Desk
from brimful_testbank.server import serving

AGENCIES = ("Northwind", "Bluebird", "Cedar")
CLIENTS = ("Anna", "Boris", "Carla", "Dmitri")
# The last day of a long month, so that the next is shorter (R34).
STORIES_BEGIN_AT = datetime(2027, 1, 31, 9, tzinfo=UTC)


async def tell(settings: Settings, dsn: str) -> None:
    """Tell the stories of a world in a new database."""
    async with _world(settings, dsn, at=STORIES_BEGIN_AT) as (world, desk):
        await tell_all(world, desk)


async def serve(settings: Settings, dsn: str, host: str, sockets: list[socket.socket]) -> None:
    """Serve a world in a new database until the process is told to stop."""
    from brimful.api.app import create_app

    where = url_of(host, sockets)
    file = settings.data_dir / "demo.env"
    async with _world(settings, dsn, events_url=f"{where}{EVENTS}") as (world, _):
        await _write_keys(world, file, where)
        engine = world.engine

        def listens() -> None:
            print(f"The API listens on {where}/v1", flush=True)
            print(f"Its documentation: {where}/docs", flush=True)
            print(f"Names and keys of the demo: {file}   (Ctrl-C ends it)", flush=True)

        await run_server(create_app(engine, lambda: work(engine)), sockets, listens, engine.end)


@asynccontextmanager
async def _world(
    settings: Settings, dsn: str, *, events_url: str | None = None, at: datetime | None = None
) -> AsyncIterator[tuple[Sandbox, Desk]]:
    """The world; with ``at``, its business time stands there until it is advanced."""
    secret = secrets.token_hex(16)
    async with AsyncExitStack() as stack:
        url, desk = await stack.enter_async_context(serving(events_url=events_url, secret=secret))
        settings = settings.model_copy(update={"testbank_url": url, "events_secret": secret})
        engine = await stack.enter_async_context(engine_of(settings, dsn))
        if at is not None:
            await start_clock(engine.ctx.db, at=at, moment=engine.clock.moment())
            await engine.follow_clock()
        yield await build(await open_sandbox(engine)), desk


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


async def _write_keys(world: Sandbox, file: Path, where: str) -> None:
    lines = [f"API={where}/v1"]
    for variable, name in (("NORTHWIND", "Northwind"), ("ANNA", "Anna of Northwind")):
        account = await world.account(name)
        secret = await _key(world, account.account_id, account.tenant_id)
        lines += [f"{variable}=acc_{account.account_id.hex}", f"{variable}_KEY={secret}"]
    secret = await _key(world, world.platform.platform_id, None)
    lines += [f"PLATFORM=acc_{world.platform.platform_id.hex}", f"PLATFORM_KEY={secret}"]
    lines.append(f"PLAN=pkg_{(await world.plan_of('Northwind')).hex}")
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as written:
        written.write("\n".join(lines) + "\n")


async def _key(world: Sandbox, account_id: UUID, tenant_id: UUID | None) -> str:
    _, secret = await keys.issue(
        world.db,
        account_id=account_id,
        tenant_id=tenant_id,
        read_only=False,
        label="demo",
        moment=world.engine.clock.moment(),
    )
    return secret
