"""Running a command to its end: Ctrl-C and SIGTERM end it once what is open has been closed."""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

ENDED_BY_SIGTERM = 128 + signal.SIGTERM


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command's work. Raises SystemExit when SIGTERM ended it, KeyboardInterrupt at Ctrl-C."""

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
