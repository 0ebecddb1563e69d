"""Refunds, disputes and the debts they leave, as rows (R25)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.billing.purchases import Purchase, lock_purchase
from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.payment import DisputeFact, DisputeState
from brimful.domain.reason import Reason
from brimful.domain.refunds import Dispute, Refund, RefundStage

_sql = partial(load, "brimful.billing")

# In these a refund has had its last word or is done; it is not looked at again by itself.
_AT_REST = ("refused", "succeeded", "canceled", "failed")


@dataclass(frozen=True, slots=True)
class KnownRefund:
    """A refund as it is recorded."""

    refund_id: UUID
    line: int | None
    amount_minor: int
    state: RefundStage
    gateway_refund: str | None
    origin: Literal["here", "elsewhere"]

    @property
    def refund(self) -> Refund:
        """What it means for credits."""
        return Refund(amount_minor=self.amount_minor, state=self.state, line=self.line)


@dataclass(frozen=True, slots=True)
class KnownDispute:
    """A dispute as it is recorded."""

    dispute_id: UUID
    amount_minor: int
    state: DisputeState
    gateway_dispute: str

    @property
    def dispute(self) -> Dispute:
        """What it means for credits."""
        return Dispute(amount_minor=self.amount_minor, state=self.state)


@dataclass(frozen=True, slots=True)
class Debt:
    """What an account owes for credits of a purchase, to the seller that it bought them of."""

    debt_id: UUID
    purchase_id: UUID
    account_id: UUID
    seller_id: UUID


@dataclass(frozen=True, slots=True)
class DueRefund:
    """A refund whose next step is at the gateway."""

    refund_id: UUID
    purchase_id: UUID
    state: RefundStage
    amount_minor: int
    currency: str
    tries: int
    requested_real_at: datetime
    gateway_account: str
    payment_id: str

    @property
    def key(self) -> str:
        """Under which it is sent, every time (R22)."""
        return refund_key(self.gateway_account, self.refund_id)


def refund_key(gateway_account: str, refund_id: UUID) -> str:
    """The idempotency key of a refund: it names the account charged and the refund."""
    return f"refund-{gateway_account}-{refund_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """A refund to be recorded: requested here, or learnt of from the gateway."""

    refund_id: UUID
    line: int | None
    amount_minor: int
    state: RefundStage
    origin: Literal["here", "elsewhere"]
    gateway_refund: str | None = None


async def find_charge(
    db: Transaction | Database, tenant_id: UUID, charge_id: UUID, account_id: UUID
) -> UUID | None:
    """The purchase of a charge on an account's card."""
    found: UUID | None = await db.fetchval(_sql("find_charge"), tenant_id, charge_id, account_id)
    return found


async def read_refunds(tx: Transaction, purchase: Purchase) -> list[KnownRefund]:
    """The refunds of a locked purchase, oldest first."""
    rows = await tx.fetch(_sql("read_refunds"), purchase.tenant_id, purchase.purchase_id)
    return [KnownRefund(**dict(row)) for row in rows]


async def read_disputes(tx: Transaction, purchase: Purchase) -> list[KnownDispute]:
    """The disputes of a locked purchase, oldest first."""
    rows = await tx.fetch(_sql("read_disputes"), purchase.tenant_id, purchase.purchase_id)
    return [KnownDispute(**dict(row)) for row in rows]


async def open_refund(tx: Transaction, purchase: Purchase, new: NewRefund, moment: Moment) -> None:
    """Record a refund of a locked purchase's charge; one that is not at rest is due at once."""
    at_rest = new.state in _AT_REST
    await tx.execute(
        _sql("open_refund"),
        purchase.tenant_id,
        new.refund_id,
        purchase.purchase_id,
        purchase.charge_id,
        purchase.buyer_id,
        new.line,
        new.amount_minor,
        purchase.currency,
        new.origin,
        new.state,
        new.gateway_refund,
        moment.at,
        moment.real_at,
        moment.at if at_rest else None,
        None if at_rest else moment.real_at,
    )


async def set_refund(
    tx: Transaction,
    tenant_id: UUID,
    refund_id: UUID,
    state: RefundStage,
    *,
    moment: Moment,
    gateway_refund: str | None = None,
    code: str | None = None,
) -> None:
    """Move a refund of a locked purchase to a state."""
    at_rest = state in _AT_REST
    await tx.execute(
        _sql("set_refund"),
        tenant_id,
        refund_id,
        state,
        gateway_refund,
        code,
        moment.at if at_rest else None,
        None if at_rest else moment.real_at,
    )


async def forget_refund(tx: Transaction, tenant_id: UUID, refund_id: UUID) -> None:
    """Drop what was taken for a refund made elsewhere and is one that was made here."""
    await tx.execute(_sql("forget_refund"), tenant_id, refund_id)


async def open_dispute(
    tx: Transaction, purchase: Purchase, fact: DisputeFact, moment: Moment
) -> UUID:
    """Record a dispute of a locked purchase's charge; returns its id."""
    dispute_id = new_id()
    await tx.execute(
        _sql("open_dispute"),
        purchase.tenant_id,
        dispute_id,
        purchase.purchase_id,
        purchase.charge_id,
        purchase.buyer_id,
        fact.dispute_id,
        fact.amount_minor,
        purchase.currency,
        fact.state,
        moment.at,
        moment.at if fact.state in ("won", "lost") else None,
    )
    return dispute_id


async def set_dispute(
    tx: Transaction, tenant_id: UUID, dispute_id: UUID, fact: DisputeFact, moment: Moment
) -> None:
    """Move a dispute of a locked purchase to a later state."""
    ended_at = moment.at if fact.state in ("won", "lost") else None
    await tx.execute(
        _sql("set_dispute"), tenant_id, dispute_id, fact.state, fact.amount_minor, ended_at
    )


async def claim(
    db: Database, *, tenant_id: UUID, refund_id: UUID, real_at: datetime, until: datetime
) -> DueRefund | None:
    """Take the lease on a refund's next step; None when it is not due or another has it."""
    row = await db.fetchrow(_sql("claim_refund"), tenant_id, refund_id, real_at, until)
    return None if row is None else DueRefund(**dict(row))


async def release(db: Database, tenant_id: UUID, refund_id: UUID, next_real_at: datetime) -> None:
    """Give the lease back; if the refund is not at rest, its next step is due at ``next_real_at``."""
    await db.execute(_sql("release_refund"), tenant_id, refund_id, next_real_at)


async def find_due(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Refunds whose next step is due and that nobody drives: (tenant, refund)."""
    rows = await db.fetch(_sql("find_due_refunds"), real_at, limit)
    return [(row["tenant_id"], row["refund_id"]) for row in rows]


async def read_refund(
    db: Transaction | Database, tenant_id: UUID, refund_id: UUID
) -> dict[str, Any] | None:
    """A refund as it is shown."""
    row = await db.fetchrow(_sql("read_refund"), tenant_id, refund_id)
    return None if row is None else dict(row)


async def pause_card(tx: Transaction, purchase: Purchase, reason: Reason, moment: Moment) -> None:
    """Pause auto-billing on the card of a purchase (R25)."""
    await tx.execute(
        _sql("pause_card"),
        purchase.tenant_id,
        purchase.gateway_account,
        purchase.fingerprint,
        str(reason),
        moment.at,
    )


async def list_debts(
    db: Database,
    *,
    tenant_id: UUID,
    account_id: UUID,
    of_buyers: bool,
    after: UUID | None,
    limit: int,
    seen_by: UUID | None = None,
) -> list[dict[str, Any]]:
    """A page of the debts of an account, or of those of its buyers, newest first: all of them, or
    those that are owed to ``seen_by`` or below it."""
    rows = await db.fetch(
        _sql("list_debts"), tenant_id, account_id, after, limit, of_buyers, seen_by
    )
    return [dict(row) for row in rows]


async def read_debt(
    tx: Transaction, *, tenant_id: UUID, debt_id: UUID, account_id: UUID, of_buyers: bool
) -> Debt | None:
    """A debt of an account, or, ``of_buyers``, one that a buyer has to it; None when there is none."""
    row = await tx.fetchrow(_sql("read_debt"), tenant_id, debt_id, account_id, of_buyers)
    return None if row is None else Debt(**dict(row))


async def clear_debt(
    tx: Transaction, *, tenant_id: UUID, debt: Debt, given_by: str, moment: Moment
) -> bool:
    """Let go of what an account owes; True when it owed something."""
    # Whoever takes what has come free holds these, and has read what is cleared: not both (R25).
    await lock_purchase(tx, tenant_id, debt.purchase_id)
    row = (tenant_id, debt.debt_id, given_by, moment.at)
    return await tx.fetchval(_sql("clear_debt"), *row) is not None
