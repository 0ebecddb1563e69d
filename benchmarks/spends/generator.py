"""The load generator, a process of its own: reads a plan, asks over HTTP, says the outcome.

Callbacks instead of coroutines, because it shares the processors with what it measures.
"""

import asyncio
import time
from typing import Any

import uvloop

from benchmarks.spends.asking import Asking, asking_of
from benchmarks.spends.http import Connection, connect
from benchmarks.spends.pacing import ClosedLoop, OpenLoop, Pacing
from benchmarks.spends.plan import Plan, Record, mark, read_plan

# Answers may take so much longer than the run before it is given up.
PATIENCE_S = 60
# A server that cannot be reached is tried again after so long.
AGAIN_S = 0.1


class Lane:
    """One request at a time, over one connection after the other when a server closes them."""

    def __init__(self, generator: "Generator", address: str) -> None:
        self._generator = generator
        self._address = address
        self._connection: Connection | None = None
        # When the request under way was due; None between two.
        self._due_at: float | None = None
        self._left = False

    def take_next(self) -> None:
        """Send the next request when it is due, or leave when the time is over."""
        now = time.perf_counter()
        at = self._generator.next_at(now)
        if at is None:
            self._left = True
            if self._connection is not None:
                self._connection.close()
            self._generator.leave()
        elif at <= now:
            # What it is late by it waited for a lane: that is the server's doing.
            self._send(at, now)
        else:
            self._generator.loop.call_later(at - now, self._send, at, at)

    def _send(self, due_at: float, free_at: float) -> None:
        # A timer may be early by a part of a millisecond, which is not to be gained.
        due_at = self._due_at = min(due_at, time.perf_counter())
        if self._connection is None:
            self._generator.start(self._reach(free_at))
        else:
            self._connection.send(self._generator.request(due_at, free_at))

    async def _reach(self, free_at: float) -> None:
        while self._connection is None:
            try:
                made = await connect(self._address, self._replied, self._lost)
                self._connection = made if made.is_open else None
            except OSError:
                pass
            if self._connection is None:
                self._generator.count_unreachable()
                await asyncio.sleep(AGAIN_S)
        assert self._due_at is not None
        self._connection.send(self._generator.request(self._due_at, free_at))

    def _replied(self, status: int, body: bytes) -> None:
        due_at, self._due_at = self._due_at, None
        assert due_at is not None, "a reply to no request"
        self._generator.count(due_at, time.perf_counter(), status, body)
        self.take_next()

    def _lost(self) -> None:
        """What was outstanding has failed; another connection takes over."""
        if self._connection is None:
            return  # it ended before it was used
        self._connection = None
        if self._due_at is not None and not self._left:
            self._replied(0, b"")


class Generator:
    """Keeps every lane at work until the time is over."""

    def __init__(self, plan: Plan, asking: Asking, pacing: Pacing, starts_at: float) -> None:
        self._plan, self._asking, self._pacing = plan, asking, pacing
        self._from = starts_at + plan.warm_up_s
        self._until = self._from + plan.seconds
        self.loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self.loop.create_future()
        self._at_work = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.record = Record()

    async def run(self) -> None:
        """Until the last reply and the end of the time. Raises SystemExit when it does not come."""
        self.start(mark(self._from, self._until))
        addresses = self._plan.addresses
        self._at_work = self._plan.connections
        for number in range(self._plan.connections):
            Lane(self, addresses[number % len(addresses)]).take_next()
        try:
            left_s = self._until - time.perf_counter() + PATIENCE_S
            await asyncio.wait_for(self._over, left_s)
        except TimeoutError:
            raise SystemExit("the server is gone, or does not keep up with the plan") from None
        await asyncio.gather(*self._tasks)

    def next_at(self, now: float) -> float | None:
        """When the next request is due; None when the time is over."""
        at = self._pacing.next_at(now)
        return None if at >= self._until else at

    def request(self, due_at: float, free_at: float) -> bytes:
        """A request that is about to be sent on a lane that was free at ``free_at``."""
        if due_at >= self._from:
            self.record.late.append(max(0.0, time.perf_counter() - free_at))
        return self._asking.request()

    def count(self, due_at: float, now: float, status: int, body: bytes) -> None:
        """Count a reply."""
        record = self.record
        if due_at >= self._from:
            record.latencies.append(now - due_at)
        measured = self._from <= now < self._until
        self._asking.count(record.measured if measured else record.beside, status, body)

    def count_unreachable(self) -> None:
        """A server could not be reached; the request that waits for it is still to be sent."""
        self._asking.count(self.record.beside, 0, b"")

    def leave(self) -> None:
        """A lane has no more to do."""
        self._at_work -= 1
        if self._at_work == 0:
            self._over.set_result(None)

    def start(self, work: Any) -> None:
        """Run a coroutine beside."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _run() -> None:
    plan = read_plan()
    starts_at = time.perf_counter()
    pacing = ClosedLoop() if plan.rate is None else OpenLoop(plan.rate, starts_at)
    generator = Generator(plan, asking_of(plan), pacing, starts_at)
    await generator.run()
    generator.record.say_outcome(plan.seconds)


if __name__ == "__main__":
    uvloop.run(_run())
