"""What is learnt of a payment, from a reply, a read-back or an event alike, is recorded here (R23).

Each answer of the gateway is a fact about one payment; the purchase's state says what it means.
Recording is a compare-and-set on that state under lock, so that any fact may come twice, late, out of
order or from two processes, and be recorded once.
"""

from uuid import UUID

import structlog

from brimful.billing import payments, purchases
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, Plan
from brimful.domain.moment import Moment
from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    Held,
    NeedsAuthentication,
    PaymentOutcome,
    Refunded,
    Refused,
)
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.deliver import deliver
from brimful.usecases.fail_purchase import fail_purchase
from brimful.usecases.record_card_result import note_success, record_decline

_log = structlog.get_logger()


async def record_payment(
    ctx: Context,
    *,
    tenant_id: UUID,
    purchase_id: UUID,
    outcome: PaymentOutcome | Refunded,
    moment: Moment,
) -> tuple[Effect, ...]:
    """Record what the gateway says of a purchase's payment and do all that follows from it.

    Returns what is to be done after the commit. ``Unknown``, ``Unreachable`` and ``NotFound`` prove
    nothing and change no state: see ``note_try``. An outcome that names a payment we did not store
    is ignored (R45).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchase(tx, tenant_id, purchase_id)
        if seen is None:
            return ()
        await demands.lock_pools(tx, tenant_id, seen.buyer_id, seen.seller_id)
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        return await _record(tx, purchase, outcome, moment)

    return await ctx.db.run(body)


async def _record(
    tx: Transaction, purchase: Purchase, outcome: PaymentOutcome | Refunded, moment: Moment
) -> tuple[Effect, ...]:
    if purchase.ended:
        if isinstance(outcome, Captured) and purchase.state == "failed":
            _log.error("captured_after_failure", purchase_id=str(purchase.purchase_id))
        return ()
    again = (Drive(purchase.tenant_id, purchase.purchase_id),)
    match outcome:
        case Created(payment_id=payment_id) if purchase.state == "planned":
            await payments.store_payment(tx, purchase, payment_id, moment)
            return again
        case Held(capture_before=before) if purchase.state == "created":
            await purchases.set_charge_state(tx, purchase, "held", capture_before=before)
            return await _queue_at_seller(tx, purchase, moment)
        case Captured() if _matches(purchase, outcome):
            return await _captured(tx, purchase, moment)
        case Declined(code=code, hard=hard) if purchase.state in ("created", "capturing"):
            return await record_decline(tx, purchase, code=code, hard=hard, moment=moment)
        case NeedsAuthentication() if purchase.state == "created":
            code = "authentication_required"
            return await record_decline(tx, purchase, code=code, hard=True, moment=moment)
        case Canceled() if purchase.state in ("created", "capturing", "canceling"):
            return await fail_purchase(tx, purchase, moment)
        case Refunded() if purchase.charge_state == "captured":
            await purchases.set_charge_state(tx, purchase, "refunded")
            return await fail_purchase(tx, purchase, moment)
        case Refused() if purchase.state in ("planned", "created", "capturing"):
            reason = Reason.gateway_unavailable
            await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
            return again
    return ()


async def _captured(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """The money is taken: what it paid for is delivered at once.

    Where the seller's stock is not secured, nobody of ours took it: whoever runs the seller's gateway
    account captured a mere hold. Then it is delivered once the stock is there, or given back.
    """
    effects = await note_success(tx, purchase, moment)
    if purchase.mode == "charge" or purchase.state == "capturing":
        return effects + await deliver(tx, purchase, moment)
    await purchases.set_charge_state(tx, purchase, "captured", captured_at=moment.at)
    if purchase.state == "created":
        effects += await _queue_at_seller(tx, purchase, moment)
    elif purchase.state == "canceling":
        effects += (Drive(purchase.tenant_id, purchase.purchase_id),)
    return effects


def _matches(purchase: Purchase, captured: Captured) -> bool:
    """A grant follows only from our own payment, with the amount and currency stored (R45)."""
    return (
        purchase.payment_id == captured.payment_id
        and purchase.charge_minor == captured.amount_minor
        and purchase.currency == captured.currency
    )


async def _queue_at_seller(
    tx: Transaction, purchase: Purchase, moment: Moment
) -> tuple[Effect, ...]:
    """The card is held: now the demand takes its place in the seller's queue (R17, R20)."""
    demand_id = purchase.purchase_id
    met = await demands.register_demand(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.seller_id,
        demand_id=demand_id,
        kind="purchase",
        operation_id=purchase.purchase_id,
        child_id=purchase.buyer_id,
        credits=purchase.credits,
        chatbots=purchase.chatbots,
        moment=moment,
    )
    state: purchases.PurchaseState = "capturing" if met else "waiting"
    await purchases.set_state(tx, purchase, state, demand_id=demand_id, moment=moment)
    if met:
        return (Drive(purchase.tenant_id, purchase.purchase_id),)
    return (Plan(purchase.tenant_id, purchase.seller_id),)


async def deliver_uncharged(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Deliver a purchase too small to charge once the seller's stock is reserved for it (R26)."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchase(tx, tenant_id, purchase_id)
        assert seen is not None
        await demands.lock_pools(tx, tenant_id, seen.buyer_id, seen.seller_id)
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "capturing" or purchase.mode != "receivable":
            return ()
        return await deliver(tx, purchase, moment)

    return await ctx.db.run(body)


async def fail_uncharged(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """End a purchase that is to be cancelled and has no payment at the gateway to cancel.

    A payment whose creation we never learnt of is not confirmed and takes no money (R22).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchase(tx, tenant_id, purchase_id)
        assert seen is not None
        await demands.lock_pools(tx, tenant_id, seen.buyer_id, seen.seller_id)
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "canceling" or purchase.payment_id is not None:
            return ()
        return await fail_purchase(tx, purchase, moment)

    return await ctx.db.run(body)
