"""Purchases without a payment: too small to charge, or not created at the gateway (R22, R26)."""

from collections.abc import Sequence
from uuid import UUID

from brimful.billing import purchases
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.usecases.context import Context
from brimful.usecases.deliver import deliver, deliver_renewals
from brimful.usecases.fail_purchase import fail_purchase


async def deliver_uncharged(
    ctx: Context, *, tenant_id: UUID, purchase_ids: Sequence[UUID], moment: Moment
) -> tuple[Effect, ...]:
    """Deliver purchases too small to charge once the seller's stock is reserved for them (R26)."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        locked = await purchases.lock_purchases(tx, tenant_id, purchase_ids)
        ready = [one for one in locked if one.state == "capturing" and one.mode == "receivable"]
        effects: tuple[Effect, ...] = ()
        if renewed := [one for one in ready if one.origin == "renewal"]:
            effects += await deliver_renewals(tx, renewed, moment)
        for purchase in ready:
            if purchase.origin != "renewal":
                effects += await deliver(tx, purchase, moment)
        return effects

    return await ctx.db.run(body)


async def fail_uncharged(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """End a purchase that is to be cancelled and has no payment at the gateway to cancel.

    A payment whose creation we never learnt of is not confirmed and takes no money (R22).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "canceling" or purchase.payment_id is not None:
            return ()
        return await fail_purchase(tx, purchase, moment)

    return await ctx.db.run(body)
