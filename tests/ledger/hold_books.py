"""Holds of credits as the rules describe them, on the eager books: what is held is taken from its lots at
once and cannot lapse, and each ends in one of three ways."""

from dataclasses import dataclass, field
from uuid import UUID

from tests.ledger.eager import Eager


@dataclass
class HeldBooks(Eager):
    """One account with holds; ``limit`` is how far it may be overdrawn."""

    limit: int = 0
    owed: int = 0
    standing: dict[UUID, float] = field(default_factory=dict)

    def held(self, hold: UUID | None = None) -> int:
        """What one hold, or all of them, hold."""
        holds = self.standing if hold is None else [hold]
        return sum(lot.pinned.get(one, 0) for lot in self.lots.values() for one in holds)

    def place(self, hold: UUID, credits: int, ends: float) -> bool:
        """Hold credits, if they are free."""
        if self.free < credits:
            return False
        for lot_id, part in self._take(credits):
            self.lots[lot_id].pinned[hold] = part
        self.standing[hold] = ends
        return True

    def spend(self, credits: int) -> bool:
        """Spend at once what is free, and beyond it what may be overdrawn."""
        if credits > self.free + max(0, self.limit - self.owed):
            return False
        beyond = max(0, credits - self.free)
        self.used += sum(part for _, part in self._take(credits - beyond)) + beyond
        self.owed += beyond
        return True

    def capture(self, hold: UUID, credits: int) -> bool:
        """Charge so much of a hold, soonest-expiring lots first, and give back the rest."""
        beside = credits - self.held(hold)
        if beside > 0 and beside > self.free + max(0, self.limit - self.owed):
            return False
        left = credits
        for lot in sorted(self.lots.values(), key=lambda lot: lot.order):
            part = lot.pinned.pop(hold, 0)
            taken = min(left, part)
            left -= taken
            self.used += taken
            lot.free += part - taken
        del self.standing[hold]
        self.until(self.now)
        if left:
            assert self.spend(left)
        self.repay()
        return True

    def let_go(self, hold: UUID) -> None:
        """Give back all that a hold holds."""
        for lot in self.lots.values():
            lot.free += lot.pinned.pop(hold, 0)
        del self.standing[hold]
        self.until(self.now)
        self.repay()

    def repay(self) -> None:
        """What is free repays what is owed."""
        for _, part in self._take(min(self.free, self.owed)):
            self.owed -= part
