"""Letting an account spend a little beyond its pool, so that a conversation may finish (R2, R33)."""

from uuid import UUID

from brimful.billing import accounts
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger import demands, overdrafts
from brimful.usecases.context import Context


async def set_overdraft(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, limit_credits: int, moment: Moment
) -> bool:
    """Set, for an account's seller, the credits it may be overdrawn by; 0 for none. What it owes
    already stays owed. False for an account that was closed meanwhile: nobody would repay it."""

    async def body(tx: Transaction) -> bool:
        await demands.lock_pools(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        if account is None or account.state == "closed":
            return False
        await overdrafts.write_limit(tx, tenant_id, account_id, limit_credits, moment)
        return True

    return await ctx.db.run(body)
