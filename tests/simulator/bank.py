"""The gateway of a run: the test gateway's bank in memory, and between it and us a net that fails.

What is asked is noted when our code has decided to ask, when it has its effect, and what that was: from
this journal, and from what was asked of us, the auditor judges.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from brimful.db.transaction import assert_no_transaction
from brimful.domain.moment import Moment
from brimful.domain.payment import BadEvent, Event, Unknown, Unreachable
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.bank import Bank, Refused
from tests.builders.memory_bank import MemoryJournal
from tests.simulator.gate import Gate
from tests.simulator.life import Fate, Life
from tests.simulator.loop import task_at
from tests.simulator.swarm import Swarm

KEYS_KEPT = timedelta(hours=24)


@dataclass(slots=True)
class Asked:
    """One request that had an effect, or would have had one: by whom it was decided, and when."""

    verb: str
    payment_id: str
    asked: int
    done: int
    asked_at: datetime
    at: datetime
    real_at: datetime
    key: str | None
    on_its_way: timedelta


class Net:
    """What all processes reach the bank through."""

    def __init__(self, bank: Bank, gate: Gate, fate: Fate, swarm: Swarm, random: Random) -> None:
        self.bank, self.gate, self.fate, self.swarm = bank, gate, fate, swarm
        self.random = random
        self.clock: Any = None
        self.down_until_s = 0.0
        self.asked: list[Asked] = []
        self.late = 0
        self._replies: dict[tuple[str, str], tuple[datetime, str, int, Any]] = {}

    def fate_of_call(self, verb: str) -> str:
        """What befalls a request."""
        if self.gate.loop.now_s < self.down_until_s and self.fate.armed:
            self.fate.count("call_in_outage")
            return self.random.choice(("unreachable", "lost_request", "http_500_before"))
        if not self.fate.strikes(self.swarm.call_chance):
            return ""
        return self.fate.one_of(self.swarm.call_fates)

    def perform(
        self, asked: tuple[int, Moment], method: str, path: str, request: tuple[str, Any, Any]
    ) -> tuple[int, Any]:
        """The bank's own work: the answer kept for a key, or the effect."""
        merchant, key, wish = request
        parts = path.split("?")[0].strip("/").split("/")
        now = self.clock.moment()
        params = json.dumps([method, path, wish], sort_keys=True)
        kept = self._replies.get((merchant, key)) if key else None
        if kept is not None and now.real_at - kept[0] < KEYS_KEPT:
            if kept[1] != params:
                return 400, {"code": "idempotency_error"}
            return kept[2], dict(kept[3])
        try:
            reply: tuple[int, Any] = 200, self._do(method, path, parts, request)
        except Refused as refused:
            reply = refused.status, {"code": refused.code}
        if method == "POST":
            verb = parts[2] if len(parts) == 3 else "create" if parts[0] == "payments" else "save"
            payment_id = parts[1] if len(parts) == 3 else str(reply[1].get("id", ""))
            order, then = asked
            took = now.real_at - then.real_at
            here = self.gate.steps
            self.asked.append(
                Asked(verb, payment_id, order, here, then.at, now.at, now.real_at, key, took)
            )
            self.gate.trace.note(f"bank {verb} {reply[0]} {reply[1].get('state')}")
        if key:
            self._replies[merchant, key] = (now.real_at, params, *reply)
        return reply[0], dict(reply[1]) if isinstance(reply[1], dict) else reply[1]

    def _do(self, method: str, path: str, parts: list[str], request: tuple[str, Any, Any]) -> Any:
        bank, (merchant, key, wish) = self.bank, request
        match parts:
            case ["payments"] if method == "GET":
                return [one["id"] for one in bank.find(merchant, path.split("reference=")[1])]
            case ["payments"]:
                return bank.create(merchant, wish)
            case ["payments", payment_id]:
                return bank.payment(merchant, payment_id)
            case ["payments", payment_id, "confirm"]:
                return bank.confirm(merchant, payment_id)
            case ["payments", payment_id, "capture"]:
                return bank.capture(merchant, payment_id, int(wish["amount"]))
            case ["payments", payment_id, "cancel"]:
                return bank.cancel(merchant, payment_id)
            case ["payments", payment_id, "refund"]:
                return bank.refund(merchant, payment_id, int(wish["amount"]), key)
            case ["methods"]:
                return bank.save_method(merchant, wish["customer"], wish["token"])
            case ["methods", method_id]:
                return bank.remove_method(merchant, method_id)
        raise Refused(404, "no_such_path", path)

    async def bring_late(self, work: Callable[[], Any]) -> None:
        """A request that was given up arrives all the same."""
        self.late += 1
        try:
            await asyncio.sleep(self.random.choice((0.5, 5, 30, 300)) * self.random.random())
            await self.gate.enter("late request")
            work()
        finally:
            self.late -= 1


class SimTestbank(Testbank):
    """The adapter to testbank as one process uses it, with the net in the place of its client."""

    def __init__(self, net: Net, life: Life) -> None:
        self._net, self._life = net, life
        self._clock = None
        self._secret = ""

    async def close(self) -> None:
        """Nothing is open."""

    def parse_event(self, *, body: bytes, headers: Any) -> Event | BadEvent:
        """Every event comes from the bank here; signatures have tests of their own."""
        event = json.loads(body)
        return Event(
            event_id=event["id"],
            kind=event["kind"],
            mode="test",
            account_ref=event["account"],
            payment_id=event["payment"],
            amount_minor=event["amount"],
            currency=event["currency"],
            created_at=datetime.fromisoformat(event["created"]),
            metadata=event["metadata"],
        )

    async def _call(
        self, method: str, path: str, account_ref: str, key: str | None, wish: Any
    ) -> Any:
        assert_no_transaction()
        net, random = self._net, self._net.random
        asked = net.gate.steps, net.clock.moment()
        verb = path.split("?")[0].rsplit("/", 1)[-1] if path.count("/") == 3 else method.lower()
        await net.gate.enter(f"call {verb}")

        def work() -> tuple[int, Any]:
            return net.perform(asked, method, path, (account_ref, key, wish))

        fate = net.fate_of_call(verb)
        if fate == "refused" and method == "GET":
            # Who may not even read has other troubles, which are logged.
            fate = "http_500_before"
        if fate == "dies_before_call":
            self._life.die()
        if fate == "unreachable":
            return Unreachable(why="ConnectError")
        if fate == "refused":
            await self._travel(0.1)
            return 400, {"code": "refused"}
        if fate in ("lost_request", "http_500_before", "rate_limited"):
            await self._travel(10 if fate == "lost_request" else 0.1)
            return Unknown(why=fate)
        if fate == "late_request":
            task_at(f"late-{net.gate.steps}", None, net.bring_late(work))
            await self._travel(10)
            return Unknown(why=fate)
        reply = work()
        if fate == "dies_after_call":
            self._life.die()
        await self._travel(random.choice((5, 20, 40)) if fate == "slow_reply" else 0.3)
        if fate in ("lost_reply", "http_500_after"):
            return Unknown(why=fate)
        return reply

    async def _travel(self, at_most_s: float) -> None:
        """The reply takes its time, and then finds the process as it is."""
        await asyncio.sleep(self._net.random.random() * at_most_s)
        self._life.breathe()


class Journal(MemoryJournal):
    """Effects with the step at which they happened."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, Any]] = {}
        self.step: Callable[[], int] = lambda: 0

    def load(self, kind: str) -> dict[str, Any]:
        """What a world began with."""
        return dict(self.objects.get(kind, {}))

    def write(self, kind: str, body: Any, effect: Any, reply: object) -> None:
        """Note what happened, and when."""
        if effect is not None:
            self.effects.append({**effect, "step": self.step(), "object": body})
