"""Refusing what waits on a pool whose account cannot buy, and telling its owner who and why."""

from collections.abc import Mapping
from uuid import UUID

from brimful.billing import outages
from brimful.billing.names import names_of
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.caps import CAPS
from brimful.domain.declines import Pause, RetryFrom
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.outage import episode
from brimful.domain.reason import Reason, neutral
from brimful.ledger import demands
from brimful.ledger.demands import Moved
from brimful.notices.promise import promise
from brimful.usecases.outcomes import effects_of
from brimful.usecases.seats import resume_paused

# What the owner has done, or was told of when it happened: a refusal for it is news only when a
# client could not be served (R18, R42).
_KNOWN = (
    Reason.auto_billing_off,
    Reason.auto_billing_unavailable,
    Reason.auto_billing_inactive,
    Reason.auto_billing_paused,
    Reason.auto_billing_braked,
    Reason.retry_later,
    Reason.no_payment_method,
)


def is_known(reason: Reason) -> bool:
    """Whether the owner knows of a reason without being told of a refusal for it."""
    return reason in _KNOWN


def _kind(reason: Reason) -> str:
    if reason in CAPS:
        return "cap_reached"
    if reason is Reason.authentication_required:
        return "action_required"
    return "auto_billing_failed"


async def refuse_waiting(
    tx: Transaction,
    purchase: Purchase,
    reason: Reason,
    moment: Moment,
    verdict: Pause | RetryFrom | None = None,
    link: Mapping[str, object] | None = None,
) -> tuple[Effect, ...]:
    """End all that waited for a failed auto-billing, in arrival order (R20, R29). ``verdict`` is
    what a decline meant for the card, which its owner is told with it, and so is
    the ``link`` by which to confirm the charge; with a ``backup`` card in it nothing ends yet, for
    that is tried next."""
    subject_id, told = purchase.purchase_id, "failed"
    if reason is Reason.gateway_unavailable and purchase.gateway_account is not None:
        outage = await outages.read(tx, purchase.tenant_id, purchase.gateway_account)
        if outage is not None:
            # Whatever fails while it lasts is one piece of news.
            subject_id, told = purchase.buyer_id, episode(outage.since_at)
    return await refuse(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.buyer_id,
        only=[] if link and link.get("backup") else None,
        reason=reason,
        subject_id=subject_id,
        episode=told,
        facts={
            "card": purchase.card,
            "decline_code": purchase.decline_code,
            "amount_minor": purchase.charge_minor or purchase.amount_minor,
            "currency": purchase.currency,
            "purchase_id": str(purchase.purchase_id),
            "paused": isinstance(verdict, Pause),
            "retry_at": verdict.at.isoformat() if isinstance(verdict, RetryFrom) else None,
            **(link or {}),
        },
        moment=moment,
        even_if_nobody_waits=not is_known(reason),
    )


async def refuse(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    only: list[UUID] | None,
    reason: Reason,
    subject_id: UUID,
    episode: str,
    facts: Mapping[str, object],
    moment: Moment,
    even_if_nobody_waits: bool = False,
) -> tuple[Effect, ...]:
    """End waiting demands of a locked pool with a reason and promise its owner one notice: if any
    ended so, or, with ``even_if_nobody_waits``, because what failed is news by itself.

    The account's own operations hear ``reason``; its clients' purchases only what a client may
    know (R18). Returns the effects: callers to wake, clients' holds to give back.
    """
    moved = await demands.fail_waiting(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        only=only,
        reason=reason,
        child_reason=neutral(reason),
        moment=moment,
    )
    failed = [move for move in moved if move.outcome == "failed"]
    effects = effects_of(tenant_id, moved)
    if failed:
        # What they had reserved, and nobody else waits for, is free (R31).
        await resume_paused(tx, tenant_id, account_id, moment)
    news = failed if not is_known(reason) else [move for move in failed if move.child_id]
    if not news and not even_if_nobody_waits:
        return effects
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        kind=_kind(reason),
        subject_id=subject_id,
        episode=episode,
        facts={
            **facts,
            "reason": str(reason),
            "waiting": await _who(tx, tenant_id, failed),
            "waiting_count": len(failed),
        },
        moment=moment,
    )
    return (*effects, MailDue())


async def _who(tx: Transaction, tenant_id: UUID, failed: list[Moved]) -> list[dict[str, object]]:
    """Who could not be served and what they needed, the first ten and how many more."""
    names = await names_of(tx, tenant_id, [m.child_id for m in failed[:10] if m.child_id])
    return [
        {
            "kind": move.kind,
            "client": names.get(move.child_id) if move.child_id else None,
            "credits": move.credits,
            "chatbots": move.chatbots,
        }
        for move in failed[:10]
    ]
