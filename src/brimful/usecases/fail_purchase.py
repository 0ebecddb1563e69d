"""The end of a purchase that took no money: confirmed cancelled, so everything is given back.

Only this transaction returns the reservation behind a charge (R17), and only a confirmed cancellation
leads here: unknown is not failed (R22).
"""

from brimful.billing import breaker, purchases, receivables
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Plan, Wake
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.outcomes import effects_of
from brimful.usecases.refuse_waiting import refuse_waiting


async def fail_purchase(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """Record that a locked purchase failed, its charge (if any) being cancelled for good.

    The seller's stock goes to the next in its queue; a decline moves the card's breaker (R29); what
    waited for an auto-billing ends with the reason, and its owner is told at once (R18, R42).
    """
    reason = Reason(purchase.reason or Reason.canceled)
    effects: list[Effect] = [Wake(purchase.purchase_id)]
    if purchase.charge_id is not None:
        await purchases.set_charge_state(tx, purchase, "canceled")
    await receivables.unclaim(tx, purchase.tenant_id, purchase.purchase_id)
    await purchases.set_state(tx, purchase, "failed", moment=moment)
    if purchase.demand_id is not None:
        await demands.end_demand(
            tx,
            tenant_id=purchase.tenant_id,
            demand_id=purchase.demand_id,
            state="failed",
            reason=reason,
            moment=moment,
        )
        moved = await demands.offer_stock(
            tx, tenant_id=purchase.tenant_id, account_id=purchase.seller_id, moment=moment
        )
        effects.extend(effects_of(purchase.tenant_id, moved))
        if await demands.read_waiting(tx, purchase.tenant_id, purchase.seller_id):
            effects.append(Plan(purchase.tenant_id, purchase.seller_id))
    if purchase.decline_code is not None:
        await breaker.note_decline(tx, purchase, moment)
    if purchase.automatic:
        effects.extend(await refuse_waiting(tx, purchase, reason, moment))
    elif await demands.read_waiting(tx, purchase.tenant_id, purchase.buyer_id):
        # A shortage that waited for this purchase by hand now needs one of its own (R19).
        effects.append(Plan(purchase.tenant_id, purchase.buyer_id))
    return tuple(effects)
