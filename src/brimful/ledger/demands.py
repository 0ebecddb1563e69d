"""Demands on a pool: lock, register, offer, consume, end. Thin names for the ledger's SQL functions."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")

DemandKind = Literal["spend", "purchase", "chatbot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDemand:
    """What an operation needs of a pool: whole credits and chatbots, and for which child, if any."""

    demand_id: UUID
    operation_id: UUID
    child_id: UUID | None
    credits: int
    chatbots: int


@dataclass(frozen=True, slots=True)
class WaitingDemand:
    """A demand that lacks something; amounts are whole credits and chatbots."""

    demand_id: UUID
    kind: DemandKind
    operation_id: UUID
    child_id: UUID | None
    seq: int
    short_credits: int
    short_chatbots: int
    credits: int
    chatbots: int

    @classmethod
    def of(cls, row: Any) -> "WaitingDemand":
        """One from its row, which may have more columns."""
        return cls(*(row[field.name] for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of an operation when stock was offered or refused to its demand."""

    kind: DemandKind
    operation_id: UUID
    outcome: Literal["consumed", "met", "failed", "abandoned"]
    child_id: UUID | None = None
    credits: int = 0
    chatbots: int = 0


async def lock_pools(tx: Transaction, tenant_id: UUID, *account_ids: UUID) -> None:
    """Lock pools in the one order that everybody uses, until the transaction ends."""
    await tx.execute(_sql("lock_pools"), tenant_id, list(account_ids))


async def lock_buyer(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """Lock the pools of an account and its seller. What decides on a purchase is read after this.
    Raises asyncpg.SerializationError when the account moves to another seller meanwhile."""
    await tx.execute(_sql("lock_buyer"), tenant_id, account_id)


async def lock_family(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """Lock, in the one order, the pools of an account, its seller, and all that buy automatically
    below it: for whoever changes the account's switch, card or catalogue (R10)."""
    await tx.execute(_sql("lock_family"), tenant_id, account_id)


async def lock_families(
    tx: Transaction, tenant_id: UUID, seller_ids: Sequence[UUID], *more: UUID
) -> None:
    """Lock, in the one order, the pools of sellers, of all that buy automatically below them, and of
    whoever is buying from them, with ``more``: for whoever learns whether they can charge (R10)."""
    rows = await tx.fetch(_sql("read_family"), tenant_id, list(seller_ids))
    await lock_pools(tx, tenant_id, *{*more, *(row["account_id"] for row in rows)})


async def lock_move(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """Lock, after the tree, the pools that the move of an account touches, in the one order (R46)."""
    await tx.execute(_sql("lock_move"), tenant_id, account_id)


async def lock_tree(tx: Transaction, tenant_id: UUID, *, share: bool = False) -> None:
    """Keep the shape of a tenant's tree as it is until the transaction ends, before any pool is
    locked: for whoever moves or closes an account; with ``share``, for whoever opens one (R46)."""
    await tx.execute(_sql("share_tree" if share else "lock_tree"), tenant_id)


async def register_demands(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    kind: DemandKind,
    new: Sequence[NewDemand],
    moment: Moment,
) -> list[bool]:
    """Register demands on a locked pool in the order given and reserve at once what is free (R19,
    R20). Returns for each whether everything was free and is now reserved."""
    rows = await tx.fetch(
        _sql("register_demands"),
        tenant_id,
        account_id,
        kind,
        [one.demand_id for one in new],
        [one.operation_id for one in new],
        [one.child_id for one in new],
        [one.credits for one in new],
        [one.chatbots for one in new],
        moment.at,
        moment.real_at,
    )
    return [row["met"] for row in rows]


async def lock_sources(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """Lock, in the one order, the pools of an account, its seller and its children, and of whoever
    sold it what it has left: for whoever closes it (R46)."""
    await lock_tree(tx, tenant_id)
    await tx.execute(_sql("lock_sources"), tenant_id, account_id)


async def register_demand(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    kind: DemandKind,
    new: NewDemand,
    moment: Moment,
) -> bool:
    """Register one demand, as ``register_demands``."""
    [met] = await register_demands(
        tx, tenant_id=tenant_id, account_id=account_id, kind=kind, new=[new], moment=moment
    )
    return met


async def read_waiting(tx: Transaction, tenant_id: UUID, account_id: UUID) -> list[WaitingDemand]:
    """The demands of a pool that lack something, in arrival order."""
    rows = await tx.fetch(_sql("read_waiting"), tenant_id, account_id)
    return [WaitingDemand.of(row) for row in rows]


async def end_demand(
    tx: Transaction, *, tenant_id: UUID, demand_id: UUID, state: str, reason: str, moment: Moment
) -> bool:
    """End a demand undelivered; what it had reserved is free again. False when it had ended already."""
    return bool(
        await tx.fetchval(_sql("end_demand"), tenant_id, demand_id, state, reason, moment.at)
    )


async def consume_demand(
    tx: Transaction, *, tenant_id: UUID, demand_id: UUID, kind: str, moment: Moment
) -> int:
    """Use a met demand up on the account's own work; returns the free balance after it."""
    return int(await tx.fetchval(_sql("consume_demand"), tenant_id, demand_id, kind, moment.at))


async def offer_stock(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    moment: Moment,
) -> list[Moved]:
    """Offer what is free in a locked pool to the demands that wait, in arrival order (R20)."""
    rows = await tx.fetch(_sql("offer_stock"), tenant_id, account_id, moment.at, moment.real_at)
    return [Moved(**dict(row)) for row in rows]


async def fail_waiting(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    only: list[UUID] | None,
    reason: str,
    child_reason: str,
    moment: Moment,
) -> list[Moved]:
    """End the demands of a locked pool that wait (all, or only those named), each offered first
    what the ones before it gave back (R20).

    ``reason`` is for the account's own operations, ``child_reason`` for its children's purchases.
    """
    rows = await tx.fetch(
        _sql("fail_waiting"),
        tenant_id,
        account_id,
        only,
        reason,
        child_reason,
        moment.at,
        moment.real_at,
    )
    return [Moved(**dict(row)) for row in rows]


async def waited_on(tx: Transaction, tenant_id: UUID, account_ids: list[UUID]) -> list[UUID]:
    """Of some pools, those to whom stock that came is to be offered: somebody waits, or it has to
    repay what was overdrawn (R33)."""
    rows = await tx.fetch(_sql("waited_on"), tenant_id, account_ids)
    return [row["account_id"] for row in rows]


async def find_waiting_below(
    db: Database, tenant_id: UUID, account_ids: Sequence[UUID]
) -> list[UUID]:
    """The accounts on whose pools somebody waits, among some and all below them."""
    rows = await db.fetch(_sql("find_waiting_below"), tenant_id, list(account_ids))
    return [row["account_id"] for row in rows]
