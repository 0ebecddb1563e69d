"""Where a run takes place: its clocks, its processes and what lies between them and the outside."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from brimful.wiring import Engine
from tests.simulator.bank import Net, SimTestbank
from tests.simulator.gate import Gate
from tests.simulator.life import Fate, Life
from tests.simulator.loop import SimLoop, task_at
from tests.simulator.sessions import GatedDatabase, GatedPool, Sessions
from tests.simulator.swarm import Swarm
from tests.simulator.world import ROOT, START, World


class SimClock:
    """Both clocks: they run on with the loop, and leap, together or business time alone."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self.leapt = self.real_leapt = timedelta(0)

    def moment(self) -> Moment:
        """Now, on both clocks."""
        ran = timedelta(seconds=self._loop.now_s)
        return Moment(at=START + ran + self.leapt, real_at=START + ran + self.real_leapt)

    def time_ns(self) -> int:
        """Real time as ids have it."""
        return int(self.moment().real_at.timestamp() * 1_000) * 1_000_000


class SimMailer:
    """Counts mail; fails as the seed says."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self.sent = 0

    async def send(self, message: Any, name: str) -> None:
        """Take a message. Raises OSError."""
        if self._fate.strikes(0.1):
            self._fate.count("mail_refused")
            raise OSError("no mail server")
        self.sent += 1


class Stage:
    """One run's surroundings; ``world`` is what it began with."""

    def __init__(
        self, loop: SimLoop, gate: Gate, sessions: Sessions, fate: Fate, swarm: Swarm
    ) -> None:
        self.loop, self.gate, self.sessions = loop, gate, sessions
        self.fate, self.swarm = fate, swarm
        self.clock = SimClock(loop)
        self.mailer = SimMailer(fate)
        self.net: Net
        self.world: World
        self.lives: list[Life] = []
        self._begun = 0
        self._events = 0

    def new_life(self) -> Life:
        """Another process, on the rows as they are."""
        self._begun += 1
        fates = (self.swarm.commit_chance, self.swarm.commit_fates)
        life = Life(f"p{self._begun}", self.loop, self.fate, fates)
        db: Database = GatedDatabase(GatedPool(self.sessions, self.gate, life))
        life.start(db, SimTestbank(self.net, life), self.clock, self.mailer)
        self.lives.append(life)
        return life

    def alive(self) -> list[Life]:
        """The processes that live; one is started when none does."""
        self.lives = [life for life in self.lives if not life.dead]
        return self.lives or [self.new_life()]

    def some_life(self, random: Random) -> Life:
        """One of those that live; the load is spread over them."""
        lives = self.alive()
        while len(lives) < self.swarm.processes:
            self.new_life()
            lives = self.lives
        return random.choice(lives)

    def ids(self, name: str) -> dict[str, Any]:
        """How an account is named to the use cases."""
        account = self.world.accounts[name]
        return {"tenant_id": account.tenant_id, "account_id": account.account_id}

    def merchant_of(self, name: str) -> str:
        """The gateway account at which an account pays: its seller's."""
        seller = self.world.tree[name]
        if seller == ROOT:
            return self.world.supplies[name].merchant_ref
        return self.world.accounts[seller].merchant_ref

    def changed(self, payment: dict[str, Any], kind: str) -> None:
        """The bank tells of every change, though not always, not once, and not in order."""
        if not self.swarm.events or not self.fate.armed:
            return
        event = self._event(payment, kind)
        fate, copies, late_s = "", 1, 1.0
        if self.fate.strikes(self.swarm.event_chance):
            fate = self.fate.one_of(self.swarm.event_fates)
        if fate == "event_lost":
            return
        if fate == "event_twice":
            copies = 2
        if fate in ("event_late", "event_shuffled"):
            late_s = 600.0 if fate == "event_late" else 20.0
        for copy in range(copies):
            random = Random(f"{self._events} {copy}")
            name = f"event-{self._events}-{copy}"
            task_at(name, None, self._deliver(name, event, late_s * random.random(), random))

    async def tell(self, payment: dict[str, Any], kind: str) -> None:
        """Tell of a payment once more, until it is taken: no event is lost for ever."""
        event = self._event(payment, kind)
        await self._deliver(f"event-{self._events}-0", event, 0.0, Random(self._events))

    def _event(self, payment: dict[str, Any], kind: str) -> dict[str, Any]:
        self._events += 1
        return {
            "id": f"evt_{self._events}",
            "kind": f"payment.{kind}",
            "account": payment["merchant"],
            "payment": payment["id"],
            "amount": payment["amount"],
            "currency": payment["currency"],
            "created": self.clock.moment().at.isoformat(),
            "metadata": payment["metadata"],
        }

    async def _deliver(
        self, name: str, event: dict[str, Any], late_s: float, random: Random
    ) -> None:
        """Sent again, as gateways do, while there is no answer."""
        # Gateways tell of one change in two events now and then.
        named = {**event, "id": f"{event['id']}-{name[-1]}"} if random.random() < 0.5 else event
        body = json.dumps(named).encode()

        def receive(engine: Engine) -> Any:
            return engine.receive_event(body=body, headers={})

        for again in range(4):
            await asyncio.sleep(late_s + again * 5.0)
            life = self.some_life(random)
            task = life.begin(name, partial(receive, life.engine))
            await asyncio.wait({task})
            if not task.cancelled() and task.exception() is None:
                return
