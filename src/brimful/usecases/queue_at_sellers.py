"""Purchases whose cards are held take their places in their sellers' queues, or leave them (R17, R20)."""

from collections.abc import Sequence
from uuid import UUID

from brimful.billing import payments
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.ledger.demands import NewDemand
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.seats import offer


async def queue_at_sellers(
    tx: Transaction, held: Sequence[Purchase], moment: Moment
) -> tuple[Effect, ...]:
    """The cards of some purchases of a tenant are held: now their demands take their places in their
    sellers' queues. Pools and purchases are locked; what cannot be met yet is planned for."""
    tenant_id = held[0].tenant_id
    met: dict[UUID, bool] = {}
    effects: list[Effect] = []
    for seller_id in {purchase.seller_id: None for purchase in held}:
        mine = [purchase for purchase in held if purchase.seller_id == seller_id]
        answers = await demands.register_demands(
            tx,
            tenant_id=tenant_id,
            account_id=seller_id,
            kind="purchase",
            new=[
                NewDemand(
                    demand_id=purchase.purchase_id,
                    operation_id=purchase.purchase_id,
                    child_id=purchase.buyer_id,
                    credits=purchase.credits,
                    chatbots=purchase.chatbots,
                )
                for purchase in mine
            ],
            moment=moment,
        )
        met |= {
            purchase.purchase_id: answer for purchase, answer in zip(mine, answers, strict=True)
        }
        if not all(answers):
            effects.append(Plan(tenant_id, seller_id))
    await payments.queue(tx, tenant_id, met, moment)
    effects += [Drive(tenant_id, purchase_id) for purchase_id, ready in met.items() if ready]
    return tuple(effects)


async def leave_queue(
    tx: Transaction, purchase: Purchase, reason: Reason, moment: Moment
) -> tuple[Effect, ...]:
    """A purchase that waits for its seller gives up its place there: what it had goes to the next, and to
    renewals that were put off for want of it (R35). Pools and purchase are locked."""
    assert purchase.demand_id is not None, "who waits for a seller has a demand there"
    tenant_id, seller_id = purchase.tenant_id, purchase.seller_id
    await demands.end_demand(
        tx,
        tenant_id=tenant_id,
        demand_id=purchase.demand_id,
        state="failed",
        reason=reason,
        moment=moment,
    )
    effects = await offer(tx, tenant_id, seller_id, moment)
    effects += await wake_renewals(tx, tenant_id, [seller_id], moment)
    return (*effects, Plan(tenant_id, seller_id))
