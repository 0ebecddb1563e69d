"""The books as the rules describe them, in plain Python: every spend takes its lots at once, and what
ends lapses at that instant. Shares nothing with the ledger but the ids of lots and demands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class EagerLot:
    """A batch: what is free, what each demand pins, what lapsed. ``ends`` is an hour or never."""

    lot_id: UUID
    ends: float | None
    free: int
    pinned: dict[UUID, int] = field(default_factory=dict)
    lapsed: int = 0

    @property
    def order(self) -> tuple[bool, float, UUID]:
        """The soonest-expiring first, those without an end last."""
        return (self.ends is None, self.ends or 0, self.lot_id)


@dataclass
class EagerDemand:
    """What one operation needs, in arrival order; a spend's is used up as soon as it is met."""

    demand_id: UUID
    credits: int
    spends: bool
    reserved: int = 0
    state: str = "waiting"


@dataclass
class Eager:
    """One account."""

    now: float = 0
    used: int = 0
    sold: int = 0
    lots: dict[UUID, EagerLot] = field(default_factory=dict)
    demands: dict[UUID, EagerDemand] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """The pool."""
        return sum(lot.free for lot in self.lots.values())

    @property
    def lapsed(self) -> int:
        """All that ended unused."""
        return sum(lot.lapsed for lot in self.lots.values())

    def open(self, state: str) -> list[UUID]:
        """The purchases in a state, in arrival order."""
        return [d.demand_id for d in self.demands.values() if d.state == state and not d.spends]

    def until(self, now: float) -> None:
        """Time passes: what has ended by then, and is not pinned, lapses."""
        self.now = now
        for lot in self.lots.values():
            if lot.ends is not None and lot.ends <= now:
                lot.lapsed += lot.free
                lot.free = 0

    def receive(self, lot_id: UUID, credits: int, ends: float | None) -> None:
        """A lot is opened."""
        self.lots[lot_id] = EagerLot(lot_id, ends, credits)
        self.until(self.now)

    def spend(self, credits: int) -> bool:
        """Spend at once, if there is enough."""
        if self.free < credits:
            return False
        self.used += sum(part for _, part in self._take(credits))
        return True

    def sell(self, credits: int) -> dict[UUID, int]:
        """Sell free credits; which lots went."""
        self.sold += credits
        return dict(self._take(credits))

    def register(self, demand: EagerDemand) -> str:
        """A demand arrives and reserves what is free."""
        self.demands[demand.demand_id] = demand
        return self._try(demand)

    def offer(self) -> list[str]:
        """Those that wait reserve what is free, in arrival order; what became of them."""
        waiting = [d for d in self.demands.values() if d.state == "waiting"]
        outcomes = [self._try(demand) for demand in waiting if self.free]
        return [outcome for outcome in outcomes if outcome != "waiting"]

    def fail_waiting(self) -> list[str]:
        """Those that wait end, each offered first what the ones before it gave back."""
        outcomes = []
        for demand in [d for d in self.demands.values() if d.state == "waiting"]:
            outcomes.append(self._try(demand))
            if outcomes[-1] == "waiting":
                self.end(demand.demand_id)
                outcomes[-1] = "failed"
        return outcomes

    def end(self, demand_id: UUID) -> None:
        """What a demand had reserved is free again, or lapses when its end has passed."""
        for lot in self.lots.values():
            lot.free += lot.pinned.pop(demand_id, 0)
        self._close(demand_id, "failed")
        self.until(self.now)

    def consume(self, demand_id: UUID) -> None:
        """A met demand is used up."""
        self.used += sum(lot.pinned.pop(demand_id, 0) for lot in self.lots.values())
        self._close(demand_id, "consumed")

    def deliver(self, demand_id: UUID) -> dict[UUID, int]:
        """A met demand is sold; which lots went."""
        gone = {lot.lot_id: lot.pinned.pop(demand_id, 0) for lot in self.lots.values()}
        self.sold += sum(gone.values())
        self._close(demand_id, "consumed")
        return {lot_id: credits for lot_id, credits in gone.items() if credits}

    def _close(self, demand_id: UUID, state: str) -> None:
        self.demands[demand_id].state = state
        self.demands[demand_id].reserved = 0

    def _try(self, demand: EagerDemand) -> str:
        lacks = min(self.free, demand.credits - demand.reserved)
        for lot_id, credits in self._take(lacks):
            pinned = self.lots[lot_id].pinned
            pinned[demand.demand_id] = pinned.get(demand.demand_id, 0) + credits
        demand.reserved += lacks
        if demand.reserved == demand.credits:
            demand.state = "met"
            if demand.spends:
                self.consume(demand.demand_id)
        return demand.state

    def _take(self, credits: int) -> Iterator[tuple[UUID, int]]:
        for lot in sorted(self.lots.values(), key=lambda lot: lot.order):
            part = min(credits, lot.free)
            if part:
                lot.free -= part
                credits -= part
                yield lot.lot_id, part
