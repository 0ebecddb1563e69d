"""Transfers from a seller to its buyer, the only way in which stock changes hands (R1, R3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTerms:
    """The terms of the lot that a transfer of credits opens for the buyer."""

    terms: Literal["plan", "additional"]
    cost_minor: int
    currency: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Between whom, for which operation, and out of which reservation (None: free stock or supply)."""

    tenant_id: UUID
    seller_id: UUID
    buyer_id: UUID
    demand_id: UUID | None
    operation_id: UUID
    kind: Literal["purchase", "allotment"]


async def transfer_credits(
    tx: Transaction, *, route: Route, credits: int, lot: LotTerms, moment: Moment
) -> UUID:
    """Move credits and open the buyer's lot; which of the seller's lots went is kept. Returns the
    lot's id. Raises asyncpg.CheckViolationError when free stock does not suffice."""
    lot_id = new_id()
    await tx.execute(
        _sql("transfer_credits"),
        route.tenant_id,
        new_id(),
        route.seller_id,
        route.buyer_id,
        route.demand_id,
        credits,
        route.operation_id,
        route.kind,
        lot_id,
        lot.terms,
        lot.cost_minor,
        lot.currency,
        lot.expires_at,
        moment.at,
    )
    return lot_id


async def transfer_chatbots(
    tx: Transaction, *, route: Route, chatbots: int, moment: Moment
) -> None:
    """Allot chatbots from the seller's stock to the buyer."""
    await tx.execute(
        _sql("transfer_chatbots"),
        route.tenant_id,
        new_id(),
        route.seller_id,
        route.buyer_id,
        route.demand_id,
        chatbots,
        route.operation_id,
        route.kind,
        moment.at,
    )
