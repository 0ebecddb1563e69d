"""Serving: the API with the worker beside it, the worker alone, the test gateway alone."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import uvicorn

from brimful.api.app import create_app
from brimful.billing import accounts
from brimful.billing import keys as key_records
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from brimful.effects.clocks import SystemClock
from brimful.runtime import database_of, engine_of, work
from brimful.settings import Settings
from brimful_testbank.server import serving


async def serve(settings: Settings, *, with_testbank: bool) -> None:
    """Serve until the process is told to stop."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(database_of(settings))
        url = settings.testbank_url
        if url is None and with_testbank:
            settings = settings.model_copy(
                update={"events_secret": settings.events_secret or secrets.token_hex(16)}
            )
            url, _ = await stack.enter_async_context(
                serving(
                    journal=Path(settings.data_dir) / "testbank.db",
                    events_url=f"http://{settings.host}:{settings.port}/v1/gateways/testbank/events",
                    secret=settings.events_secret or "",
                )
            )
        if url is None:
            raise OSError("no gateway: set BRIMFUL_TESTBANK_URL, or serve with --testbank")
        engine = await stack.enter_async_context(engine_of(settings, dsn, url))
        app = create_app(engine, lambda: work(engine))
        await run_server(app, settings.host, settings.port)


async def run_server(app: object, host: str, port: int) -> None:
    """Serve an app until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        backlog=4096,
        timeout_graceful_shutdown=5,
    )
    await uvicorn.Server(config).serve()


async def worker(settings: Settings) -> None:
    """Do due work until the process is told to stop."""
    if settings.testbank_url is None:
        raise OSError("no gateway: set BRIMFUL_TESTBANK_URL")
    async with (
        database_of(settings) as dsn,
        engine_of(settings, dsn, settings.testbank_url) as engine,
    ):
        await work(engine)


async def testbank(port: int, journal: Path | None, events_url: str | None) -> None:
    """Serve the test gateway alone."""
    secret = Settings().events_secret or ""
    async with serving(journal=journal, events_url=events_url, secret=secret, port=port) as (
        url,
        _,
    ):
        print(f"testbank ready {url}", flush=True)
        await asyncio.Event().wait()


async def keys(
    settings: Settings, *, verb: str, account: UUID | None, label: str, read_only: bool
) -> list[str] | None:
    """Issue or list keys; None when there is no such account."""
    async with database_of(settings) as dsn:
        await migrate(dsn)
        db = await connect(dsn, size_max=2)
        try:
            owner: tuple[UUID, UUID | None] | None
            if account is None:
                platform = await accounts.read_platform(db)
                owner = None if platform is None else (platform.platform_id, None)
            else:
                found = await accounts.find_account(db, account)
                owner = None if found is None else (found.account_id, found.tenant_id)
            if owner is None:
                return None
            if verb == "issue":
                _, secret = await key_records.issue(
                    db,
                    account_id=owner[0],
                    tenant_id=owner[1],
                    read_only=read_only,
                    label=label,
                    moment=SystemClock().moment(),
                )
                return [secret]
            rows = await key_records.list_keys(db, owner[0])
            return [
                f"key_{row['key_id'].hex}  {row['prefix']}…  "
                f"{'revoked' if row['revoked_at'] else 'active '}  {row['label']}"
                for row in rows
            ]
        finally:
            await db.close()
