"""A seller's gateway account is closed to the platform: its owner hears of it, its clients do not (R10)."""

from brimful.billing import accounts
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.notices.promise import promise


async def tell_disconnected(
    tx: Transaction, purchase: Purchase, moment: Moment
) -> tuple[Effect, ...]:
    """Tell the seller of a purchase, once a day while it lasts, that its clients cannot be charged.

    No card is at fault, so no breaker moves; the client hears that it is temporarily unavailable. The
    platform's own account is no seller's to connect.
    """
    seller = await accounts.read_account(tx, purchase.tenant_id, purchase.seller_id)
    assert seller is not None
    if seller.supply:
        return ()
    await promise(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=seller.account_id,
        kind="disconnected",
        subject_id=seller.account_id,
        episode=moment.at.date().isoformat(),
        facts={},
        moment=moment,
    )
    return (MailDue(),)
