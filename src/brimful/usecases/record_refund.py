"""What the gateway answers to a refund that was requested here is recorded here (R22, R25)."""

from collections.abc import Iterable
from uuid import UUID

from brimful.billing import purchases, refunds
from brimful.billing.purchases import Purchase
from brimful.billing.refunds import DueRefund, KnownRefund
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Wake
from brimful.domain.moment import Moment
from brimful.domain.payment import Refunded, Refused
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.reverse import settle_reversals


async def record_refund(
    ctx: Context, *, tenant_id: UUID, due: DueRefund, outcome: Refunded | Refused, moment: Moment
) -> tuple[Effect, ...]:
    """Record that a refund was begun at the gateway, or refused by it; recorded before, nothing
    happens.

    One that was begun is pending, its credits still frozen, until the payment is read back and says
    what became of it. One that was refused had no effect: its credits are the buyer's again.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await purchases.lock_purchase(tx, tenant_id, due.purchase_id)
        known = {one.refund_id: one for one in await refunds.read_refunds(tx, purchase)}
        if known[due.refund_id].state != "requested":
            return ()
        if isinstance(outcome, Refunded):
            return await _begun(tx, purchase, due, outcome, known.values(), moment)
        await refunds.set_refund(
            tx, tenant_id, due.refund_id, "refused", code=outcome.code, moment=moment
        )
        _, effects = await settle_reversals(tx, purchase, moment)
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=purchase.seller_id,
            kind="refund_refused",
            subject_id=due.refund_id,
            episode="refused",
            facts={"amount_minor": due.amount_minor, "currency": purchase.currency},
            moment=moment,
        )
        return (*effects, Wake(due.refund_id), MailDue())

    return await ctx.db.run(body)


async def _begun(
    tx: Transaction,
    purchase: Purchase,
    due: DueRefund,
    begun: Refunded,
    known: Iterable[KnownRefund],
    moment: Moment,
) -> tuple[Effect, ...]:
    """The gateway has made it. Whoever runs the gateway's account can take the key off a refund, so that
    it was told as one made elsewhere before this answer came: it is one refund, and stands here."""
    told = next((one for one in known if one.gateway_refund == begun.refund_id), None)
    if told is not None:
        await refunds.forget_refund(tx, purchase.tenant_id, told.refund_id)
    await refunds.set_refund(
        tx,
        purchase.tenant_id,
        due.refund_id,
        "pending" if told is None else told.state,
        gateway_refund=begun.refund_id,
        moment=moment,
    )
    if told is None:
        return ()
    _, effects = await settle_reversals(tx, purchase, moment)
    return (*effects, Wake(due.refund_id))
