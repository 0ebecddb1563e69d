"""Transfers from a seller to its buyer, the only way in which stock changes hands (R1, R3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")


async def deliver(
    tx: Transaction, tenant_id: UUID, purchase_ids: list[UUID], moment: Moment
) -> None:
    """Hand over what purchases of one tenant paid for, whose pools and rows are locked and whose
    demands are met: stock, lots, money and subscriptions, and the purchases are delivered (R17)."""
    await tx.execute(_sql("deliver"), tenant_id, purchase_ids, moment.at)


async def read_unused_lots(
    tx: Transaction, tenant_id: UUID, account_id: UUID
) -> list[tuple[UUID, int, UUID]]:
    """(lot, what is left of it, who sold it) for an account that is settled."""
    rows = await tx.fetch(_sql("read_unused_lots"), tenant_id, account_id)
    return [(row["lot_id"], row["free"], row["seller_id"]) for row in rows]


async def return_credits(
    tx: Transaction,
    *,
    tenant_id: UUID,
    lot_id: UUID,
    credits: int,
    operation_id: UUID,
    moment: Moment,
    frozen: bool = False,
) -> None:
    """Give unspent credits of a lot back to whoever sold it, with the expiries that they came with:
    free ones, or those that were ``frozen``. Pools of both are locked, and the lot was read after its
    account was settled (R25, R46)."""
    await tx.execute(
        _sql("return_credits"),
        tenant_id,
        new_id(),
        lot_id,
        credits,
        operation_id,
        moment.at,
        frozen,
    )


async def return_chatbots(
    tx: Transaction, *, route: "Route", chatbots: int, moment: Moment
) -> None:
    """Give free chatbots of a buyer back to its seller (R31). Raises asyncpg.CheckViolationError when
    they are not free."""
    await tx.execute(
        _sql("return_chatbots"),
        route.tenant_id,
        new_id(),
        route.seller_id,
        route.buyer_id,
        chatbots,
        route.operation_id,
        moment.at,
    )


async def lapse_plan(tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment) -> None:
    """End the plan credits that an account has left (R46)."""
    await tx.execute(_sql("lapse_plan"), tenant_id, account_id, moment.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Between whom stock is handed by hand, and for which operation."""

    tenant_id: UUID
    seller_id: UUID
    buyer_id: UUID
    operation_id: UUID


async def allot_credits(
    tx: Transaction,
    *,
    route: Route,
    credits: int,
    currency: str,
    expires_at: datetime | None,
    moment: Moment,
) -> UUID:
    """Hand over credits from free stock and open the child's lot; which of the seller's lots went is
    kept. Returns the lot's id. Raises asyncpg.CheckViolationError when free stock does not suffice."""
    lot_id = new_id()
    await tx.execute(
        _sql("allot_credits"),
        route.tenant_id,
        new_id(),
        route.seller_id,
        route.buyer_id,
        credits,
        route.operation_id,
        lot_id,
        currency,
        expires_at,
        moment.at,
    )
    return lot_id


async def allot_chatbots(tx: Transaction, *, route: Route, chatbots: int, moment: Moment) -> None:
    """Hand over chatbots from free stock. Raises asyncpg.CheckViolationError when it is short."""
    await tx.execute(
        _sql("allot_chatbots"),
        route.tenant_id,
        new_id(),
        route.seller_id,
        route.buyer_id,
        chatbots,
        route.operation_id,
        moment.at,
    )
