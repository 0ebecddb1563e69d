"""Subscriptions past due for seven days are suspended; nothing is deleted (R35)."""

from brimful.billing import renewals
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.past_due import SUSPENDED_AFTER
from brimful.notices.promise import promise
from brimful.usecases.context import Context


async def suspend_overdue(ctx: Context, *, moment: Moment) -> tuple[Effect, ...]:
    """Suspend what its subscriber's own card has not paid for seven days, and tell its owner."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        suspended = await renewals.suspend_overdue(tx, moment.at - SUSPENDED_AFTER)
        for row in suspended:
            await promise(
                tx,
                tenant_id=row["tenant_id"],
                account_id=row["account_id"],
                kind="suspended",
                subject_id=row["subscription_id"],
                episode=row["past_due_since"].isoformat(),
                facts={},
                moment=moment,
            )
        return (MailDue(),) if suspended else ()

    return await ctx.db.run(body)
