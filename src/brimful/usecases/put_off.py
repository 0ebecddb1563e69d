"""Renewals that were not done: when they are tried again, and who is told (R29, R35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brimful.billing import cards, renewals
from brimful.billing.purchases import Purchase
from brimful.billing.renewals import Renewed
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Renew
from brimful.domain.moment import Moment
from brimful.domain.outage import RENEWAL_RETRY
from brimful.domain.past_due import next_seller_retry, suspended_at
from brimful.domain.reason import Reason
from brimful.notices.promise import promise

# Why a renewal fails by its own card, beside a decline of it: the gateway does not know the card, or
# another who pays with it was declined meanwhile.
OF_ITS_CARD = (
    Reason.no_payment_method,
    Reason.retry_later,
    Reason.auto_billing_paused,
    Reason.authentication_required,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """What a card did not pay, in minor units, and why; ``retry_at`` is from when it may be tried
    again, None when only its owner can bring that."""

    amount_minor: int
    currency: str
    card: str | None
    reason: Reason
    retry_at: datetime | None


async def put_off_failed(
    tx: Transaction, purchase: Purchase, reason: Reason, moment: Moment
) -> tuple[Effect, ...]:
    """A locked renewal failed, without money taken. Its own card was declined, or is gone: it is
    past due until that card may be tried again, or another is there. All else is its seller's, or
    the gateway's, and stays due on the schedule of those. One that was cancelled meanwhile waits for
    neither: its period is over, and it ends (R31)."""
    tenant_id = purchase.tenant_id
    renewed = await renewals.read_renewed(tx, tenant_id, purchase.purchase_id)
    effects = await _put_off(tx, purchase, renewed, reason, moment)
    if cancelled := [one.subscription_id for one in renewed if one.cancelled]:
        await renewals.wake(tx, tenant_id, cancelled, moment.at)
        effects += (Renew(tenant_id, purchase.seller_id),)
    return effects


async def _put_off(
    tx: Transaction,
    purchase: Purchase,
    renewed: Sequence[Renewed],
    reason: Reason,
    moment: Moment,
) -> tuple[Effect, ...]:
    tenant_id = purchase.tenant_id
    if purchase.decline_code is not None or reason in OF_ITS_CARD:
        wake_at = await _wake_at(tx, purchase, reason, moment)
        return await put_off_past_due(
            tx,
            tenant_id=tenant_id,
            account_id=purchase.buyer_id,
            renewed=renewed,
            unpaid=Unpaid(
                amount_minor=purchase.charge_minor or purchase.amount_minor,
                currency=purchase.currency,
                card=purchase.card,
                reason=reason,
                retry_at=wake_at,
            ),
            moment=moment,
        )
    return await put_off_for_seller(
        tx, tenant_id=tenant_id, renewed=renewed, reason=reason, moment=moment
    )


async def _wake_at(
    tx: Transaction, purchase: Purchase, reason: Reason, moment: Moment
) -> datetime | None:
    """When a renewal is tried again that its own card did not pay: at once when another card was
    saved meanwhile or the backup may be tried, else from when that one may."""
    card = await cards.read_to_charge(tx, purchase.tenant_id, purchase.buyer_id, moment.at)
    if card is None:
        return None
    if card.fingerprint == purchase.fingerprint and reason is Reason.no_payment_method:
        # The gateway does not know the card: only another will do.
        return None
    if card.may_be_tried(moment.at):
        return moment.at
    return None if card.paused else card.retry_at


async def put_off_past_due(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    renewed: Sequence[Renewed],
    unpaid: Unpaid,
    moment: Moment,
) -> tuple[Effect, ...]:
    """The subscriber's card does not pay: past due, suspended after seven days, told once (R35)."""
    await renewals.note_failed(
        tx,
        tenant_id=tenant_id,
        subscription_ids=[one.subscription_id for one in renewed],
        reason=unpaid.reason,
        wake_at=unpaid.retry_at,
        own_fault=True,
        at=moment.at,
    )
    since = min(one.past_due_since or moment.at for one in renewed)
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        kind="past_due",
        subject_id=account_id,
        episode=since.isoformat(),
        facts={
            "plans": [one.package_name for one in renewed if one.package_name],
            "zone": renewed[0].zone,
            "amount_minor": unpaid.amount_minor,
            "currency": unpaid.currency,
            "card": unpaid.card,
            "reason": str(unpaid.reason),
            "retry_at": None if unpaid.retry_at is None else unpaid.retry_at.isoformat(),
            "suspended_at": suspended_at(since).isoformat(),
        },
        moment=moment,
    )
    return (MailDue(),)


async def put_off_for_seller(
    tx: Transaction,
    *,
    tenant_id: UUID,
    renewed: Sequence[Renewed],
    reason: Reason,
    moment: Moment,
) -> tuple[Effect, ...]:
    """The seller could not be secured: the renewals stay due, their subscribers keep what they have
    and hear nothing of it (R18, R35). An outage of the gateway is asked after every hour."""
    if reason is Reason.gateway_unavailable:
        wake_at = moment.at + RENEWAL_RETRY
    else:
        first = min((one.seller_failed_at or moment.at for one in renewed), default=moment.at)
        wake_at = next_seller_retry(first, moment.at)
    await renewals.note_failed(
        tx,
        tenant_id=tenant_id,
        subscription_ids=[one.subscription_id for one in renewed],
        reason=reason,
        wake_at=wake_at,
        own_fault=False,
        at=moment.at,
    )
    return ()
