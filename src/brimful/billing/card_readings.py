"""Saved cards as the gateway shows them later: networks replace cards, people detach them (R27, R29)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.payment import SavedMethod

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCard:
    """A card that was saved here: whose it is, under which gateway account and for which customer
    there, what its owner knows it by, and whether it was removed since."""

    tenant_id: UUID
    account_id: UUID
    method_id: UUID
    gateway_account: str
    gateway_customer: str
    gateway_method: str
    label: str
    removed: bool

    def is_shown_by(self, reading: SavedMethod) -> bool:
        """Whether a reading is of this card, with the customer that it was saved for."""
        shown = (reading.method_id, reading.customer_id)
        return shown == (self.gateway_method, self.gateway_customer)


async def find_stored_card(db: Database, gateway: str, gateway_method: str) -> StoredCard | None:
    """The card that a gateway's id names, whoever's it is; None for one that was never saved here."""
    row = await db.fetchrow(_sql("find_stored_card"), gateway, gateway_method)
    return None if row is None else StoredCard(**dict(row))


async def note_reading(
    tx: Transaction, card: StoredCard, reading: SavedMethod, asked_real_at: datetime
) -> bool:
    """Write down what the gateway, asked at an instant of real time, says of a card in use, unless a
    later answer is written already; the pool of its account is locked. True when its fingerprint is
    another from now on, so that it counts as a new card (R29)."""
    is_another = await tx.fetchval(
        _sql("note_card_reading"),
        card.tenant_id,
        card.account_id,
        card.method_id,
        asked_real_at,
        reading.fingerprint,
        reading.brand,
        reading.last4,
        reading.exp_month,
        reading.exp_year,
    )
    return bool(is_another)
