"""Credit leases: blocks of credits that a client spends by itself (R39)."""

from collections.abc import Callable

from brimful.db.transaction import Transaction
from brimful.domain.leasing import give_back, report
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.ledger import holds
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.end_hold import HoldChanged, HoldRef, change_hold


async def tell_lease(ctx: Context, hold: HoldRef, *, now: Callable[[], Moment]) -> None:
    """Whoever took a lease is about to be told that it has it. The first time, the lease's time begins:
    however long its grant took, it lasts from now (R38), and the clock is read only when the row is
    locked. Any other hold stays as it is."""

    async def body(tx: Transaction) -> None:
        if await holds.lock_untold(tx, hold.tenant_id, hold.account_id, hold.hold_id):
            await holds.tell_lease(tx, hold.tenant_id, hold.hold_id, now().real_at)

    await ctx.db.run(body)


async def report_lease(
    ctx: Context, hold: HoldRef, *, credits: int, extend_s: int | None, moment: Moment
) -> HoldChanged | Refuse | Missing:
    """Charge what was spent of a lease so far, ``credits`` in all, and let it last ``extend_s``
    seconds of real time from now if given. The same report again, or an older one, changes nothing."""
    real_at = moment.real_at
    return await change_hold(
        ctx, hold, lambda locked: report(locked.hold, credits, extend_s, real_at), moment
    )


async def return_lease(
    ctx: Context, hold: HoldRef, *, credits: int, moment: Moment
) -> HoldChanged | Refuse | Missing:
    """End a lease of which ``credits`` were spent in all; the rest is free again, and offered to what
    waits (R20). Sent again it changes nothing."""
    real_at = moment.real_at
    return await change_hold(
        ctx, hold, lambda locked: give_back(locked.hold, credits, real_at), moment
    )
