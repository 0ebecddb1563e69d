"""An event loop on which time is virtual and nothing happens in an order of its own.

It is asyncio's own loop with three changes: its time stands still until nobody can go on, then jumps to
the next timer; when nobody can go on without the outside, a gate is asked who goes next; and work for
threads is done at once. Real time passes only while a reply of PostgreSQL is under way.
"""

import asyncio
import selectors
import socket
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

from tests.simulator.wire import Wire

# A statement that takes longer is looked at: it may wait for a lock that somebody holds who is parked.
PATIENCE_S = 0.001


class Place:
    """Where a task stands in the tree of tasks, and which process of ours it belongs to: a name that
    is the same in every run, whatever the order in which tasks were made."""

    __slots__ = ("children", "life", "name")

    def __init__(self, name: str, life: Any = None) -> None:
        self.name, self.life = name, life
        self.children = 0

    def child(self) -> "Place":
        """The place of the next task that is begun from here."""
        self.children += 1
        return Place(f"{self.name}.{self.children}", self.life)


place: ContextVar[Place] = ContextVar("place")


class _Selector(selectors.DefaultSelector):
    """Asks the loop what to do when nobody can go on."""

    loop: "SimLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        """Events of the outside; none while somebody can go on without them."""
        loop = self.loop
        if loop.gate is None:
            events: list[Any] = super().select(timeout)
            if timeout and not events:
                loop.now_s += timeout
            return events
        if timeout is not None and timeout <= 0:
            return []
        if loop.replies_due > 0:
            events = super().select(PATIENCE_S)
            if not events:
                loop.gate.stalled()
            return events
        if not loop.gate.grant():
            loop.jump()
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """The loop of one run. Without a ``gate`` it is an ordinary loop, on real time."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now_s = 0.0
        self.replies_due = 0
        self.gate: Any = None
        self.main: asyncio.Task[Any] | None = None
        super().__init__(selector)
        self.set_task_factory(_make_task)  # type: ignore[arg-type]

    async def create_unix_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], path: str
    ) -> tuple[Wire, Any]:
        """A wire to PostgreSQL."""
        at = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        at.connect(path)
        protocol = protocol_factory()
        wire = Wire(self, at, protocol)
        protocol.connection_made(wire)
        return wire, protocol

    def time(self) -> float:
        """Virtual seconds."""
        return self.now_s

    def waits_for_gate(self) -> bool:
        """Whether nobody but who runs just now can go on, and no timer is due."""
        if self._ready or self.replies_due:  # type: ignore[attr-defined]
            return False
        scheduled = self._scheduled  # type: ignore[attr-defined]
        return not scheduled or scheduled[0].when() > self.now_s

    def jump(self) -> None:
        """To the next timer."""
        scheduled = self._scheduled  # type: ignore[attr-defined]
        if not scheduled:
            self.gate.give_up("nobody can go on, and nothing is to come")
            self.gate = None
            return
        self.now_s = max(self.now_s, scheduled[0].when())

    def next_timer_s(self) -> float | None:
        """How long until the next timer."""
        scheduled = self._scheduled  # type: ignore[attr-defined]
        return max(0.0, scheduled[0].when() - self.now_s) if scheduled else None

    def forget_timers(self) -> None:
        """Nothing is to come any more."""
        for timer in self._scheduled:  # type: ignore[attr-defined]
            timer.cancel()
        self.replies_due = 0

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """At once: a thread would end when it likes."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:
            future.set_exception(problem)
        return future


def _make_task(
    loop: asyncio.AbstractEventLoop,
    coro: Coroutine[Any, Any, Any],
    context: Context | None = None,
) -> "asyncio.Task[Any]":
    """A task with a place of its own; one of a process of ours is known to it."""
    context = context or copy_context()
    here = context.get(place)
    if here is None:
        return asyncio.Task(coro, loop=loop, context=context)
    mine = here.child()
    context.run(place.set, mine)
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context)
    if mine.life is not None:
        mine.life.tasks[task] = mine.name
        task.add_done_callback(mine.life.forget)
    return task


def task_at(name: str, life: Any, coro: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Begin a task at a place of its own below nobody, as one of the process ``life`` if any."""
    context = copy_context()
    context.run(place.set, Place(name, life))
    return asyncio.get_running_loop().create_task(coro, context=context)
