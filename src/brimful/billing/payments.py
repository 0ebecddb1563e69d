"""The gateway's side of a charge: the payment's id, what became of it, how often it was tried."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

from brimful.billing.buyers import Card
from brimful.billing.purchases import Purchase
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.event import Ours
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")

# A payment that waits for others on its card to be answered is looked at this often, in real time.
LOOK_AGAIN = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """The charge that an intent will make on a card, in minor units."""

    tenant_id: UUID
    purchase_id: UUID
    account_id: UUID
    card: Card
    amount_minor: int
    currency: str
    capture: Literal["automatic", "manual"]


async def store_payments(
    tx: Transaction,
    tenant_id: UUID,
    payments: Mapping[UUID, str],
    begin: Mapping[UUID, bool],
    moment: Moment,
) -> None:
    """Store the ids of payments by purchase, before they are confirmed (R22), and the way from each
    to its purchase. The attempts that ``begin`` do so now; the others are looked at again soon."""
    await tx.execute(
        _sql("store_payments"),
        tenant_id,
        list(payments.keys()),
        moment.real_at,
        list(payments.values()),
        [begin[purchase_id] for purchase_id in payments],
        moment.real_at + LOOK_AGAIN,
        moment.at,
    )


async def begin_attempts(
    tx: Transaction, tenant_id: UUID, begin: Mapping[UUID, bool], moment: Moment
) -> None:
    """Of purchases whose payments wait to be confirmed: the attempts that ``begin`` do so now, the
    others are looked at again soon."""
    await tx.execute(
        _sql("begin_attempts"),
        tenant_id,
        list(begin.keys()),
        list(begin.values()),
        moment.at,
        moment.real_at + LOOK_AGAIN,
    )


async def note_held(
    tx: Transaction, tenant_id: UUID, capture_before: Mapping[UUID, datetime | None]
) -> None:
    """The cards of some purchases are held, each until an instant if the gateway named one."""
    await tx.execute(
        _sql("note_held"), tenant_id, list(capture_before.keys()), list(capture_before.values())
    )


async def queue(tx: Transaction, tenant_id: UUID, met: Mapping[UUID, bool], moment: Moment) -> None:
    """Held purchases whose demands were registered: each may capture, or waits for its seller."""
    await tx.execute(
        _sql("queue_purchases"), tenant_id, list(met.keys()), list(met.values()), moment.real_at
    )


async def note_decline(
    tx: Transaction, purchase: Purchase, code: str, hard: bool, moment: Moment
) -> None:
    """Keep why and when the card was declined: an attempt in vain (R29)."""
    await tx.execute(
        _sql("note_decline"), purchase.tenant_id, purchase.purchase_id, code, hard, moment.at
    )


async def note_try(
    db: Database, tried: Purchase, next_real_at: datetime, *, counts: bool = True
) -> int:
    """Count a try whose outcome is not known, unless it ``counts`` for nothing, and say when the next is
    due; returns the count, 0 for a purchase that is not in the state any more in which it was
    ``tried``."""
    counted = await db.fetchval(
        _sql("note_try"), tried.tenant_id, tried.purchase_id, next_real_at, tried.state, counts
    )
    return int(counted or 0)


async def note_refund_asked(db: Database, purchase: Purchase, real_at: datetime) -> None:
    """A refund of a charge that cannot be delivered is about to be asked for: kept is the first time
    (R22)."""
    await db.execute(_sql("note_refund_asked"), purchase.tenant_id, purchase.purchase_id, real_at)


async def claim(
    db: Database,
    *,
    tenant_id: UUID,
    fences: Mapping[UUID, int],
    real_at: datetime,
    until: datetime,
) -> list[Purchase]:
    """Take or renew the leases on the next steps of purchases. ``fences`` are the tokens held.

    Returns those that were had as they then are, with their tokens, in the order of their ids; another
    holds the rest, or nothing is to be done.
    """
    rows = await db.fetch(
        _sql("claim_purchases"),
        tenant_id,
        list(fences.keys()),
        list(fences.values()),
        real_at,
        until,
    )
    return [Purchase(**dict(row)) for row in rows]


async def release(db: Database, tenant_id: UUID, fences: Mapping[UUID, int]) -> None:
    """Give leases back, but for those that another has by now."""
    await db.execute(
        _sql("release_purchases"), tenant_id, list(fences.keys()), list(fences.values())
    )


async def find_unheld(db: Database, tenant_id: UUID, purchase_ids: Sequence[UUID]) -> set[UUID]:
    """Of purchases those of which nobody holds the pools and balances that recording them takes."""
    rows = await db.fetch(_sql("find_unheld_purchases"), tenant_id, list(purchase_ids))
    return {row["purchase_id"] for row in rows}


async def put_off(
    db: Database, tenant_id: UUID, claimed: Collection[Purchase], until: datetime
) -> None:
    """The next steps of purchases are due at an instant of real time; not of one that another has, or
    has taken on to its next state, since it was ``claimed``."""
    await db.execute(
        _sql("put_off_purchases"),
        tenant_id,
        [one.purchase_id for one in claimed],
        [one.fence for one in claimed],
        [one.state for one in claimed],
        until,
    )


async def find_due(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID, bool]]:
    """Purchases whose next step is due and that nobody drives: (tenant, purchase, is a renewal). Those
    that are no renewals come first, and of either the tenants take turns (R24)."""
    rows = await db.fetch(_sql("find_due_purchases"), real_at, limit)
    return [(row["tenant_id"], row["purchase_id"], row["renews"]) for row in rows]


async def which_renew(db: Database, tenant_id: UUID, purchase_ids: Sequence[UUID]) -> set[UUID]:
    """Of a tenant's purchases those that are renewals."""
    rows = await db.fetch(_sql("which_renew"), tenant_id, list(purchase_ids))
    return {row["purchase_id"] for row in rows}


async def find_unplanned(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Accounts on whose pools demands wait, registered before ``real_at``, that nobody buys for."""
    rows = await db.fetch(_sql("find_unplanned_pools"), real_at, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPayment:
    """A payment that we made: whose it is, of which purchase, and as what it was stored."""

    tenant_id: UUID
    purchase_id: UUID
    ours: Ours


async def find_stored(db: Database, gateway: str, payment_id: str) -> StoredPayment | None:
    """The payment that we stored by a gateway's payment id; None for one that we never made."""
    row = await db.fetchrow(_sql("find_stored_payment"), gateway, payment_id)
    if row is None:
        return None
    ours = Ours(
        account_ref=row["gateway_account"],
        payment_id=row["payment_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
    )
    return StoredPayment(tenant_id=row["tenant_id"], purchase_id=row["purchase_id"], ours=ours)
