"""The card on file of an account: saved for use without its owner, replaced, removed (R27)."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.payment import SavedMethod

_sql = partial(load, "brimful.billing")


async def read_card(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> dict[str, Any] | None:
    """The card in use, None when there is none."""
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
    moment: Moment,
) -> UUID:
    """Put a saved card in the place of the one in use; returns its id."""
    await remove_card(tx, tenant_id, account_id, None, moment)
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
    )
    return method_id


async def remove_card(
    tx: Transaction, tenant_id: UUID, account_id: UUID, method_id: UUID | None, moment: Moment
) -> bool:
    """Take the card of this id (None: the one in use) out of use; False when it is not in use."""
    removed = await tx.fetchval(
        _sql("remove_card"), tenant_id, account_id, moment.at, moment.real_at, method_id
    )
    return removed is not None


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
