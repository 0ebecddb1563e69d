"""An owner acted: the renewals that its card did not pay are tried again at once (R29, R35)."""

from collections.abc import Sequence
from uuid import UUID

from brimful.billing import renewals
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Renew
from brimful.domain.moment import Moment


async def wake_past_due(
    tx: Transaction, tenant_id: UUID, account_ids: Sequence[UUID], moment: Moment
) -> tuple[Effect, ...]:
    """Make due now what accounts are past due. A renewal is nothing else than what they owe, so
    that a new card is never charged for more than still waits (R29)."""
    sellers = await renewals.wake_past_due(tx, tenant_id, account_ids, moment.at)
    return tuple(Renew(tenant_id, seller_id) for seller_id in sorted(sellers))
