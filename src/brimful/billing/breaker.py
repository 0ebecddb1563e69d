"""The breaker of a card: what it did lately decides whether it may be tried (R29).

Keyed by tenant, gateway account charged and card fingerprint. The attempts in vain are the declined
charges themselves, so nothing has to be kept or pruned for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from brimful.billing.cards import list_cards
from brimful.billing.purchases import COLUMNS, Purchase
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.declines import (
    THIRTY_DAYS,
    CardRecord,
    Decline,
    Pause,
    RetryFrom,
    after_decline,
    next_attempt,
)
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason

_sql = partial(load, "brimful.billing")

# The gateway account charged, and the card's fingerprint.
CardKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CardState:
    """A card's record, from when on it may be tried (None: now), and how many attempts at it have
    no answer yet."""

    record: CardRecord
    retry_at: datetime | None
    under_way: int


def key_of(purchase: Purchase) -> CardKey:
    """The card that a purchase is charged to."""
    assert purchase.gateway_account is not None and purchase.fingerprint is not None
    return purchase.gateway_account, purchase.fingerprint


async def read_cards(
    tx: Transaction, tenant_id: UUID, cards: Sequence[CardKey], at: datetime
) -> dict[CardKey, CardState]:
    """What some cards did lately, none of which begins or ends an attempt elsewhere until this
    transaction ends. Pools are locked before cards."""
    keys = sorted(set(cards))
    accounts, fingerprints = [key[0] for key in keys], [key[1] for key in keys]
    rows = await tx.fetch(_sql("read_cards"), tenant_id, accounts, fingerprints, at - THIRTY_DAYS)
    return {(row["gateway_account"], row["fingerprint"]): _state(row) for row in rows}


async def lock_to_begin(
    tx: Transaction, tenant_id: UUID, purchase_ids: Sequence[UUID], at: datetime
) -> tuple[list[Purchase], dict[CardKey, CardState]]:
    """Lock purchases whose payments were created, as by ``purchases.lock_purchases``, with what the cards did
    lately of those whose attempts are to begin, as by ``read_cards``: in one round trip."""
    rows = await tx.fetch(_sql("lock_to_begin"), tenant_id, list(purchase_ids), at - THIRTY_DAYS)
    locked = [Purchase(**{name: row[name] for name in COLUMNS}) for row in rows]
    cards = {
        key_of(purchase): _state(row)
        for purchase, row in zip(locked, rows, strict=True)
        if row["begins"]
    }
    return locked, cards


def _state(row: Any) -> CardState:
    return CardState(
        CardRecord(
            soft_declines=row["soft_declines"],
            first_declined_at=row["first_declined_at"],
            paused=None if row["paused_reason"] is None else Reason(row["paused_reason"]),
            attempts=tuple(row["attempts"]),
        ),
        row["retry_at"],
        row["under_way"],
    )


async def note_decline(tx: Transaction, purchase: Purchase, moment: Moment) -> Pause | RetryFrom:
    """Move the breaker of the card that a purchase was declined on, which its charge says already;
    returns what follows.

    Several who pay with one card may try it in the same hour: what was tried before the first of
    them was known to be declined counts as an attempt, but is not the next of the schedule.
    """
    key = key_of(purchase)
    card = (await read_cards(tx, purchase.tenant_id, [key], moment.at))[key]
    again = not purchase.by_owner and not purchase.decline_hard
    if again and card.retry_at is not None and moment.at < card.retry_at:
        record, verdict = card.record, next_attempt(card.record, moment.at)
        if isinstance(verdict, Pause):
            record = replace(record, paused=verdict.reason)
    else:
        record, verdict = after_decline(
            card.record,
            Decline(
                at=moment.at,
                code=purchase.decline_code or "",
                hard=bool(purchase.decline_hard),
            ),
        )
    await _write(tx, purchase.tenant_id, key, record, verdict, moment.at)
    return verdict


async def _write(
    tx: Transaction,
    tenant_id: UUID,
    key: CardKey,
    record: CardRecord,
    verdict: Pause | RetryFrom,
    at: datetime,
) -> None:
    paused = isinstance(verdict, Pause)
    await tx.execute(
        _sql("note_decline_on_card"),
        tenant_id,
        *key,
        record.soft_declines,
        record.first_declined_at,
        None if isinstance(verdict, Pause) or verdict.at <= at else verdict.at,
        str(verdict.reason) if isinstance(verdict, Pause) else None,
        at if paused else None,
    )


async def clear(tx: Transaction, purchase: Purchase, at: datetime) -> bool:
    """A purchase by hand succeeded on the card: it may be tried again, and what was in vain before
    does not count any more (R29). True when it was paused or had to wait until now."""
    key = key_of(purchase)
    return bool(await tx.fetchval(_sql("clear_card"), purchase.tenant_id, *key, at))


async def forget_soft_declines(
    tx: Transaction, purchases: Sequence[Purchase], at: datetime
) -> None:
    """The cards of some purchases of one tenant were charged, so the next soft decline is a first
    one again. A pause stays, and so do the attempts that were in vain."""
    declined = [purchase for purchase in purchases if purchase.soft_declined]
    if declined:
        await tx.execute(
            _sql("forget_soft_declines"),
            declined[0].tenant_id,
            [purchase.gateway_account for purchase in declined],
            [purchase.fingerprint for purchase in declined],
            at,
        )


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


async def clear_cards(tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime) -> None:
    """The owner acted: the cards on file may be tried again, as soon as the counts of attempts allow
    it; these prove nothing yet (R29)."""
    on_file = await list_cards(tx, tenant_id, account_id)
    keys = [(card["gateway_account"], card["fingerprint"]) for card in on_file]
    for key, card in (await read_cards(tx, tenant_id, keys, at)).items():
        if card.record.soft_declines or card.record.paused is not None or card.retry_at is not None:
            record = CardRecord(attempts=card.record.attempts)
            await _write(tx, tenant_id, key, record, next_attempt(record, at), at)
