"""A seller's gateway account is closed to the platform, or open again, with all that follows (R10)."""

from datetime import datetime
from uuid import UUID

from brimful.billing import disconnections
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.notices.promise import promise
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.outcomes import to_drive
from brimful.usecases.release_holds import children_changed, release_holds_at


async def note_disconnected(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Note that the gateway says so of a seller whose family is locked; nothing new follows while it
    stands, nor for the platform's own account, which is no seller's to connect.

    Its owner is told once. Auto-billing below it is inactive at once, what is only held of anybody
    who buys from it is given back as soon as the gateway lets it be, and nobody's breaker moves.
    """
    if not await disconnections.note(tx, tenant_id, seller_id, moment):
        return ()
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=seller_id,
        kind="disconnected",
        subject_id=seller_id,
        episode=moment.at.isoformat(),
        facts={},
        moment=moment,
    )
    effects = await children_changed(tx, tenant_id, seller_id, moment)
    neutral = Reason.temporarily_unavailable
    effects += await release_holds_at(tx, tenant_id, seller_id, neutral, moment)
    return (MailDue(), *effects)


async def note_connected(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, asked_real_at: datetime, moment: Moment
) -> tuple[Effect, ...]:
    """Note that the gateway, asked at an instant of real time, answers for the account of a seller
    whose family is locked: who was inactive by it is told and planned for, the renewals that could
    not be charged are due now, and what is left to be cancelled there is cancelled."""
    if await disconnections.end(tx, tenant_id, seller_id, asked_real_at) is None:
        return ()
    effects = await children_changed(tx, tenant_id, seller_id, moment)
    effects += await wake_renewals(tx, tenant_id, [seller_id], moment)
    left = await disconnections.wake_canceling(tx, tenant_id, seller_id, moment.real_at)
    return effects + to_drive(tenant_id, left)
