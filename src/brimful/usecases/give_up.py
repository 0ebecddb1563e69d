"""Keeping nobody waiting for a purchase that will not come in time (R20)."""

from uuid import UUID

from brimful.billing import outages, purchases
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Wake
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.refuse_waiting import refuse_waiting


async def give_up(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """The gateway gives no answer: cancel the purchase as soon as it does, answer its waiters now.

    An outage is not a decline: no breaker moves (R29), but the gateway is left in peace for a
    while. Should the payment turn out captured after all, it is granted like any other (R23).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state not in ("planned", "created"):
            return ()
        await purchases.set_state(
            tx, purchase, "canceling", reason=Reason.gateway_unavailable, moment=moment
        )
        assert purchase.gateway_account is not None
        await outages.note(
            tx,
            tenant_id,
            purchase.gateway_account,
            planned_at=purchase.planned_at,
            at=moment.at,
        )
        effects: tuple[Effect, ...] = (Wake(purchase_id),)
        if purchase.automatic:
            effects += await refuse_waiting(tx, purchase, Reason.gateway_unavailable, moment)
        return effects

    return await ctx.db.run(body)


async def let_waiters_go(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """A purchase gives its hold back because its seller could not be secured: what waited for it
    hears so now, not after the gateway has answered (R18, R20).

    After a decline of its own card this was done when that was recorded.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchase(tx, tenant_id, purchase_id)
        assert seen is not None
        if seen.declined:
            return ()
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "canceling" or not purchase.automatic:
            return ()
        if not await demands.read_waiting(tx, tenant_id, purchase.buyer_id):
            return ()
        return await refuse_waiting(
            tx, purchase, Reason(purchase.reason or Reason.canceled), moment
        )

    return await ctx.db.run(body)
