"""The server's own books of money, for an oracle that trusts nobody else's."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

# `hold` and `release` move nothing; the others carry a sign: what the seller got is positive.
Movement = Literal[
    "hold", "release", "capture", "refund", "refund_failed", "dispute_withdrawn", "dispute_reinstated"
]  # fmt: skip
MOVES = frozenset({"capture", "refund", "refund_failed", "dispute_withdrawn", "dispute_reinstated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened to money, in integer minor units of `currency`."""

    at: int
    account: str
    livemode: bool
    movement: Movement
    amount_minor: int
    currency: str
    payment: str
    charge: str
    # The id of the refund or dispute, if it is one.
    cause: str | None = None
    customer: str | None = None
    fingerprint: str | None = None


@dataclass(slots=True)
class Journal:
    """All lines, in the order of their effects. Lines are only ever added."""

    lines: list[Line] = field(default_factory=list)

    def of_payment(self, payment: str) -> list[Line]:
        """Everything that happened to one payment."""
        return [line for line in self.lines if line.payment == payment]

    def moved(self, payment: str) -> list[int]:
        """Each movement of money of one payment, in minor units; given back is negative."""
        return [line.amount_minor for line in self.of_payment(payment) if line.movement in MOVES]

    def totals(self) -> dict[tuple[str, str, str], int]:
        """The sum by account, currency and movement."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for line in self.lines:
            sums[line.account, line.currency, line.movement] += line.amount_minor
        return dict(sums)

    def captured(self, account: str, currency: str) -> int:
        """All that was ever captured on an account, before refunds."""
        return self.totals().get((account, currency.lower(), "capture"), 0)
