"""Subscriptions as they fall due: who is due, what of, and what became of it (R34, R35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.billing.buyers import Card
from brimful.billing.receivables import Outstanding
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.period import Interval

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A subscription with something due, and what it would be paid with."""

    subscription_id: UUID
    account_id: UUID
    seller_id: UUID
    seller_is_supply: bool
    currency: str
    kind: Literal["subscription", "extra_chatbots"]
    package_id: UUID
    package_version: int
    package_name: str
    credits: int
    recurring_minor: int
    credits_price_minor: int
    price_minor: int
    interval: Interval
    anchor_at: datetime
    months_done: int
    due_at: datetime
    card: Card | None
    paused: bool
    retry_at: datetime | None
    # Since when the gateway gives no answer, while it is not to be asked.
    out_since: datetime | None
    # Since when its seller's gateway account is closed to us.
    disconnected_at: datetime | None
    outstanding: Outstanding
    seller_failed_at: datetime | None
    past_due_since: datetime | None
    zone: str
    rolls_over: bool
    chatbots_to_come: int
    # Something else than a renewal may be to happen at period end.
    changes: bool
    # A later month of a period of whose price no more is left than has gone back (R25).
    given_back: bool


async def find_due_sellers(db: Database, at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, seller) of those whose buyers have something due, nearest to the root first."""
    rows = await db.fetch(_sql("find_due_sellers"), at, limit)
    return [(row["tenant_id"], row["seller_id"]) for row in rows]


async def find_due_above(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID, at: datetime
) -> list[UUID]:
    """The sellers of those among an account and its ancestors that have something due, nearest to
    the root first: what a shortage decision applies before it decides (R35)."""
    rows = await db.fetch(_sql("find_due_above"), tenant_id, account_id, at)
    return [row["seller_id"] for row in rows]


async def is_held_above(db: Database, tenant_id: UUID, account_id: UUID, at: datetime) -> bool:
    """Whether something of an account or its ancestors is due and could begin: asked after it was to
    begin, others hold it."""
    return bool(await db.fetchval(_sql("is_held_above"), tenant_id, account_id, at))


async def is_renewing_above(
    tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime
) -> bool:
    """Whether an account or one of its ancestors has something due or a renewal under way."""
    return bool(await tx.fetchval(_sql("is_renewing_above"), tenant_id, account_id, at))


async def is_to_come_above(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether a renewal of an account's ancestors is under way and may bring what those are short of."""
    return bool(await tx.fetchval(_sql("is_renewal_to_come_above"), tenant_id, account_id))


async def take_due(
    tx: Transaction,
    tenant_id: UUID,
    seller_id: UUID,
    at: datetime,
    limit: int,
    only: UUID | None = None,
) -> list[Due]:
    """Lock up to ``limit`` of a seller's due buyers that nobody has locked (or the one named), and
    read what is due of them. The caller has locked the seller's pool."""
    rows = await tx.fetch(_sql("lock_due_buyers"), tenant_id, seller_id, at, limit, only)
    buyers = [row["account_id"] for row in rows]
    if not buyers:
        return []
    return await read_due(tx, tenant_id, seller_id, buyers, at)


async def read_due(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, buyers: Sequence[UUID], at: datetime
) -> list[Due]:
    """What is due of some of a seller's buyers, whose pools are locked."""
    rows = await tx.fetch(_sql("read_due"), tenant_id, list(buyers), at, seller_id)
    return [_due(row) for row in rows]


async def find_due_buyers(
    db: Database, tenant_id: UUID, seller_id: UUID, at: datetime, limit: int
) -> list[UUID]:
    """A seller's buyers with something due, in the order in which they are taken."""
    rows = await db.fetch(_sql("find_due_buyers"), tenant_id, seller_id, at, limit)
    return [row["account_id"] for row in rows]


async def put_off_buyer(
    db: Database, tenant_id: UUID, account_id: UUID, at: datetime, until: datetime
) -> None:
    """What is due of a buyer is looked at again at an instant: it cannot be begun as it is."""
    await db.execute(_sql("put_off_buyer"), tenant_id, account_id, at, until)


async def reread(tx: Transaction, tenant_id: UUID, due: Due, at: datetime) -> Due:
    """What is due of a locked subscription now that its terms have changed."""
    rows = await tx.fetch(_sql("read_due"), tenant_id, [due.account_id], at, due.seller_id)
    return next(_due(row) for row in rows if row["subscription_id"] == due.subscription_id)


def _due(row: Any) -> Due:
    card = None
    if row["fingerprint"] is not None:
        card = Card(
            gateway=row["gateway"],
            gateway_account=row["gateway_account"],
            gateway_customer=row["gateway_customer"],
            gateway_method=row["gateway_method"],
            fingerprint=row["fingerprint"],
            label=f"{row['brand']} ending {row['last4']}",
            role=row["role"],
        )
    return Due(
        subscription_id=row["subscription_id"],
        account_id=row["account_id"],
        seller_id=row["seller_id"],
        seller_is_supply=row["seller_is_supply"],
        currency=row["currency"],
        kind=row["kind"],
        package_id=row["package_id"],
        package_version=row["package_version"],
        package_name=row["package_name"],
        credits=row["credits"],
        recurring_minor=row["recurring_minor"],
        credits_price_minor=row["credits_price_minor"],
        price_minor=row["price_minor"],
        interval=row["billing_interval"],
        anchor_at=row["anchor_at"],
        months_done=row["months_done"],
        due_at=row["due_at"],
        card=card,
        paused=row["paused_reason"] is not None,
        retry_at=row["retry_at"],
        out_since=row["out_since"],
        disconnected_at=row["disconnected_at"],
        outstanding=Outstanding(minor=row["owed_minor"], coming_minor=row["coming_minor"]),
        seller_failed_at=row["seller_failed_at"],
        past_due_since=row["past_due_since"],
        zone=row["zone"],
        rolls_over=bool(row["rolls_over"]),
        chatbots_to_come=row["chatbots_to_come"],
        changes=row["changes"],
        given_back=row["given_back"],
    )


async def park(tx: Transaction, tenant_id: UUID, subscription_ids: list[UUID]) -> None:
    """Their renewal is under way: whoever ends it says when they are looked at again."""
    await tx.execute(_sql("park_subscriptions"), tenant_id, subscription_ids)


@dataclass(frozen=True, slots=True)
class Renewed:
    """A subscription that a renewal is for, since when its seller fails it, and since when it is
    past due; with its plan's name and its owner's zone, for what is told of it. ``cancelled`` is one
    that was cancelled while the renewal was under way."""

    subscription_id: UUID
    package_name: str | None
    zone: str
    seller_failed_at: datetime | None
    past_due_since: datetime | None
    cancelled: bool = False


async def read_renewed(tx: Transaction, tenant_id: UUID, purchase_id: UUID) -> list[Renewed]:
    """The subscriptions that a renewal is for."""
    rows = await tx.fetch(_sql("read_renewed"), tenant_id, purchase_id)
    return [Renewed(**dict(row)) for row in rows]


async def note_failed(
    tx: Transaction,
    *,
    tenant_id: UUID,
    subscription_ids: list[UUID],
    reason: str,
    wake_at: datetime | None,
    own_fault: bool,
    at: datetime,
) -> None:
    """A renewal was not done. ``own_fault``: the subscriber's card, so that it is past due from then
    on; otherwise its seller could not be secured. ``wake_at`` is when it is tried again, None when
    only somebody's act brings that."""
    await tx.execute(
        _sql("note_renewal_failed"), tenant_id, subscription_ids, reason, wake_at, own_fault, at
    )


async def wake(
    tx: Transaction, tenant_id: UUID, subscription_ids: list[UUID], at: datetime
) -> None:
    """Look at subscriptions now, whatever they wait for."""
    await tx.execute(_sql("wake_subscriptions"), tenant_id, subscription_ids, at)


async def wake_past_due(
    tx: Transaction, tenant_id: UUID, account_ids: Sequence[UUID], at: datetime
) -> set[UUID]:
    """What accounts are past due is tried now; the sellers that it is due to."""
    rows = await tx.fetch(_sql("wake_past_due"), tenant_id, list(account_ids), at)
    return {row["seller_id"] for row in rows}


async def wake_for_sellers(
    tx: Transaction, tenant_id: UUID, seller_ids: Sequence[UUID], at: datetime
) -> set[UUID]:
    """The renewals that sellers could not furnish are tried now; the sellers of any."""
    rows = await tx.fetch(_sql("wake_for_sellers"), tenant_id, list(seller_ids), at)
    return {row["seller_id"] for row in rows}


async def wake_after_outage(tx: Transaction, tenant_id: UUID, at: datetime) -> set[UUID]:
    """A gateway answers again: the renewals of a tenant that could not be furnished are tried now;
    the sellers of any."""
    rows = await tx.fetch(_sql("wake_after_outage"), tenant_id, at)
    return {row["seller_id"] for row in rows}


async def is_group_forming(tx: Transaction, tenant_id: UUID, seller_id: UUID, at: datetime) -> bool:
    """Whether cards of a seller's buyers are still to be held for renewals that are due: until then
    it is not known what the seller has to buy for the group (R35)."""
    return bool(await tx.fetchval(_sql("is_group_forming"), tenant_id, seller_id, at))


async def read_waiting_renewals(tx: Transaction, tenant_id: UUID, seller_id: UUID) -> set[UUID]:
    """The renewals that wait on a seller's pool."""
    rows = await tx.fetch(_sql("read_waiting_renewals"), tenant_id, seller_id)
    return {row["purchase_id"] for row in rows}


async def read_for_renewals(tx: Transaction, tenant_id: UUID, seller_id: UUID) -> set[UUID]:
    """The purchases that wait on a seller's pool and are renewals, or were made for some."""
    rows = await tx.fetch(_sql("read_for_renewals"), tenant_id, seller_id)
    return {row["operation_id"] for row in rows}


async def find_open(db: Database, tenant_id: UUID, account_id: UUID) -> list[UUID]:
    """The renewals under way of an account and its ancestors."""
    rows = await db.fetch(_sql("find_open_renewals"), tenant_id, account_id)
    return [row["purchase_id"] for row in rows]


async def find_overdue(
    db: Database, past_due_before: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of up to ``limit`` accounts of which something is past due since before an
    instant, those that are so the longest first."""
    rows = await db.fetch(_sql("find_overdue"), past_due_before, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def suspend_overdue(
    tx: Transaction, tenant_id: UUID, account_id: UUID, past_due_before: datetime
) -> list[dict[str, Any]]:
    """Suspend what an account has that is past due since before an instant; the rows that were."""
    rows = await tx.fetch(_sql("suspend_overdue"), tenant_id, account_id, past_due_before)
    return [dict(row) for row in rows]
