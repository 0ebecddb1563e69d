"""Whether a key may command an account still, in the very transaction that does what it asks (R40, R46).

A request's key was looked at before; an account may close or move to another seller since then, and
the key may have ended with that.
"""

from uuid import UUID

from brimful.billing import accounts, keys
from brimful.billing.keys import Principal
from brimful.db.transaction import Transaction
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Missing


async def stay_in_scope(
    tx: Transaction, *, tenant_id: UUID | None, account_id: UUID, by: Principal | None
) -> Missing | Refuse | None:
    """Keep an account from closing and moving until the transaction ends; what is to be answered if it
    is not the key's to command any more. The platform itself (``tenant_id`` None) does neither; ``by``
    is None for whoever runs the engine."""
    if tenant_id is None:
        return None
    state = await accounts.share_account(
        tx, tenant_id, account_id, None if by is None else by.scope_id
    )
    if state is None:
        return Missing(what="account")
    if state == "closed":
        return Refuse(reason=Reason.account_closed, account_id=str(account_id), detail={})
    # Read now that the account is locked: a move that ends the key is over, or has not begun.
    if by is not None and not await keys.stands(tx, by.key_id):
        return Missing(what="account")
    return None
