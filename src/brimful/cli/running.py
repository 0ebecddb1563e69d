"""Running a command to its end: Ctrl-C and SIGTERM end it once what is open has been closed, and what is
logged meanwhile goes to standard error."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

ENDED_BY_SIGTERM = 128 + signal.SIGTERM


def log_to_stderr() -> None:
    """What goes wrong is told on standard error; standard output is for what was asked."""
    # Imported late: neither help nor a typing error has anything to log.
    import structlog

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


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command's work. Raises SystemExit when SIGTERM ended it, KeyboardInterrupt at Ctrl-C."""
    # Here, for every command: one that forgot it would log into what a script reads.
    log_to_stderr()

    async def body() -> T:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()

        def end(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(task.cancel)

        # Not the loop's own handler: the server of the API takes signals in this way meanwhile, and
        # passes on to us what it got once it has ended.
        signal.signal(signal.SIGTERM, end)
        return await command

    try:
        # A loop in C: of what a request costs, Python's own is a third.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(body())
    except asyncio.CancelledError:
        raise SystemExit(ENDED_BY_SIGTERM) from None
