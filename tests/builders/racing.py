"""Families of accounts whose caps are raced for (R28): two processes of ours, a bank that answers badly,
and callers who ask until they are refused."""

import asyncio
import contextlib
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import expm1
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import connect
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer
from brimful.runtime import work
from brimful.settings import Settings
from brimful.usecases.answers import Pending
from brimful.wiring import Engine
from brimful_testbank.app import Desk
from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import FaultKind, Faults
from brimful_testbank.server import serving
from tests.builders.held import until
from tests.builders.world import World

# What auto-billing buys comes in packs of so many credits, at these prices from platform and seller.
PACK, COST, PRICE = 100, 50, 100
# Only hands buy these: credits and price. The second is too little to charge by itself, the third a plan.
BY_HAND, SMALL, PLAN = (203, 903), (13, 30), (107, 800)
# Longer than the bank lets some confirmations wait.
TIMEOUT_S = 0.4
PAUSE_S = 0.05
# A caller who is refused so often in a row goes away.
PATIENCE = 6
OF_A_CARD = (Reason.card_declined, Reason.retry_later, Reason.auto_billing_paused)
CAPS = (Reason.cap_per_charge, Reason.cap_per_hour, Reason.cap_per_day, Reason.cap_per_month)
_OPEN = "select count(*) from purchase where state not in ('delivered', 'failed', 'authenticating')"


class PacedClock:
    """Business time that runs faster than real time, and leaps where a test puts it (R38). From one leap
    to the next it goes slower and slower, and never comes to its bound: on no machine is it too late."""

    def __init__(self, at: datetime, pace: int, bound: timedelta) -> None:
        self._pace, self._bound = pace, bound
        self.leap(at)

    def leap(self, at: datetime) -> None:
        """It is this time now."""
        self._at, self._since = at, monotonic()

    def moment(self) -> Moment:
        """Now, on both clocks."""
        share = (monotonic() - self._since) * self._pace / self._bound.total_seconds()
        passed = self._bound * -expm1(-share)
        return Moment(at=self._at + passed, real_at=datetime.now(UTC))


class RacingFaults(Faults):
    """A bank that loses requests and replies, answers 500, is slow and declines, each by a seed; what
    became of a payment may then stay unknown for so many calls about it that we give up."""

    def __init__(self, desk: Desk, seed: int) -> None:
        super().__init__()
        self._desk, self._rng = desk, random.Random(seed)
        self._dark: Counter[str] = Counter()
        self.quiet = True
        self.done: Counter[str] = Counter()
        # The cards that may be declined: of those who ask themselves, and can put another on file.
        self.declines: set[str] = set()

    async def pass_gate(self, verb: str) -> None:
        """One confirmation or capture in 25 comes long after whoever sent it has given it up."""
        if not self.quiet and verb in ("confirm", "capture") and self._rng.random() < 0.04:
            self.done["slow"] += 1
            await asyncio.sleep(2 * TIMEOUT_S)

    def next_fault(self, verb: str, merchant: str, reference: str | None) -> FaultKind | None:
        """The fault of this call."""
        if self.quiet or reference is None:
            return None
        if self._dark[reference]:
            self._dark[reference] -= 1
            self.done["dark"] += 1
            return "lost_before"
        if verb == "confirm":
            self._let_decline(merchant, reference)
        fault = None if reference in self._dark else self._draw(verb)
        if fault is not None:
            self.done[f"{verb} {fault}"] += 1
            if verb in ("confirm", "capture") and self._rng.random() < 0.5:
                # Once only: each call without an answer makes the pause before the next longer.
                self._dark[reference] = self._rng.randrange(2, 4)
        return fault

    def _draw(self, verb: str) -> FaultKind | None:
        if verb == "look_up" or self._rng.random() > 0.22:
            return None
        kinds: tuple[FaultKind, ...] = (
            "lost_after", "lost_after", "lost_before", "http_500_before", "http_500_after",
        )  # fmt: skip
        return self._rng.choice(kinds)

    def _let_decline(self, merchant: str, reference: str) -> None:
        """One card in 16 is declined this once."""
        bank = self._desk.bank
        for payment in bank.find(merchant, reference):
            card = bank.methods[payment["method"]]["fingerprint"]
            bank.overrides.pop(card, None)
            if card in self.declines and self._rng.random() < 0.06:
                self.done["declined"] += 1
                bank.overrides[card] = Behaviour(decline="insufficient_funds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capped:
    """An account with caps on what it buys automatically, in cents and charges."""

    name: str
    # The least that one more automatic purchase of it costs.
    least: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    charge: int | None = None


@dataclass(slots=True)
class Race:
    """All who take part, what they were told, and who pays with which card."""

    worlds: list[World]
    clock: PacedClock
    faults: RacingFaults
    capped: dict[str, Capped] = field(default_factory=dict)
    askers: list[str] = field(default_factory=list)
    # What a child may make its seller pay in a month, in cents.
    child_limits: dict[str, int] = field(default_factory=dict)
    hands: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    _asked: int = 0

    @property
    def world(self) -> World:
        """One of the processes."""
        return self.worlds[0]

    async def save_card(self, name: str, *, declines: bool) -> None:
        """Put a card on file that was not there before."""
        token = f"tok_success#{len(self.cards)}"
        card = hashlib.sha256(f"{token}#{name}".encode()).hexdigest()[:16]
        self.cards[card] = name
        if declines:
            self.faults.declines.add(card)
        await self.world.card(name, token)

    async def open(
        self, capped: Capped, seller: str | None, *, asks: bool, allowed: UUID | None = None
    ) -> None:
        """Open an account with its card and caps; one without a seller sells itself."""
        name = capped.name
        await self.world.open(name, seller, sells=seller is None)
        await self.save_card(name, declines=asks)
        await self.world.auto_billing(
            name,
            per_month_minor=capped.month,
            per_day_minor=capped.day,
            per_hour_count=capped.hour,
            per_charge_minor=capped.charge,
            allowed_packages=None if allowed is None else [allowed],
            # A race is no usual day, and the brake is proved elsewhere (R30).
            brake_factor=None,
        )
        self.capped[name] = capped
        if asks:
            self.askers.append(name)

    async def ask(self, name: str, world: World) -> Any:
        """One query of an account's chatbot, sent again under its key while it is pending."""
        self._asked += 1
        key = f"query-{self._asked}"
        for _ in range(4):
            answer = await world.spend(name, PACK, key=key, wait_ms=3_000)
            if not isinstance(answer, Pending):
                break
        self._note(answer)
        return answer

    async def lane(self, name: str, number: int) -> None:
        """A caller who asks until it is refused again and again."""
        refused = 0
        while refused < PATIENCE:
            answer = await self.ask(name, self.worlds[(number + refused) % len(self.worlds)])
            refused = refused + 1 if isinstance(answer, Refuse) else 0
            if isinstance(answer, Refuse):
                if answer.reason in CAPS:
                    return
                await self._mend(name, answer)
                await asyncio.sleep(PAUSE_S)

    async def by_hand(self, name: str) -> None:
        """The owner of an account buys by hand, one thing after the other."""
        for package in self.hands.get(name, ()):
            self._asked += 1
            answer = await self.worlds[self._asked % len(self.worlds)].buy(
                name, package, key=f"purchase-{self._asked}", wait_ms=3_000
            )
            self._note(answer)
            await self._mend(name, answer)

    async def exhaust(self, name: str) -> Refuse:
        """Ask with nothing spoilt any more until it is refused, for another reason than its card."""
        for _ in range(200):
            answer = await self.ask(name, self.world)
            if isinstance(answer, Refuse) and answer.reason not in OF_A_CARD:
                return answer
            await self._mend(name, answer)
        raise AssertionError(f"{name} is never refused")

    async def run(self) -> None:
        """All ask at once: two callers for each account, and its owner buys by hand as well."""
        self.faults.quiet = False
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(self.askers):
                for lane in range(2):
                    group.create_task(self.lane(name, number + lane))
                group.create_task(self.by_hand(name))
        self.faults.quiet = True
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is open."""

        async def ended() -> bool:
            return not await self.world.db.fetchval(_OPEN)

        await until(ended, timeout_s=90)

    def _note(self, answer: Any) -> None:
        told = answer.reason if isinstance(answer, Refuse) else type(answer).__name__
        self.told[told] += 1

    async def _mend(self, name: str, answer: Any) -> None:
        if isinstance(answer, Refuse) and answer.reason in OF_A_CARD:
            await self.save_card(name, declines=not self.faults.quiet)


@contextlib.asynccontextmanager
async def racing(dsn: str, folder: Path, *, seed: int, clock: PacedClock) -> AsyncIterator[Race]:
    """Two processes with workers on one database, and their bank."""
    async with serving() as (url, desk), contextlib.AsyncExitStack() as stack:
        faults = RacingFaults(desk, seed)
        desk.faults = faults
        engines = [await _engine(stack, dsn, url, clock, folder / "mail") for _ in range(2)]
        made = await open_sandbox(engines[0])
        await made.package(None, COST, credits=PACK, name="100 credits")
        worlds = [World(engine, made.platform, made.names) for engine in engines]
        for world in worlds:
            world.desk = desk
        workers = [asyncio.create_task(work(engine)) for engine in engines]
        try:
            yield Race(worlds, clock, faults)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            for engine in engines:
                await engine.stop()


async def _engine(
    stack: contextlib.AsyncExitStack, dsn: str, url: str, clock: PacedClock, mail: Path
) -> Engine:
    db = await connect(dsn, size_max=10)
    stack.push_async_callback(db.close)
    gateway = Testbank(url, timeout_s=TIMEOUT_S, clock=clock)
    stack.push_async_callback(gateway.close)
    return Engine(
        db=db,
        gateway=gateway,
        gateway_name="testbank",
        clock=clock,
        mailer=FolderMailer(mail),
        settings=Settings(lease_s=2, worker_poll_ms=100),
    )
