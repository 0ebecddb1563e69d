"""What the gateway answers to a refund that was requested here is recorded here (R22, R25)."""

from uuid import UUID

from brimful.billing import refunds
from brimful.billing.refunds import DueRefund
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Wake
from brimful.domain.moment import Moment
from brimful.domain.payment import Refunded, Refused
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.reverse import lock_sale, settle_reversals


async def record_refund(
    ctx: Context, *, tenant_id: UUID, due: DueRefund, outcome: Refunded | Refused, moment: Moment
) -> tuple[Effect, ...]:
    """Record that a refund was begun at the gateway, or refused by it; recorded before, nothing
    happens.

    One that was begun is pending, its credits still frozen, until the payment is read back and says
    what became of it. One that was refused had no effect: its credits are the buyer's again.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await lock_sale(tx, tenant_id, due.purchase_id)
        known = {one.refund_id: one for one in await refunds.read_refunds(tx, purchase)}
        if known[due.refund_id].state != "requested":
            return ()
        if isinstance(outcome, Refunded):
            await refunds.set_refund(
                tx,
                tenant_id,
                due.refund_id,
                "pending",
                gateway_refund=outcome.refund_id,
                moment=moment,
            )
            return ()
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
