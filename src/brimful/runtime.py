"""From settings to a running engine: the gateway, the mailer, the worker's loop."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from brimful.effects.clocks import clock_of
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer, Mailer, SmtpMailer
from brimful.settings import Settings
from brimful.wiring import Engine

_log = structlog.get_logger()


def log_to_stderr() -> None:
    """What goes wrong is told on standard error; standard output is for what was asked."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def mailer_of(settings: Settings) -> Mailer:
    """SMTP when an address is set, otherwise files in a folder beside the data."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    return FolderMailer(Path(settings.data_dir) / "mail")


@asynccontextmanager
async def engine_of(settings: Settings, dsn: str, gateway_url: str) -> AsyncIterator[Engine]:
    """A migrated database and an engine on it, charging at a testbank."""
    async with AsyncExitStack() as stack:
        await migrate(dsn)
        db = await connect(dsn, size_max=settings.pool_size_max)
        stack.push_async_callback(db.close)
        clock = await clock_of(settings, db)
        gateway = Testbank(
            gateway_url,
            events_secret=settings.events_secret or "",
            timeout_s=settings.gateway_timeout_s,
            clock=clock if settings.test_clock else None,
        )
        stack.push_async_callback(gateway.close)
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="testbank",
            clock=clock,
            mailer=mailer_of(settings),
            settings=settings,
        )
        stack.push_async_callback(engine.stop)
        yield engine


async def work(engine: Engine) -> None:
    """Look for due work again and again, until cancelled. What goes wrong is logged; the rows keep
    the work due."""
    pause_s = engine.settings.worker_poll_ms / 1000
    while True:
        try:
            await engine.take_up_due_work()
        except Exception:
            _log.exception("scan_failed")
        await asyncio.sleep(pause_s)
