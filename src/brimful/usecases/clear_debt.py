"""A seller lets go of what a buyer owes it for credits that were refunded or disputed after use (R25)."""

from uuid import UUID

from brimful.billing import refunds
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context


async def clear_debt(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    debt_id: UUID,
    given_by: str,
    moment: Moment,
) -> bool | Missing:
    """Clear a debt of an account: it was paid in another way, or is forgiven. True when something was
    owed. No credits move, and a paused card stays paused until its owner acts (R29)."""

    async def body(tx: Transaction) -> bool | Missing:
        try:
            return await refunds.clear_debt(
                tx,
                tenant_id=tenant_id,
                debt_id=debt_id,
                account_id=account_id,
                given_by=given_by,
                moment=moment,
            )
        except LookupError:
            return Missing(what="debt")

    return await ctx.db.run(body)
