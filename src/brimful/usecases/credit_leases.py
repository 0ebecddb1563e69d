"""Credit leases: blocks of credits that a client spends by itself (R39)."""

from uuid import UUID

from brimful.domain.holding import Change
from brimful.domain.leasing import give_back, report
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.ledger.holds import Locked
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.end_hold import HoldChanged, change_hold


async def report_lease(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    hold_id: UUID,
    credits: int,
    extend_s: int | None,
    moment: Moment,
) -> HoldChanged | Refuse | Missing:
    """Charge what was spent of a lease so far, ``credits`` in all, and let it last ``extend_s``
    seconds of real time from now if given. The same report again, or an older one, changes nothing."""

    def decide(locked: Locked) -> Change | Refuse | None:
        return report(locked.hold, credits, extend_s, moment.real_at)

    return await change_hold(
        ctx,
        tenant_id=tenant_id,
        account_id=account_id,
        hold_id=hold_id,
        decide=decide,
        moment=moment,
    )


async def return_lease(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    hold_id: UUID,
    credits: int,
    moment: Moment,
) -> HoldChanged | Refuse | Missing:
    """End a lease of which ``credits`` were spent in all; the rest is free again, and offered to what
    waits (R20). Sent again it changes nothing."""

    def decide(locked: Locked) -> Change | Refuse | None:
        return give_back(locked.hold, credits, moment.real_at)

    return await change_hold(
        ctx,
        tenant_id=tenant_id,
        account_id=account_id,
        hold_id=hold_id,
        decide=decide,
        moment=moment,
    )
