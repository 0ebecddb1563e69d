"""The gate: whoever is about to ask the database or the gateway parks here, and one at a time goes on.

Who goes is drawn from the seed, so a run is one of the orders in which the statements of several
processes can happen. A statement that has to wait for a lock lets nobody go but those that hold it, to
the end of their transactions: so each wait ends in one way only, and a seed is the same run every time.
"""

import asyncio
import hashlib
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, TypeVar

from tests.simulator.loop import PATIENCE_S, Place, SimLoop, place
from tests.simulator.stall import Stalls
from tests.simulator.wire import answer_now, replied

T = TypeVar("T")

# A run that takes more steps than this has no end.
STEPS_MAX = 25_000

Order = Literal["any", "sticky", "ranked"]


@dataclass(slots=True)
class Parked:
    """Somebody who is to go on."""

    at: Place
    what: str
    session: Any
    granted: "asyncio.Future[None] | None" = None
    gone: bool = False
    until_s: float = 0.0


@dataclass(slots=True)
class Trace:
    """What happened, as a hash and, when wanted, line by line."""

    kept: bool = False
    lines: list[str] = field(default_factory=list)
    _hash: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=8))

    def note(self, line: str) -> None:
        """One thing that happened."""
        self._hash.update(line.encode())
        if self.kept:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """The hash of all that happened by now."""
        return str(self._hash.hexdigest())


class Gate:
    """Who goes next. ``order`` is any, the same as last mostly, or by ranks that rarely change;
    ``impatience`` is how readily time passes although somebody could go on."""

    def __init__(
        self,
        loop: SimLoop,
        random: Random,
        trace: Trace,
        *,
        order: Order = "any",
        impatience: float = 0.0,
        pace_s: float = 0.002,
        stalls: Stalls | None = None,
    ) -> None:
        self.loop, self.trace = loop, trace
        self._random, self._order = random, order
        self._impatience, self._pace_s = impatience, pace_s
        self._stalls = stalls
        self._parked: list[Parked] = []
        self._decided = False
        self._last = ""
        self._ranks: dict[str, float] = {}
        self._in_transaction: set[int] = set()
        self._blocked: list[tuple[Any, frozenset[int]]] = []
        self._running: Any = None
        self.monitor: Any = None
        self.steps = 0
        self.waits = 0
        self.deadlocks = 0
        self.stuck = ""

    async def enter(self, what: str, session: Any = None) -> None:
        """Park until it is one's turn. Raises CancelledError in a process that is dead."""
        here = place.get()
        life = here.life
        if life is not None:
            life.breathe()
        parked = Parked(here, what, session)
        self._parked.append(parked)
        if self._stalls is not None and life is not None:
            self._keep(parked, self._stalls)
        # When all others wait, who goes next can be drawn here, without a turn of the loop.
        if self.loop.waits_for_gate():
            self._decided = not self.grant()
        if not parked.gone:
            parked.granted = self.loop.create_future()
            try:
                await parked.granted
            finally:
                if not parked.gone:
                    self._parked.remove(parked)
        if life is not None:
            life.breathe()

    def _keep(self, parked: Parked, stalls: Stalls) -> None:
        """Have somebody lose a turn, if this is a weak spot."""
        held = parked.session is not None and parked.session.in_transaction
        span_s = stalls.span_s(parked.what, held=held)
        if span_s:
            self.trace.note(f"{parked.at.name} is kept for {span_s:.3f} s")
            parked.until_s = self.loop.now_s + span_s
            self.loop.call_later(span_s, _nothing)

    def kept(self) -> dict[str, int]:
        """How often somebody was kept, as a fault that happened."""
        happened = 0 if self._stalls is None else self._stalls.happened
        return {"kept": happened} if happened else {}

    def let_all_go(self) -> None:
        """Nobody is kept any more, and no time passes while somebody can go on."""
        self._impatience = 0.0
        if self._stalls is not None:
            self._stalls.end()
        for one in self._parked:
            one.until_s = 0.0

    def give_up(self, why: str) -> None:
        """The run leads nowhere: its main task ends."""
        if not self.stuck:
            self.stuck = why
            main = self.loop.main
            assert main is not None
            main.cancel()

    def grant(self) -> bool:
        """Let one of those who are parked go on; False when time has to pass first."""
        if self._decided:
            self._decided = False
            return False
        if self.steps > STEPS_MAX:
            self.give_up(f"no end after {STEPS_MAX} steps")
            self.loop.gate = None
            return True
        ready = self._ready()
        if not ready:
            return self.loop.replies_due > 0
        if not self._blocked and self._lets_time_pass():
            return False
        chosen = self._choose(ready)
        self._parked.remove(chosen)
        self.steps += 1
        self._last = chosen.at.name
        self.loop.now_s += self._random.random() * self._pace_s
        self.trace.note(f"{self.loop.now_s:.6f} {chosen.at.name} {chosen.what}")
        chosen.gone = True
        if chosen.granted is not None:
            chosen.granted.set_result(None)
        return True

    def _ready(self) -> list[Parked]:
        if self._blocked:
            holders = self._blocked[-1][1]
            ready = [p for p in self._parked if p.session is not None and p.session.pid in holders]
            if not ready and holders <= {one.pid for one, _ in self._blocked}:
                self._let_deadlock_end()
            return ready
        now_s = self.loop.now_s
        return [
            one
            for one in self._parked
            if one.until_s <= now_s
            and (
                one.at.life is None
                or one.at.life.frozen_until_s <= now_s
                or (one.session is not None and one.session.in_transaction)
            )
        ]

    def _lets_time_pass(self) -> bool:
        if self._random.random() >= self._impatience:
            return False
        next_s = self.loop.next_timer_s()
        return next_s is not None and next_s < self._random.choice((0.01, 0.3, 3.0, 20.0))

    def _choose(self, ready: list[Parked]) -> Parked:
        if len(ready) == 1:
            return ready[0]
        ready.sort(key=lambda one: one.at.name)
        if self._order == "sticky" and self._random.random() < 0.8:
            for one in ready:
                if one.at.name == self._last:
                    return one
        if self._order == "ranked" and self._random.random() < 0.95:
            return min(ready, key=self._rank)
        return self._random.choice(ready)

    def _rank(self, one: Parked) -> float:
        name = one.at.name
        if name not in self._ranks:
            self._ranks[name] = self._random.random()
        return self._ranks[name]

    async def reply(self, session: Any, asked: Coroutine[Any, Any, T]) -> T:
        """What PostgreSQL answers to a statement, which may have to wait for a lock."""
        alone = not self._blocked and self._in_transaction <= {session.pid}
        patience_s = None if alone else PATIENCE_S
        life = place.get().life

        def waits() -> bool:
            if not self._waits(session):
                return False
            if life is not None:
                life.in_flight[asyncio.current_task()] = None
            return True

        try:
            return await replied(session.wire, asked, patience_s, waits)
        finally:
            if session.waiting:
                self._has_reply(session)
                if life is not None:
                    life.in_flight.pop(asyncio.current_task(), None)

    def begun(self, session: Any) -> None:
        """A transaction is open."""
        session.in_transaction = True
        self._in_transaction.add(session.pid)

    def ended(self, session: Any) -> None:
        """A transaction is over: who waited for a lock may have it by now."""
        session.in_transaction = False
        self._in_transaction.discard(session.pid)
        if self._blocked and session.pid in self._blocked[-1][1]:
            self._running, _ = self._blocked.pop()
            self.loop.replies_due += 1

    def _waits(self, session: Any) -> bool:
        """No reply for a while: see whether the statement waits for a lock, and for whose."""
        asked = self.monitor.connection.fetchval("select pg_blocking_pids($1)", session.pid)
        holders = frozenset(answer_now(self.monitor.wire, asked))
        if not holders:
            return False
        self.waits += 1
        self.trace.note("waits for a lock")
        if session.waiting:
            # It has had one that it waited for, and waits for another.
            self.loop.replies_due -= 1
            self._running = None
        session.waiting = True
        self._blocked.append((session, holders))
        return True

    def stalled(self) -> None:
        """No reply for a while to a statement that has had the lock it waited for."""
        if self._running is not None:
            self._waits(self._running)

    def _has_reply(self, session: Any) -> None:
        """Who waited for a lock waits no more, be it that PostgreSQL ended the statement."""
        session.waiting = False
        for number, (one, _) in enumerate(self._blocked):
            if one is session:
                del self._blocked[number]
                return
        self.loop.replies_due -= 1
        self._running = None

    def _let_deadlock_end(self) -> None:
        """Those who wait wait for each other: PostgreSQL ends one of them."""
        self.deadlocks += 1
        self.trace.note("deadlock")
        self.loop.replies_due += len(self._blocked)
        self._blocked.clear()
        self._running = None


def _nothing() -> None:
    """A timer is all that is wanted."""
