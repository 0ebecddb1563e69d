"""What became of one try to send a webhook is recorded here (R42)."""

from urllib.parse import urlsplit

from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.webhook import Again, Answer, Answered, Arrived, NobodyThere, judge, why_not
from brimful.notices import webhooks
from brimful.notices.promise import promise
from brimful.notices.webhooks import Claimed, Delivery
from brimful.usecases.context import Context


async def record_webhook(
    ctx: Context, *, endpoint: Claimed, delivery: Delivery, answer: Answer, moment: Moment
) -> tuple[Effect, ...]:
    """Record the answer to a try: it has arrived, is due again later, or is given up, which the
    endpoint's owner is told once until something arrives again. A receiver that is gone (410) gets
    nothing more."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        verdict = judge(answer, delivery.tries)
        status = answer.status if isinstance(answer, Answered) else None
        if isinstance(verdict, Arrived):
            assert status is not None
            await webhooks.mark_sent(tx, delivery, status, moment)
            if endpoint.told_at is not None:
                await webhooks.forget_told(tx, endpoint.endpoint_id)
            return ()
        due_at = moment.real_at + verdict.pause if isinstance(verdict, Again) else None
        marked = await webhooks.mark_failed(
            tx, delivery, status=status, error=why_not(answer), due_at=due_at, moment=moment
        )
        if not marked or due_at is not None:
            return ()
        if isinstance(verdict, NobodyThere):
            if not await webhooks.disable_gone(tx, endpoint.endpoint_id, moment):
                return ()
            await webhooks.drop_due(tx, endpoint.endpoint_id, moment)
            return await _tell(tx, endpoint, delivery, "webhook_disabled", answer, moment)
        if await webhooks.note_told(tx, endpoint.endpoint_id, moment):
            return await _tell(tx, endpoint, delivery, "webhook_failed", answer, moment)
        return ()

    return await ctx.db.run(body)


async def _tell(
    tx: Transaction,
    endpoint: Claimed,
    delivery: Delivery,
    kind: str,
    answer: Answer,
    moment: Moment,
) -> tuple[Effect, ...]:
    owner = await webhooks.read_owner(tx, endpoint, delivery.tenant_id)
    if owner is None:
        return ()
    await promise(
        tx,
        tenant_id=delivery.tenant_id,
        account_id=owner,
        kind=kind,
        subject_id=endpoint.endpoint_id,
        episode=delivery.delivery_id.hex,
        facts={"host": urlsplit(endpoint.url).hostname, "error": why_not(answer)},
        moment=moment,
    )
    return (MailDue(),)
