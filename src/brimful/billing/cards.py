"""The card on file of an account: saved for use without its owner, replaced, removed (R27)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.payment import SavedMethod

_sql = partial(load, "brimful.billing")

Role = Literal["primary", "backup"]


async def is_charged_at(
    tx: Transaction, tenant_id: UUID, account_id: UUID, gateway_account: str
) -> bool:
    """Whether an account is open, and a card of its own would be charged under this gateway account."""
    return bool(await tx.fetchval(_sql("is_charged_at"), tenant_id, account_id, gateway_account))


async def read_card(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> dict[str, Any] | None:
    """The primary card in use, None when there is none."""
    row = await db.fetchrow(_sql("read_card"), tenant_id, account_id)
    return None if row is None else dict(row)


async def read_customer(db: Database, tenant_id: UUID, account_id: UUID) -> str | None:
    """The account's customer id at its seller's gateway account, from any earlier card."""
    customer: str | None = await db.fetchval(_sql("read_customer"), tenant_id, account_id)
    return customer


async def replace_card(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    gateway: str,
    gateway_account: str,
    saved: SavedMethod,
    role: Role,
    moment: Moment,
) -> UUID:
    """Put a saved card in the place of the one in use in its role; returns its id."""
    await remove_card(tx, tenant_id, account_id, None, moment, role=role)
    method_id = new_id()
    await tx.execute(
        _sql("open_card"),
        tenant_id,
        method_id,
        account_id,
        gateway,
        gateway_account,
        saved.customer_id,
        saved.method_id,
        saved.fingerprint,
        saved.brand,
        saved.last4,
        saved.exp_month,
        saved.exp_year,
        moment.at,
        role,
    )
    return method_id


async def remove_card(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    method_id: UUID | None,
    moment: Moment,
    *,
    role: Role | None = None,
) -> str | None:
    """Take the card of this id (None: the one in use in a role) out of use. Returns the gateway's id
    of it, None when it is not in use; without a primary the backup takes its place."""
    removed = await tx.fetchrow(
        _sql("remove_card"), tenant_id, account_id, moment.at, moment.real_at, method_id, role
    )
    if removed is None:
        return None
    if removed["role"] == "primary" and role is None:
        await tx.execute(_sql("set_card_role"), tenant_id, account_id, None, "primary")
    return str(removed["gateway_method"])


async def list_cards(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> list[dict[str, Any]]:
    """The cards in use, the primary first."""
    return [dict(row) for row in await db.fetch(_sql("list_cards"), tenant_id, account_id)]


async def promote(tx: Transaction, tenant_id: UUID, account_id: UUID, method_id: UUID) -> None:
    """Make a card in use the primary, and the one that was so the backup."""
    await tx.execute(_sql("set_card_role"), tenant_id, account_id, None, "backup")
    await tx.execute(_sql("set_card_role"), tenant_id, account_id, method_id, "primary")


@dataclass(frozen=True, slots=True)
class CardToCharge:
    """The card that would be charged without its owner, and whether it may be tried (R29)."""

    fingerprint: str
    label: str
    paused: bool
    retry_at: datetime | None

    def may_be_tried(self, at: datetime) -> bool:
        """Whether it may be tried at an instant."""
        return not self.paused and (self.retry_at is None or self.retry_at <= at)


async def read_to_charge(
    tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime
) -> CardToCharge | None:
    """The primary card, but the backup while only that may be tried; None for no card."""
    row = await tx.fetchrow(_sql("read_card_to_charge"), tenant_id, account_id, at)
    if row is None:
        return None
    return CardToCharge(
        fingerprint=row["fingerprint"],
        label=f"{row['brand']} ending {row['last4']}",
        paused=row["paused_reason"] is not None,
        retry_at=row["retry_at"],
    )


@dataclass(frozen=True, slots=True)
class RemovedCard:
    """A card out of use that the gateway still has."""

    tenant_id: UUID
    method_id: UUID
    gateway_account: str
    gateway_method: str


async def take_undetached(db: Database, moment: Moment, limit: int) -> list[RemovedCard]:
    """Take removed cards that are to be removed at the gateway as well; not noted as detached
    within a minute, each is due again. A card that an open charge uses is left."""
    rows = await db.fetch(_sql("find_undetached_cards"), moment.real_at, limit)
    return [RemovedCard(**dict(row)) for row in rows]


async def note_detached(db: Database, card: RemovedCard, moment: Moment) -> None:
    """The gateway has it no more."""
    await db.execute(_sql("note_detached_card"), card.tenant_id, card.method_id, moment.at)
