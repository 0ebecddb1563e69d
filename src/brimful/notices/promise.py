"""Promising a notice, in the same transaction as what it tells (R16, R42)."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.notices.catalogue import compose

_sql = partial(load, "brimful.notices")


async def promise(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    kind: str,
    subject_id: UUID,
    episode: str,
    facts: Mapping[str, object],
    moment: Moment,
) -> None:
    """Promise the owner of an account one notice for this kind, subject and episode.

    Promised again, nothing happens (unique in the database). Its mail is sent later by whoever is
    there; nothing about it can hold up money. ``facts`` are plain values for the text.
    """
    text = compose(kind, facts)
    notice_id = new_id()
    written = await tx.fetchval(
        _sql("promise_notice"),
        tenant_id,
        notice_id,
        account_id,
        kind,
        subject_id,
        episode,
        text.title,
        text.body,
        dict(facts),
        moment.at,
    )
    if written is not None:
        await tx.execute(_sql("promise_mail"), tenant_id, notice_id, moment.real_at)


async def is_promised(
    tx: Transaction, tenant_id: UUID, account_id: UUID, *, kind: str, subject_id: UUID, episode: str
) -> bool:
    """Whether the owner of an account was promised a notice of this kind, subject and episode."""
    return bool(
        await tx.fetchval(_sql("is_promised"), tenant_id, account_id, kind, subject_id, episode)
    )
