"""Purchases and their charges as records: each state, who drives it, and what an intent is made of
(written by ``intents``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.period import Period
from brimful.domain.planning import Served
from brimful.domain.reason import Reason

_sql = partial(load, "brimful.billing")

PurchaseState = Literal[
    "planned", "created", "authenticating", "waiting", "capturing", "canceling", "delivered",
    "failed",
]  # fmt: skip
Mode = Literal["charge", "hold", "receivable"]
Origin = Literal["by_hand", "auto_billing", "renewal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A subscription as it runs once its line is delivered: the period and month it was priced for,
    when the next is due, and the credits of a month where they are not those of the line (R34, R37).
    ``begins_period``: the line pays for a period that begins, not for a change within one.
    """

    subscription_id: UUID
    period: Period
    months_done: int
    due_at: datetime
    begins_period: bool
    credits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """One line of a purchase; ``amount_minor`` now, ``recurring_minor`` each later period.

    ``credits_cost_minor`` is the part of the price that its credits carry (R25), ``credits_end_at``
    when they end if they are a plan's (R36), ``runs`` what recurs from it on.
    """

    kind: Literal["subscription", "additional_credits", "extra_chatbots", "receivable"]
    package_id: UUID | None
    package_version: int | None
    quantity: int
    credits: int
    chatbots: int
    amount_minor: int
    recurring_minor: int
    credits_cost_minor: int = 0
    credits_end_at: datetime | None = None
    runs: Runs | None = None


def collecting(amount_minor: int) -> PurchaseLine:
    """The line by which a charge collects what was outstanding (R26)."""
    return PurchaseLine(
        kind="receivable",
        package_id=None,
        package_version=None,
        quantity=1,
        credits=0,
        chatbots=0,
        amount_minor=amount_minor,
        recurring_minor=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPurchase:
    """An intent, to be committed before the first byte leaves for the gateway (R21)."""

    tenant_id: UUID
    purchase_id: UUID
    buyer_id: UUID
    seller_id: UUID
    origin: Origin
    mode: Mode
    state: PurchaseState
    amount_minor: int
    currency: str
    lines: tuple[PurchaseLine, ...]
    demand_id: UUID | None
    trigger: str
    explanation: Mapping[str, object]
    present: bool = False
    for_renewals: bool = False
    served: tuple[Served, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase with its charge (None when nothing is charged)."""

    tenant_id: UUID
    purchase_id: UUID
    buyer_id: UUID
    seller_id: UUID
    origin: Origin
    mode: Mode
    state: PurchaseState
    reason: str | None
    amount_minor: int
    currency: str
    credits: int
    chatbots: int
    demand_id: UUID | None
    trigger_kind: str
    explanation: dict[str, Any]
    planned_at: datetime
    tries: int
    # No request of the present step was made before (R22).
    step_real_at: datetime
    # The token of who drives it, or drove it last.
    fence: int
    charge_id: UUID | None
    gateway: str | None
    gateway_account: str | None
    gateway_customer: str | None
    gateway_method: str | None
    fingerprint: str | None
    card: str | None
    payment_id: str | None
    charge_minor: int | None
    capture: Literal["automatic", "manual"] | None
    charge_state: str | None
    decline_code: str | None
    decline_hard: bool | None
    attempted_at: datetime | None
    present: bool
    wake_real_at: datetime | None
    refund_asked_real_at: datetime | None = None
    # When this was read, its card had soft declines that count, and its gateway account did not answer (R29).
    soft_declined: bool = False
    outage_open: bool = False

    @property
    def declined(self) -> bool:
        """Its card's decline is what it is cancelled for, so that whoever waited for it was told then;
        a decline that is learnt of later changes nothing of that (R20, R29)."""
        return self.reason in (Reason.card_declined, Reason.authentication_required)

    @property
    def goes_back(self) -> bool:
        """Its money was taken and is to go back: nothing can be delivered for it (R17)."""
        return self.state == "canceling" and self.charge_state == "captured"

    @property
    def automatic(self) -> bool:
        """An auto-billing."""
        return self.origin == "auto_billing"

    @property
    def by_owner(self) -> bool:
        """A person pays, by hand or present at the bank: the owner acts (R29)."""
        return self.origin == "by_hand" or self.present

    @property
    def is_asked(self) -> bool:
        """It is on its way to the card, whose answer is not known."""
        return self.state in ("planned", "created")

    @property
    def ended(self) -> bool:
        """Nothing will happen to it any more."""
        return self.state in ("delivered", "failed")


# What a row of a purchase is made of.
COLUMNS = tuple(field.name for field in fields(Purchase))


async def read_purchase(
    tx: Transaction | Database, tenant_id: UUID, purchase_id: UUID
) -> Purchase | None:
    """A purchase with its charge."""
    found = await read_purchases(tx, tenant_id, [purchase_id])
    return found[0] if found else None


async def read_purchases(
    tx: Transaction | Database, tenant_id: UUID, purchase_ids: Sequence[UUID]
) -> list[Purchase]:
    """Purchases with their charges, in the order of their ids."""
    rows = await tx.fetch(_sql("read_purchases"), tenant_id, list(purchase_ids))
    return [Purchase(**dict(row)) for row in rows]


async def lock_purchase(tx: Transaction, tenant_id: UUID, purchase_id: UUID) -> Purchase:
    """One purchase, as ``lock_purchases``."""
    [purchase] = await lock_purchases(tx, tenant_id, [purchase_id])
    return purchase


async def lock_purchases(
    tx: Transaction, tenant_id: UUID, purchase_ids: Sequence[UUID]
) -> list[Purchase]:
    """Purchases with their charges, in the order of their ids, locked until the transaction ends, and
    before them the pools of their buyers and sellers, in the one order that everybody uses."""
    rows = await tx.fetch(_sql("lock_purchases"), tenant_id, list(purchase_ids))
    return [Purchase(**dict(row)) for row in rows]


async def read_lines(
    tx: Transaction | Database, tenant_id: UUID, purchase_id: UUID
) -> list[dict[str, Any]]:
    """The lines of a purchase with the terms of their package's version."""
    rows = await tx.fetch(_sql("read_purchase_lines"), tenant_id, purchase_id)
    return [dict(row) for row in rows]


async def read_lines_of(
    db: Transaction | Database, tenant_id: UUID, purchase_ids: list[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """The lines of several purchases, as far as they are shown, by purchase."""
    lines: dict[UUID, list[dict[str, Any]]] = {key: [] for key in purchase_ids}
    for row in await db.fetch(_sql("read_lines_of_purchases"), tenant_id, purchase_ids):
        lines[row["purchase_id"]].append(dict(row))
    return lines


async def is_at_gateway(tx: Transaction, tenant_id: UUID, buyer_id: UUID) -> bool:
    """A purchase of the account is open that a shortage waits for (R19)."""
    return bool(await tx.fetchval(_sql("purchase_at_gateway"), tenant_id, buyer_id))


async def set_state(
    tx: Transaction,
    purchase: Purchase,
    state: PurchaseState,
    *,
    moment: Moment,
    reason: str | None = None,
) -> None:
    """Move a locked purchase to a state. Whoever drives purchases finds it due at once, unless the
    state is one that waits for somebody else or is the last."""
    ended = state in ("delivered", "failed")
    await tx.execute(
        _sql("set_purchase_state"),
        purchase.tenant_id,
        purchase.purchase_id,
        state,
        reason,
        None if ended or state == "waiting" else moment.real_at,
        moment.at if ended else None,
    )


async def set_charge_state(
    tx: Transaction,
    purchase: Purchase,
    state: Literal["captured", "canceled", "refunded"],
    *,
    captured_at: datetime | None = None,
) -> None:
    """Record what is known of the charge."""
    await tx.execute(
        _sql("set_charge_state"),
        purchase.tenant_id,
        purchase.purchase_id,
        state,
        captured_at,
    )


async def has_open(tx: Transaction, tenant_id: UUID, buyer_id: UUID) -> bool:
    """A purchase of the account is under way."""
    return bool(await tx.fetchval(_sql("has_open_purchase"), tenant_id, buyer_id))


async def has_subscription(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """The account has a plan, or a purchase of one is under way."""
    return bool(await tx.fetchval(_sql("has_subscription"), tenant_id, account_id))
