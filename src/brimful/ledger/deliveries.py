"""A delivery and what it completes: the stock changes hands and serves who waits, in one step (R17)."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger.demands import Moved

_sql = partial(load, "brimful.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of the operations that waited, and whether more of them wait; the buyer's credits: free
    and reserved together before the delivery and with what it ``granted``, and what is free after that was
    offered; the lines of an automatic one (name, quantity, amount_minor); whether renewals of the buyer's own
    buyers, which it could not furnish, are due now."""

    moved: tuple[Moved, ...]
    before_credits: int
    granted_credits: int
    after_free_credits: int
    more_waits: bool
    lines: list[dict[str, Any]]
    renewals_due: bool


async def deliver_and_offer(
    tx: Transaction, *, tenant_id: UUID, purchase_id: UUID, buyer_id: UUID, moment: Moment
) -> Delivered:
    """Hand over what one purchase paid for, whose pools and row are locked and whose demand is met, as
    ``transfers.deliver``, and offer it to the demands that wait on its buyer's pool: those that it was
    sized for first (R17), the others in arrival order (R20). An automatic one keeps what became of the
    buyer's credits in its explanation (R32)."""
    row = await tx.fetchrow(
        _sql("deliver_and_offer"),
        tenant_id,
        purchase_id,
        buyer_id,
        moment.at,
        moment.real_at,
        moment.at.isoformat(),
    )
    assert row is not None
    moved = zip(row["kinds"] or (), row["operations"] or (), row["outcomes"] or (), strict=True)
    return Delivered(
        moved=tuple(Moved(*one) for one in moved),
        before_credits=row["before"],
        granted_credits=row["granted"],
        after_free_credits=row["after"],
        more_waits=row["more_waits"],
        lines=row["lines"] or [],
        renewals_due=row["renewals_due"],
    )
