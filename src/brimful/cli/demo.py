"""The demo: a small world, told as stories or served to try."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from brimful.billing import keys
from brimful.cli.books import DEMO_DATABASE
from brimful.cli.database import embedded_in
from brimful.cli.fresh import fresh
from brimful.cli.listening import close, run_server, take_port, url_of
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.cli.serve import EVENTS
from brimful.cli.stories import tell_all
from brimful.runtime import engine_of, log_to_stderr, work
from brimful.settings import read_settings
from brimful.usecases.move_clock import start_clock
from brimful_testbank.app import Desk
from brimful_testbank.server import serving

AGENCIES = ("Northwind", "Bluebird", "Cedar")
CLIENTS = ("Anna", "Boris", "Carla", "Dmitri")
HOST = "127.0.0.1"
# One person looks on: each further connection would only learn the same statements anew.
POOL_SIZE_MAX = 4
# The last day of a long month, so that the next is shorter (R34).
STORIES_BEGIN_AT = datetime(2027, 1, 31, 9, tzinfo=UTC)


async def tell(data: Path) -> None:
    """Make the world afresh, and tell its stories."""
    async with _world(data, None, at=STORIES_BEGIN_AT) as (world, desk):
        await tell_all(world, desk)


async def serve(data: Path, port: int) -> None:
    """Make the world afresh, and serve it until the process is told to stop."""
    from brimful.api.app import create_app

    async with AsyncExitStack() as stack:
        sockets = take_port(HOST, port, "--port")
        stack.callback(close, sockets)
        where = url_of(HOST, sockets)
        world, _ = await stack.enter_async_context(_world(data, f"{where}{EVENTS}"))
        await _write_keys(world, data / "demo.env", where)
        engine = world.engine

        def listens() -> None:
            print(f"The API listens on {where}/v1", flush=True)
            print(f"Its documentation: {where}/docs", flush=True)
            print(f"Names and keys of the demo: {data / 'demo.env'}   (Ctrl-C ends it)", flush=True)

        await run_server(create_app(engine, lambda: work(engine)), sockets, listens)


@asynccontextmanager
async def _world(
    data: Path, events_url: str | None, *, at: datetime | None = None
) -> AsyncIterator[tuple[Sandbox, Desk]]:
    """The world; with ``at``, its business time stands there until it is advanced."""
    log_to_stderr()
    secret = secrets.token_hex(16)
    # A demo is apart from what the machine is set up for: it writes its mail into files, what it
    # charges is never real, and its business time may be advanced.
    settings = read_settings(
        data_dir=data, events_secret=secret, smtp_url=None, production=False, testbank_url=None,
        stripe_key=None, test_clock=True, pool_size_max=POOL_SIZE_MAX,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        in_use = "stop it, or choose another folder with --data"
        admin = await stack.enter_async_context(embedded_in(data, in_use=in_use))
        # Every demo begins with the same figures.
        dsn = await fresh(admin, DEMO_DATABASE)
        url, desk = await stack.enter_async_context(serving(events_url=events_url, secret=secret))
        settings = settings.model_copy(update={"testbank_url": url})
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
