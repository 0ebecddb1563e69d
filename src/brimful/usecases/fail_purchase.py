"""The end of a purchase that took no money: confirmed cancelled, so everything is given back.

Only this transaction returns the reservation behind a charge (R17), and only a confirmed cancellation
leads here: unknown is not failed (R22).
"""

from brimful.billing import purchases, receivables
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Plan, PlanBelow, Wake
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.put_off import put_off_failed
from brimful.usecases.refuse_waiting import refuse_waiting
from brimful.usecases.seats import offer


async def fail_purchase(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """Record that a locked purchase failed, its charge (if any) being cancelled for good.

    The seller's stock goes to the next in its queue, then to its own paused chatbots (R31); what
    waited for an auto-billing ends with the reason, and its owner is told at once (R18, R42). After
    a decline both were done with it.
    """
    reason = _reason(purchase)
    effects: list[Effect] = [Wake(purchase.purchase_id)]
    if purchase.charge_id is not None:
        await purchases.set_charge_state(tx, purchase, "canceled")
    await receivables.unclaim(tx, purchase.tenant_id, purchase.purchase_id)
    await purchases.set_state(tx, purchase, "failed", reason=reason, moment=moment)
    if purchase.demand_id is not None:
        await demands.end_demand(
            tx,
            tenant_id=purchase.tenant_id,
            demand_id=purchase.demand_id,
            state="failed",
            reason=reason,
            moment=moment,
        )
        effects.extend(await offer(tx, purchase.tenant_id, purchase.seller_id, moment))
        if await demands.read_waiting(tx, purchase.tenant_id, purchase.seller_id):
            effects.append(Plan(purchase.tenant_id, purchase.seller_id))
    if purchase.origin == "renewal":
        effects.extend(await put_off_failed(tx, purchase, reason, moment))
        effects.append(PlanBelow(purchase.tenant_id, (purchase.buyer_id,)))
    elif purchase.automatic and not purchase.declined:
        effects.extend(await refuse_waiting(tx, purchase, reason, moment))
    elif await demands.read_waiting(tx, purchase.tenant_id, purchase.buyer_id):
        # A shortage that waited for a purchase by hand needs one of its own (R19), and so does what
        # came after those that a decline had refused.
        effects.append(Plan(purchase.tenant_id, purchase.buyer_id))
    return tuple(effects)


def _reason(purchase: Purchase) -> Reason:
    """Why it failed. A hold that ran out is its seller's not having been secured in time, which is
    all that the one whose card was held may know (R17, R18)."""
    if purchase.reason is not None:
        return Reason(purchase.reason)
    held = purchase.charge_state == "held"
    return Reason.temporarily_unavailable if held else Reason.canceled
