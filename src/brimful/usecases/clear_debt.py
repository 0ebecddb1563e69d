"""A seller lets go of what a buyer owes it for credits that were refunded or disputed after use (R25)."""

from uuid import UUID

from brimful.billing import accounts, refunds
from brimful.billing.refunds import Debt
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context


async def clear_debt(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    debt_id: UUID,
    by: UUID | None,
    given_by: str,
    moment: Moment,
    of_buyers: bool = False,
) -> bool | Refuse | Missing:
    """Clear a debt of an account, or, ``of_buyers``, one that a buyer has to it: it was paid in another
    way, or is forgiven. True when something was owed. No credits move, and a paused card stays paused
    until its owner acts (R29).

    A debt is the seller's to whom it is owed, wherever its buyer has moved since (R46): it is let go
    ``by`` that one, by an account above it that does not owe it itself, or by the platform (None).
    Whoever else there is, such as the buyer's new seller, is refused (``seller_changed``).
    """

    async def body(tx: Transaction) -> bool | Refuse | Missing:
        debt = await refunds.read_debt(
            tx, tenant_id=tenant_id, debt_id=debt_id, account_id=account_id, of_buyers=of_buyers
        )
        if debt is None:
            return Missing(what="debt")
        if by is not None and not await _is_owed_below(tx, tenant_id, debt, by):
            return Refuse(reason=Reason.seller_changed, account_id=str(account_id), detail={})
        return await refunds.clear_debt(
            tx, tenant_id=tenant_id, debt=debt, given_by=given_by, moment=moment
        )

    return await ctx.db.run(body)


async def _is_owed_below(tx: Transaction, tenant_id: UUID, debt: Debt, above: UUID) -> bool:
    """It is owed to an account or to one below that, and not by that account: moves can bring a
    creditor below who owes it (R46)."""
    creditor = await accounts.read_account(tx, tenant_id, debt.seller_id)
    assert creditor is not None
    return above in creditor.ancestors and above != debt.account_id
