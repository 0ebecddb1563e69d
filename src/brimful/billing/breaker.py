"""The breaker of a card: what it did lately decides whether it may be tried (R29)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.billing.buyers import BuyerFacts
from brimful.billing.purchases import Purchase
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.declines import Pause, RetryFrom, after_decline
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


async def note_decline(tx: Transaction, purchase: Purchase, moment: Moment) -> Pause | RetryFrom:
    """Move the breaker of the card that a purchase was declined on; returns what follows.

    Several who pay with one card may try it in the same hour: what was tried before the first of
    them was known to be declined is the same attempt, not the next.
    """
    row = await tx.fetchrow(
        _sql("read_breaker"), purchase.tenant_id, purchase.gateway_account, purchase.fingerprint
    )
    gate = None if row is None else row["retry_at"]
    again = purchase.origin != "by_hand" and not purchase.decline_hard
    if again and gate is not None and moment.at < gate:
        return RetryFrom(gate)
    soft = row["soft_declines"] if row is not None else 0
    first = row["first_declined_at"] if row is not None else None
    verdict = after_decline(
        hard=bool(purchase.decline_hard),
        code=purchase.decline_code or "",
        soft_declines=soft,
        first_declined_at=first,
        at=moment.at,
    )
    paused = isinstance(verdict, Pause)
    await tx.execute(
        _sql("note_decline_on_card"),
        purchase.tenant_id,
        purchase.gateway_account,
        purchase.fingerprint,
        soft + (0 if purchase.decline_hard else 1),
        first or moment.at,
        None if isinstance(verdict, Pause) else verdict.at,
        str(verdict.reason) if isinstance(verdict, Pause) else None,
        moment.at if paused else None,
    )
    return verdict


async def clear(tx: Transaction, purchase: Purchase) -> bool:
    """A purchase by hand succeeded on the card: it may be tried again (R29). True when it was
    paused or had to wait until now."""
    cleared = await tx.fetchval(
        _sql("clear_card"), purchase.tenant_id, purchase.gateway_account, purchase.fingerprint
    )
    return cleared is not None


async def forget_soft_declines(tx: Transaction, purchases: Sequence[Purchase]) -> None:
    """The cards of some purchases of one tenant were charged, so the next soft decline is a first
    one again; a pause stays."""
    await tx.execute(
        _sql("forget_soft_declines"),
        purchases[0].tenant_id,
        [purchase.gateway_account for purchase in purchases],
        [purchase.fingerprint for purchase in purchases],
    )


async def next_try(tx: Transaction, purchase: Purchase, at: datetime) -> datetime | None:
    """From when on the card of a purchase may be tried again; None while it is paused (R29)."""
    row = await tx.fetchrow(
        _sql("read_breaker"), purchase.tenant_id, purchase.gateway_account, purchase.fingerprint
    )
    if row is None:
        return at
    return None if row["paused_reason"] is not None else max(at, row["retry_at"] or at)


async def accounts_on_card(tx: Transaction, purchase: Purchase) -> list[UUID]:
    """The accounts whose auto-billing is on and charges the card of a purchase."""
    rows = await tx.fetch(
        _sql("read_accounts_on_card"),
        purchase.tenant_id,
        purchase.gateway_account,
        purchase.fingerprint,
    )
    return [row["account_id"] for row in rows]


async def payers_with_card(tx: Transaction, purchase: Purchase) -> list[UUID]:
    """The accounts that have the card of a purchase on file at the same seller's gateway account."""
    rows = await tx.fetch(
        _sql("read_payers_with_card"),
        purchase.tenant_id,
        purchase.gateway_account,
        purchase.fingerprint,
    )
    return [row["account_id"] for row in rows]


async def clear_card(tx: Transaction, facts: BuyerFacts) -> None:
    """The owner acted: the card on file may be tried again (R29)."""
    if facts.card is not None:
        await tx.execute(
            _sql("clear_card"),
            facts.tenant_id,
            facts.card.gateway_account,
            facts.card.fingerprint,
        )
