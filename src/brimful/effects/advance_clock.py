"""Advancing the test clock: from one instant at which something is due to the next (R38).

At each of them the engine works until nothing is under way any more, in whatever process; only then
does business time move on. Whoever dies on the way leaves a clock that stands at one of those
instants, with what is due there in the rows: another process goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from brimful.db.transaction import Database
from brimful.effects.clocks import DatabaseClock
from brimful.usecases import move_clock
from brimful.usecases.move_clock import ClockState

# Between two looks at the rows, in seconds of real time: at least, and at most.
PAUSE_S = 0.005
PAUSE_S_MAX = 0.1


async def advance_clock(
    db: Database,
    clock: DatabaseClock,
    work: Callable[[], Awaitable[int]],
    rest: Callable[[float], Awaitable[bool]],
    lease_s: float,
) -> None:
    """Take business time to where an advance is to take it; nothing when there is no advance, or
    another process has it in hand. ``work`` begins what is due and says how much that was; ``rest``
    waits until this process has done what it began, for at most so many seconds, and says whether
    there was anything."""

    def until() -> datetime:
        return clock.moment().real_at + timedelta(seconds=lease_s)

    async def settled(fence: int) -> bool:
        """Work until nothing is due and nothing under way, however long the gateway takes; False
        when the lease was lost or the advance halted meanwhile."""
        pause_s = PAUSE_S
        while await work() or await move_clock.is_work_open(db):
            if await rest(PAUSE_S_MAX):
                await asyncio.sleep(PAUSE_S)
            else:
                # What is open is another's, or waits for its time.
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
            if not await move_clock.hold(db, fence, until()):
                return False
        return True

    fence = await move_clock.claim(db, clock.moment(), until())
    if fence is None:
        return
    try:
        while await settled(fence):
            if not await move_clock.step(db, fence, until()):
                await move_clock.arrive(db, fence)
                return
            await clock.refresh()
    finally:
        await move_clock.release(db, fence)


async def watch_clock(
    db: Database, *, timeout_s: float | None, seen: Callable[[ClockState], None]
) -> ClockState:
    """Look at the clock until it stands, or for at most ``timeout_s`` seconds of real time; each
    state is ``seen``, the last one returned. Whoever moves it may be any process."""
    loop = asyncio.get_running_loop()
    until = None if timeout_s is None else loop.time() + timeout_s
    while True:
        state = await move_clock.read_clock(db)
        assert state is not None, "a clock that was started is there for good"
        seen(state)
        if state.target_at is None or (until is not None and loop.time() >= until):
            return state
        await asyncio.sleep(PAUSE_S_MAX / 2)
