"""Promising notices, in the same transaction as what they tell (R16, R42)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.notices.catalogue import compose

_sql = partial(load, "brimful.notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """One notice to the owner of an account; ``facts`` are plain values for its text."""

    account_id: UUID
    kind: str
    subject_id: UUID
    episode: str
    facts: Mapping[str, object]


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

    Promised again, nothing happens (unique in the database). Its mail, and the webhooks to whoever
    asked for it, are sent later by whoever is there; nothing about them can hold up money. ``facts``
    are plain values for the text.
    """
    notice = NewNotice(
        account_id=account_id, kind=kind, subject_id=subject_id, episode=episode, facts=facts
    )
    await promise_many(tx, tenant_id, [notice], moment)


async def promise_many(
    tx: Transaction, tenant_id: UUID, notices: Sequence[NewNotice], moment: Moment
) -> None:
    """Promise several notices of one tenant together, each as ``promise``."""
    texts = [compose(one.kind, one.facts) for one in notices]
    asked = await tx.fetch(
        _sql("promise_notices"),
        tenant_id,
        [new_id() for _ in notices],
        [one.account_id for one in notices],
        [one.kind for one in notices],
        [one.subject_id for one in notices],
        [one.episode for one in notices],
        [text.title for text in texts],
        [text.body for text in texts],
        [dict(one.facts) for one in notices],
        moment.at,
        moment.real_at,
    )
    if asked:
        await tx.execute(
            _sql("promise_webhooks"),
            tenant_id,
            [new_id() for _ in asked],
            [row["endpoint_id"] for row in asked],
            [row["owner_id"] for row in asked],
            [row["notice_id"] for row in asked],
            [row["kind"] for row in asked],
            moment.real_at,
            moment.at,
        )


async def is_promised(
    tx: Transaction, tenant_id: UUID, account_id: UUID, *, kind: str, subject_id: UUID, episode: str
) -> bool:
    """Whether the owner of an account was promised a notice of this kind, subject and episode."""
    return bool(
        await tx.fetchval(_sql("is_promised"), tenant_id, account_id, kind, subject_id, episode)
    )
