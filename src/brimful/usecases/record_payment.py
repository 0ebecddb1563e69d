"""What is learnt of a payment, from a reply, a read-back or an event alike, is recorded here (R23).

Each answer of the gateway is a fact about one payment; the purchase's state says what it means.
Recording is a compare-and-set on that state under lock, so that any fact may come twice, late, out of
order or from two processes, and be recorded once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from brimful.billing import breaker, payments, purchases
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
from brimful.ledger.demands import NewDemand
from brimful.usecases.context import Context
from brimful.usecases.deliver import deliver, deliver_renewals
from brimful.usecases.fail_purchase import fail_purchase
from brimful.usecases.record_card_result import note_success, record_decline
from brimful.usecases.record_reversals import record_not_given_back, record_reversals

Outcome = PaymentOutcome | Refunded

# A gateway that says this does not know the card that we have on file (any more).
CARD_IS_GONE = frozenset({"no_such_method", "no_such_customer", "wrong_customer"})


async def record_payment(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, outcome: Outcome, moment: Moment
) -> tuple[Effect, ...]:
    """Record what the gateway says of one purchase's payment, as ``record_payments``."""
    return await record_payments(
        ctx, tenant_id=tenant_id, outcomes={purchase_id: outcome}, moment=moment
    )


async def record_payments(
    ctx: Context, *, tenant_id: UUID, outcomes: Mapping[UUID, Outcome], moment: Moment
) -> tuple[Effect, ...]:
    """Record what the gateway says of purchases' payments and do all that follows from it, in one
    transaction: of one purchase, or of the renewals of a group.

    Returns what is to be done after the commit. ``Unknown``, ``Unreachable`` and ``NotFound`` prove
    nothing and change no state: see ``note_try``. An outcome that names a payment we did not store
    is ignored (R45).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchases(tx, tenant_id, list(outcomes))
        pools = {pool for one in seen for pool in (one.buyer_id, one.seller_id)}
        await demands.lock_pools(tx, tenant_id, *pools)
        locked = await purchases.lock_purchases(tx, tenant_id, list(outcomes))
        return await _record_all(
            tx, tenant_id, [(one, outcomes[one.purchase_id]) for one in locked], moment
        )

    return await ctx.db.run(body)


async def _record_all(
    tx: Transaction, tenant_id: UUID, learnt: list[tuple[Purchase, Outcome]], moment: Moment
) -> tuple[Effect, ...]:
    """What is the same for all is recorded for all at once, the rest one by one."""
    created: dict[UUID, str] = {}
    held: list[tuple[Purchase, datetime | None]] = []
    renewed: list[Purchase] = []
    effects: list[Effect] = []
    for purchase, outcome in learnt:
        match outcome:
            case Created(payment_id=payment_id) if purchase.state == "planned":
                created[purchase.purchase_id] = payment_id
                effects.append(Drive(tenant_id, purchase.purchase_id))
            case Held(capture_before=before) if purchase.state == "created":
                held.append((purchase, before))
            case Captured() if _renews(purchase) and _matches(purchase, outcome):
                renewed.append(purchase)
            case _:
                effects += await _record(tx, purchase, outcome, moment)
    if created:
        await payments.store_payments(tx, tenant_id, created, moment)
    if held:
        capture_before = {purchase.purchase_id: before for purchase, before in held}
        await payments.note_held(tx, tenant_id, capture_before)
        effects += await _queue_at_sellers(tx, [purchase for purchase, _ in held], moment)
    if renewed:
        await breaker.forget_soft_declines(tx, renewed)
        effects += await deliver_renewals(tx, renewed, moment)
    effects += await _record_reversals(tx, learnt, moment)
    return tuple(effects)


async def _record_reversals(
    tx: Transaction, learnt: list[tuple[Purchase, Outcome]], moment: Moment
) -> list[Effect]:
    """Refunds and disputes of what is delivered by now, just now or long ago (R25)."""
    effects: list[Effect] = []
    for seen, outcome in learnt:
        if not isinstance(outcome, Captured) or not (outcome.refunds or outcome.disputes):
            continue
        purchase = await purchases.lock_purchase(tx, seen.tenant_id, seen.purchase_id)
        if purchase.state == "delivered" and _matches(purchase, outcome):
            effects += await record_reversals(tx, purchase, outcome, moment)
    return effects


def _renews(purchase: Purchase) -> bool:
    """A renewal whose stock is secured, so that its money pays for what can be delivered."""
    secured = purchase.mode == "charge" or purchase.state == "capturing"
    return purchase.origin == "renewal" and secured and not purchase.ended


async def _record(
    tx: Transaction, purchase: Purchase, outcome: Outcome, moment: Moment
) -> tuple[Effect, ...]:
    if purchase.ended:
        if isinstance(outcome, Captured) and purchase.state == "failed":
            return await record_not_given_back(tx, purchase, outcome, moment)
        return ()
    again = (Drive(purchase.tenant_id, purchase.purchase_id),)
    match outcome:
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
        case Refused(code=refused) if purchase.state in ("planned", "created", "capturing"):
            reason = Reason.gateway_unavailable
            if purchase.origin == "renewal" and refused in CARD_IS_GONE:
                # The payer's own affair, not its seller's: past due until another card (R35).
                reason = Reason.no_payment_method
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
        effects += await _queue_at_sellers(tx, [purchase], moment)
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


async def _queue_at_sellers(
    tx: Transaction, held: Sequence[Purchase], moment: Moment
) -> tuple[Effect, ...]:
    """The cards are held: now the demands take their places in the sellers' queues (R17, R20)."""
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


async def deliver_uncharged(
    ctx: Context, *, tenant_id: UUID, purchase_ids: Sequence[UUID], moment: Moment
) -> tuple[Effect, ...]:
    """Deliver purchases too small to charge once the seller's stock is reserved for them (R26)."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        seen = await purchases.read_purchases(tx, tenant_id, purchase_ids)
        pools = {pool for one in seen for pool in (one.buyer_id, one.seller_id)}
        await demands.lock_pools(tx, tenant_id, *pools)
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
        seen = await purchases.read_purchase(tx, tenant_id, purchase_id)
        assert seen is not None
        await demands.lock_pools(tx, tenant_id, seen.buyer_id, seen.seller_id)
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "canceling" or purchase.payment_id is not None:
            return ()
        return await fail_purchase(tx, purchase, moment)

    return await ctx.db.run(body)
