"""Issuing an API key for an account, or for the platform (R40)."""

from dataclasses import dataclass, field
from uuid import UUID

from brimful.billing import keys
from brimful.billing.keys import Principal
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.in_scope import stay_in_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIssued:
    """A new key with its secret, which is shown this once."""

    key_id: UUID
    secret: str = field(repr=False)


async def issue_key(
    ctx: Context,
    *,
    tenant_id: UUID | None,
    account_id: UUID,
    read_only: bool,
    label: str,
    by: Principal,
    moment: Moment,
) -> KeyIssued | Missing | Refuse:
    """Issue a key for an account (of the platform: without a tenant). Whoever vouches for the key that
    asks for it vouches for it, too: when the account moves away from one of them, both end."""

    async def body(tx: Transaction) -> KeyIssued | Missing | Refuse:
        refused = await stay_in_scope(tx, tenant_id=tenant_id, account_id=account_id, by=by)
        if refused is not None:
            return refused
        key_id, secret = await keys.issue(
            tx,
            account_id=account_id,
            tenant_id=tenant_id,
            read_only=read_only,
            label=label,
            vouched_by=by.vouchers,
            moment=moment,
        )
        return KeyIssued(key_id=key_id, secret=secret)

    return await ctx.db.run(body)
