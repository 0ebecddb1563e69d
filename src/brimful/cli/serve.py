"""Serving: the API with the worker beside it, the worker alone, the test gateway alone."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from brimful.billing import accounts
from brimful.cli.database import database_of
from brimful.cli.errors import BadInput
from brimful.cli.listening import GRACEFUL_S, close, run_server, take_port, url_of
from brimful.runtime import NO_GATEWAY, calm_collector, engine_of, work
from brimful.settings import Settings
from brimful_testbank.server import serving

EVENTS = "/v1/gateways/testbank/events"
_FOR_TESTS = (
    "BRIMFUL_PRODUCTION is true, and testbank moves no real money: it is refused in production"
)


async def serve(settings: Settings, *, with_testbank: bool) -> None:
    """Serve until the process is told to stop. Raises BadInput for settings that name no gateway, two, or
    in production the test gateway."""
    named = _named(settings)
    if named is not None and with_testbank:
        raise BadInput(f"{named} names a gateway already; leave --testbank out")
    if named is None and not with_testbank:
        raise BadInput(f"{NO_GATEWAY}, or serve with --testbank")
    if settings.production and settings.stripe_key is None:
        raise BadInput(_FOR_TESTS)
    # The web framework is for those who serve: the worker and the test gateway start without it.
    from brimful.api.app import create_app

    async with AsyncExitStack() as stack:
        sockets = take_port(settings.host, settings.port, "BRIMFUL_PORT")
        stack.callback(close, sockets)
        where = url_of(settings.host, sockets)
        dsn = await stack.enter_async_context(database_of(settings))
        if with_testbank:
            settings = await beside(stack, settings, f"{where}{EVENTS}")
        engine = await stack.enter_async_context(engine_of(settings, dsn))
        told = [f"The API listens on {where}/v1"]
        if await accounts.read_platform(engine.ctx.db) is None:
            told.append(
                "The platform is not open yet, and nobody has a key: see brimful open --help"
            )
        app = create_app(engine, lambda: work(engine))
        calm_collector()
        await run_server(app, sockets, lambda: print(*told, sep="\n", flush=True), engine.end)


def _named(settings: Settings) -> str | None:
    """The setting that names a gateway, if one does."""
    if settings.stripe_key is not None:
        return "BRIMFUL_STRIPE_KEY"
    return None if settings.testbank_url is None else "BRIMFUL_TESTBANK_URL"


async def beside(stack: AsyncExitStack, settings: Settings, events_url: str | None) -> Settings:
    """Run a test gateway inside this process, on the journal that such a one has in the data's
    folder; the settings with which it is used."""
    secret = settings.events_secret or secrets.token_hex(16)
    journal = Path(settings.data_dir) / "testbank.db"
    journal.parent.mkdir(parents=True, exist_ok=True)
    url, _ = await stack.enter_async_context(
        serving(journal=journal, events_url=events_url, secret=secret)
    )
    return settings.model_copy(update={"events_secret": secret, "testbank_url": url})


async def worker(settings: Settings) -> None:
    """Do due work until the process is told to stop. Raises BadInput for settings that name no gateway, or
    in production the test gateway."""
    if _named(settings) is None:
        raise BadInput(f"{NO_GATEWAY}, the one that the server uses")
    if settings.production and settings.stripe_key is None:
        raise BadInput(_FOR_TESTS)
    async with database_of(settings) as dsn, engine_of(settings, dsn) as engine:
        calm_collector()
        print("The worker looks for due work", flush=True)
        try:
            await work(engine)
        finally:
            engine.end(GRACEFUL_S)


async def testbank(
    settings: Settings, *, port: int, journal: Path | None, events_url: str | None
) -> None:
    """Serve the test gateway alone. Raises BadInput when its events could not arrive, or would not be
    believed."""
    if events_url is not None:
        _check_events(events_url, settings.events_secret)
    secret = settings.events_secret or ""
    async with serving(journal=journal, events_url=events_url, secret=secret, port=port) as (
        url,
        _,
    ):
        print(f"testbank ready {url}", flush=True)
        await asyncio.Event().wait()


def _check_events(url: str, secret: str | None) -> None:
    """Raises BadInput when events could not arrive, or would not be believed."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise BadInput(f"--events-url takes an address such as http://127.0.0.1:8420{EVENTS}")
    if not secret:
        raise BadInput(
            "--events-url needs BRIMFUL_EVENTS_SECRET, the same here and at the server: what is "
            "not signed is not believed"
        )
