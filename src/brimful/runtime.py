"""From settings to a running engine: the gateway, the mailer, the worker's loop."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from brimful.db.address import DatabaseGone
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from brimful.domain.clock import Clock
from brimful.effects.clocks import clock_of
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer, Mailer, SmtpMailer
from brimful.settings import Settings, WrongSettings
from brimful.usecases.open_months import open_months
from brimful.wiring import Engine

if TYPE_CHECKING:
    from brimful.gateways.stripe.adapter import Stripe

_log = structlog.get_logger()

NO_GATEWAY = "no gateway: set BRIMFUL_STRIPE_KEY or BRIMFUL_TESTBANK_URL"
# A lease lasts so many seconds longer than the calls made under it.
SPARE_S = 5.0
# How often the months to come are looked at.
MONTHS_EVERY_S = 3_600.0
# After scans that failed it is looked for due work ever less often, as often as this at least.
FAILED_PAUSE_S_MAX = 10.0
# So many new objects, and so many looks at the younger ones, before the collector looks for cycles.
COLLECT_EVERY = (20_000, 20, 50)


def calm_collector() -> None:
    """For a process that is about to serve for long: what it has by now stays, so the collector of
    cycles leaves it alone, and looks less often at what comes. With the usual settings it took a
    quarter of the time of a run of renewals, at no use: hardly anything of ours is in a cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def mailer_of(settings: Settings) -> Mailer:
    """SMTP when an address is set, otherwise files in a folder beside the data."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    return FolderMailer(Path(settings.data_dir) / "mail")


def gateway_of(settings: Settings, clock: Clock) -> tuple[str, "Stripe | Testbank"]:
    """The gateway that is set, with its name: Stripe where it has a key, else a testbank, whose
    holds run out by the test clock. Raises WrongSettings when there is none."""
    if settings.stripe_key is not None:
        # The SDK is large: only who charges at Stripe waits for it.
        from brimful.gateways.stripe.adapter import Stripe

        return "stripe", Stripe(
            settings.stripe_key,
            events_secret=settings.stripe_events_secret or "",
            connect_events_secret=settings.stripe_connect_events_secret or "",
            url=settings.stripe_url,
            timeout_s=settings.stripe_timeout_s,
        )
    if settings.testbank_url is None:
        raise WrongSettings(NO_GATEWAY)
    return "testbank", Testbank(
        settings.testbank_url,
        events_secret=settings.events_secret or "",
        timeout_s=settings.gateway_timeout_s,
        clock=clock if settings.test_clock else None,
    )


def _outlasting(settings: Settings) -> Settings:
    """A lease that outlasts a step at Stripe, which is two calls: a payment is read, then asked for."""
    if settings.stripe_key is None:
        return settings
    lease_s = max(settings.lease_s, 2 * settings.stripe_timeout_s + SPARE_S)
    return settings.model_copy(update={"lease_s": lease_s})


@asynccontextmanager
async def engine_of(settings: Settings, dsn: str) -> AsyncIterator[Engine]:
    """A migrated database and an engine on it, charging at the gateway of the settings."""
    async with AsyncExitStack() as stack:
        await migrate(dsn)
        db = await connect(dsn, size_max=settings.pool_size_max)
        stack.push_async_callback(db.close)
        clock = await clock_of(settings, db)
        name, gateway = gateway_of(settings, clock)
        stack.push_async_callback(gateway.close)
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name=name,
            pages=gateway,
            records=gateway,
            connections=gateway,
            clock=clock,
            mailer=mailer_of(settings),
            settings=_outlasting(settings),
        )
        stack.push_async_callback(engine.stop)
        await open_months(engine.ctx, moment=engine.now(), present=True)
        yield engine


async def work(engine: Engine) -> None:
    """Look for due work again and again, and open the months to come, until cancelled. What goes wrong
    is logged, and looked for again ever later while it lasts; the rows keep the work due."""
    usual_s = pause_s = engine.settings.worker_poll_ms / 1000
    now_s = asyncio.get_running_loop().time
    months_due_s = now_s()
    while True:
        try:
            if now_s() >= months_due_s:
                months_due_s = now_s() + MONTHS_EVERY_S
                await open_months(engine.ctx, moment=engine.now(), present=False)
            await engine.take_up_due_work()
            pause_s = usual_s
        except DatabaseGone as gone:
            pause_s = _longer(pause_s)
            _log.warning("scan_without_database", why=str(gone))
        except Exception:
            pause_s = _longer(pause_s)
            _log.exception("scan_failed")
        await asyncio.sleep(pause_s)


def _longer(pause_s: float) -> float:
    """The pause after one more scan that failed: what keeps failing fills no log and asks no database
    that has enough to do."""
    return max(pause_s, min(2 * pause_s, FAILED_PAUSE_S_MAX))
