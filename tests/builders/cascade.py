"""What goes on in a chain while one thing fails in it: callers, processes that die, others that take over."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from brimful.cli.sandbox import WAIT_MS
from brimful.db.address import DatabaseGone
from brimful.db.transaction import connect
from brimful.domain.reason import Reason, Refuse
from brimful.effects.clocks import SystemClock
from brimful.notices.mailer import FolderMailer
from brimful.runtime import work
from brimful.settings import Settings
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.context import CoverCache
from brimful.usecases.set_auto_billing import AutoBillingSet
from brimful.wiring import Engine
from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import Rule
from tests.builders.chain import SELLERS, Chain, Slot
from tests.builders.faulty import FaultyDatabase, Point, Script
from tests.builders.faulty_gateway import FaultyGateway
from tests.builders.world import World

LEASE_S = 0.3
# What is still open by then would never end, on however slow a machine.
HANGS_AFTER_S = 240
QUIET_S = 1.0
# What a caller hears when the process that it asked dies.
DIED = "died"
# Tables of covers are a cache without state; building them anew for each case only costs time.
_COVERS = CoverCache()

_OPEN = """
    select (select count(*) from purchase where state not in ('delivered', 'failed'))
         + (select count(*) from demand where state in ('waiting', 'met'))
         + (select count(*) from spend where state = 'waiting')
         + (select count(*) from reservation)
         + (select count(*) from balance where reserved > 0 or held > 0)
         + (select count(*) from charge where state in ('open', 'held'))
         + (select count(*) from mail where state = 'due' and due_real_at <= now())
"""
_PAUSE_LEFT = "select max(until_at) - now() from gateway_outage"
_ASKED = "select 1 from spend where account_id = $1"
_ALL_HELD = "select count(*) > $1 from purchase where state = 'waiting'"


@dataclass(slots=True)
class Ask:
    """One caller: a spend, a purchase by hand ("credits" or "plan") or an owner's switch."""

    who: str
    does: str = "spend"
    credits: int = 25
    wait_ms: int = WAIT_MS
    goes_away: bool = False
    first: Any = None
    answer: Any = None

    @property
    def done(self) -> bool:
        """The caller heard that it is done."""
        return isinstance(self.answer, SpendDone | Bought | AutoBillingSet)

    @property
    def refused(self) -> bool:
        """The caller heard that it is not done, and why."""
        return isinstance(self.answer, Refuse)

    @property
    def met_outage(self) -> bool:
        """The caller heard that the bank gives no answers, or that another found it so."""
        return self.refused and self.answer.reason in (
            Reason.gateway_unavailable,
            Reason.temporarily_unavailable,
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who asks for what at once, how the agency's card behaves, and what the bank spoils anyway."""

    name: str
    asks: Callable[[], list[Ask]]
    card: Behaviour | None = None
    rules: Callable[[], list[Rule]] = list
    # The agency's card answers this call when so many cards below are held, by depth.
    slow: str = "confirm at platform"
    holds: Mapping[int, int] = field(default_factory=lambda: {2: 2, 3: 3, 5: 5})
    # The sellers themselves take what is held when this is called, which we did not ask for.
    captured_aside: str = ""
    # What the bottom's seller has beside the agency's gift, by depth.
    stock: Mapping[int, int] = field(default_factory=lambda: {2: 0, 3: 0, 5: 0})
    # Who is served once what spoilt it is over, asking again if need be.
    serves: Literal["all", "some", "nobody"] = "all"


class Life:
    """One process of ours: an engine with a worker, its connections, and those who call it."""

    def __init__(self, engine: Engine, db: FaultyDatabase, script: Script) -> None:
        self.engine, self.db, self.script = engine, db, script
        self.callers: list[asyncio.Task[None]] = []
        self._worker = asyncio.create_task(work(engine))

    async def end(self) -> None:
        """Drop everything at once: nothing is finished, nobody hears of it."""
        self.script.dead = True
        for task in (self._worker, *self.callers):
            task.cancel()
        await asyncio.gather(self._worker, *self.callers, return_exceptions=True)
        await self.engine.stop()
        self.db.terminate()


class Stage(World):
    """A chain as new, the processes that live and die on it, and its callers."""

    def __init__(self, slot: Slot, chain: Chain, scenario: Scenario) -> None:
        super().__init__(None, chain.platform, chain.names)  # type: ignore[arg-type]
        self.slot, self.chain, self.scenario = slot, chain, scenario
        self.desk, self.watch = slot.desk, slot.watch
        self.asks: list[Ask] = []
        self.lives: list[Life] = []
        self.fault: Point | None = None
        self.reached: list[Point] = []
        self._was_ready = False
        self._nested: list[Script] = []
        self._late: list[asyncio.Task[None]] = []

    async def begin(self, script: Script) -> None:
        """Start a process of ours."""
        db = FaultyDatabase(await connect(self.slot.dsn, size_max=5), script)
        gateway = FaultyGateway(
            self.slot.bank, self.desk, script, self.chain.merchants, self._late, self._ready
        )
        engine = Engine(
            db=db,
            gateway=gateway,  # type: ignore[arg-type]
            gateway_name="testbank",
            clock=SystemClock(),
            mailer=FolderMailer(self.slot.folder / "mail"),
            settings=Settings(lease_s=LEASE_S, worker_poll_ms=100),
        )
        engine.ctx = replace(engine.ctx, covers=_COVERS)
        engine.driver = replace(engine.driver, ctx=engine.ctx)
        self.engine = engine
        self.lives.append(Life(engine, db, script))

    async def play(self, script: Script, *nested: Script) -> None:
        """All ask at once in a process that fails as the script says; when everything has ended,
        those who were not served ask again, with nothing spoilt any more, and after the pause of an
        outage. A process that takes over
        from one that died fails as the next of the ``nested`` scripts says."""
        if self.scenario.card is not None:
            self.desk.bank.overrides[self.chain.fingerprint("Agency")] = self.scenario.card
        self.desk.faults.rules.extend(self.scenario.rules())
        self.asks, self.fault = self.scenario.asks(), script.point
        self._nested = list(nested)
        await self.begin(script)
        for seller in SELLERS[: self.chain.depth - 1]:
            if self.scenario.stock[self.chain.depth]:
                await self.stock(seller, credits=self.scenario.stock[self.chain.depth])
        await self.settle()
        script.armed = True
        await self._round(self.asks)
        self.reached, script.armed = list(script.reached), False
        for ask in self.asks:
            ask.first = ask.answer
        self.desk.faults.rules.clear()
        await self._round([ask for ask in self.asks if not ask.done])
        await self._after_the_pause()
        # A worker may reach the step at which it dies when all callers have their answers by now.
        while (died := [ask for ask in self.asks if ask.answer == DIED]) or self._is_dead:
            await self._round(died)
        self.lives[-1].script.armed = False

    @property
    def _is_dead(self) -> bool:
        """The last process died, and none took over from it yet."""
        return self.lives[-1].script.dead

    async def _after_the_pause(self) -> None:
        """Two charges without an answer make a pause (R29): who met it asks again after it, and once
        more, since only one of them finds out whether the outage is over."""
        for _ in range(2):
            met = [ask for ask in self.asks if ask.met_outage]
            left = await self.watch.fetchval(_PAUSE_LEFT)
            if not met or left is None:
                return
            await asyncio.sleep(left.total_seconds())
            await self._round(met)

    async def _ready(self, call: str) -> None:
        """The first charge of the agency waits until the cards below are held, or, when some never
        will be, until the bank has been quiet for a while; and for an owner who switches off."""
        if call == self.scenario.captured_aside:
            for payment in [p for p in self.desk.bank.payments.values() if p["state"] == "held"]:
                self.desk.bank.capture(payment["merchant"], payment["id"], payment["amount"])
        if call != self.scenario.slow or self._was_ready:
            return
        loop = asyncio.get_running_loop()
        seen, since = -1, loop.time()
        while len(self.held_open()) < self.scenario.holds[self.chain.depth]:
            effects = len(self.desk.journal.effects())
            seen, since = (seen, since) if effects == seen else (effects, loop.time())
            if loop.time() - since > QUIET_S:
                break
            await asyncio.sleep(0.01)
        while any(ask.does == "switch off" and ask.answer is None for ask in self.asks):
            await asyncio.sleep(0.01)
        self._was_ready = True

    async def end(self) -> None:
        """End every process."""
        for life in self.lives:
            await life.end()
        for late in self._late:
            late.cancel()

    async def send(self, ask: Ask, *, again: bool) -> Any:
        """One request under its key."""
        wait_ms = WAIT_MS if again else ask.wait_ms
        if ask.does == "spend":
            return await self.spend(ask.who, ask.credits, key=ask.who, wait_ms=wait_ms)
        if ask.does == "switch off":
            if not again:
                await self._until(_ALL_HELD, self.chain.depth - 1)
            return await self.auto_billing(ask.who, enabled=False)
        return await self.buy(ask.who, self.chain.packages[ask.does], key=ask.who, wait_ms=wait_ms)

    async def _take_over(self) -> None:
        """Another process follows one that died."""
        if self._is_dead:
            await self.lives[-1].end()
            await self.begin(self._nested.pop(0) if self._nested else Script())

    async def _round(self, asks: list[Ask]) -> None:
        # One that died with nobody waiting is not asked any more.
        await self._take_over()
        tasks = [asyncio.create_task(self._ask(ask)) for ask in asks]
        self.lives[-1].callers = tasks
        end = asyncio.get_running_loop().time() + HANGS_AFTER_S
        while True:
            await self._take_over()
            if all(task.done() for task in tasks) and not await self.watch.fetchval(_OPEN):
                await self.engine.runner.idle()
                if not self._is_dead:
                    break
            assert asyncio.get_running_loop().time() < end, await self._left()
            await asyncio.sleep(0.04)
        await asyncio.gather(*tasks, *self._late)

    async def _ask(self, ask: Ask) -> None:
        again = ask.answer is not None
        sent = asyncio.create_task(self.send(ask, again=again))
        try:
            if ask.goes_away and not again:
                await self._until(_ASKED, self.names[ask.who])
                sent.cancel()
            ask.answer = await sent
        except asyncio.CancelledError:
            sent.cancel()
            ask.answer = DIED
        except DatabaseGone as lost:
            ask.answer = lost

    async def _until(self, question: str, about: object) -> None:
        """Wait until the rows say so; go on without when they never do."""
        for _ in range(200):
            if await self.watch.fetchval(question, about):
                return
            await asyncio.sleep(0.01)

    async def _left(self) -> str:
        rows = await self.watch.fetch(
            "select * from purchase where state not in ('delivered', 'failed')"
        )
        rows += await self.watch.fetch("select * from demand where state in ('waiting', 'met')")
        return f"open long after the fault: {[dict(row) for row in rows]}, {self.asks}"
