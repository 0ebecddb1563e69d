"""Amounts too small to charge, collected with the next charge (R26)."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What an account owes and no charge collects yet, the part of it that purchases by hand left,
    and what it will owe besides: for open purchases too small to charge, and if charges under way
    fail that would collect; minor units of its seller's currency."""

    minor: int = 0
    by_hand_minor: int = 0
    coming_minor: int = 0


async def claim(tx: Transaction, tenant_id: UUID, account_id: UUID, purchase_id: UUID) -> None:
    """Let a purchase collect all that is outstanding; no other will meanwhile."""
    await tx.execute(_sql("claim_receivables"), tenant_id, account_id, purchase_id)


async def unclaim(tx: Transaction, tenant_id: UUID, purchase_id: UUID) -> None:
    """A purchase failed: what it would have collected is outstanding again."""
    await tx.execute(_sql("unclaim_receivables"), tenant_id, purchase_id)
