"""How far an advance of business time has come: a bar on a terminal, few words elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from brimful.usecases.move_clock import ClockState

# So long without a step, and whoever waits hears what is waited for.
SILENCE_S = 60.0


def instant(at: datetime) -> str:
    """An instant for people."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def showing_progress(begun: ClockState) -> Iterator[Callable[[ClockState], None]]:
    """What is yielded is told each state of the clock; all goes to standard error."""
    console = Console(stderr=True, highlight=False, markup=False)
    target = begun.target_at or begun.frozen_at
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    last, since = begun.frozen_at, time.monotonic()
    with bar:
        task = bar.add_task("", total=(target - begun.frozen_at).total_seconds())

        def seen(state: ClockState) -> None:
            nonlocal last, since
            done = (state.frozen_at - begun.frozen_at).total_seconds()
            bar.update(task, completed=done, description=instant(state.frozen_at))
            if state.frozen_at != last:
                last, since = state.frozen_at, time.monotonic()
            elif time.monotonic() - since >= SILENCE_S:
                since = time.monotonic()
                console.print(
                    f"Still at {instant(last)}: what is due then is not done yet. "
                    "Does the gateway answer?"
                )

        yield seen
