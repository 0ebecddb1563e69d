"""Driving a refund at the gateway: asked for under one key, then read back until it has its last word.

The intent is committed before the first call, and no answer is no failure (R21, R22). No transaction is
open while a call is under way.
"""

from datetime import timedelta
from uuid import UUID

from brimful.billing import refunds
from brimful.billing.refunds import DueRefund
from brimful.domain.disconnection import is_disconnected
from brimful.domain.effect import Effect
from brimful.domain.payment import Captured, Refunded, Refused
from brimful.domain.resending import may_send
from brimful.effects.drive import RETRY_AFTER_S, Driver
from brimful.usecases.record_payment import record_payment
from brimful.usecases.record_refund import record_refund

# A refund that is under way at the gateway is looked at so often; an event says so sooner.
LOOKED_AT_EVERY = timedelta(minutes=10)


async def drive_refund(driver: Driver, *, tenant_id: UUID, refund_id: UUID) -> tuple[Effect, ...]:
    """Take a refund as far as it goes now. Does nothing when it is at rest or another drives it."""
    db = driver.ctx.db
    moment = driver.now()
    due = await refunds.claim(
        db,
        tenant_id=tenant_id,
        refund_id=refund_id,
        real_at=moment.real_at,
        until=moment.real_at + timedelta(seconds=driver.lease_s),
    )
    if due is None:
        return ()
    effects: tuple[Effect, ...] = ()
    pause = LOOKED_AT_EVERY
    asks = due.state == "requested"
    late = not may_send(due.requested_real_at, moment.real_at)
    if asks and not late:
        outcome = await driver.gateway.refund(
            account_ref=due.gateway_account,
            payment_id=due.payment_id,
            amount_minor=due.amount_minor,
            currency=due.currency,
            idempotency_key=due.key,
        )
        # That the account is closed by now says nothing of an earlier try, which had no answer: it is
        # asked for again until there is one, or read back when the account is open again (R22).
        unsaid = due.tries > 1 and is_disconnected(outcome)
        if isinstance(outcome, Refunded | Refused) and not unsaid:
            effects += await record_refund(
                driver.ctx, tenant_id=tenant_id, due=due, outcome=outcome, moment=driver.now()
            )
        elif not unsaid:
            # It may have been done all the same: sent again under its key, it is done once.
            pause = timedelta(seconds=RETRY_AFTER_S[min(due.tries, len(RETRY_AFTER_S)) - 1])
    effects += await _read_back(driver, tenant_id, due, given_up=asks and late)
    await refunds.release(db, tenant_id, refund_id, driver.now().real_at + pause)
    return effects


async def _read_back(
    driver: Driver, tenant_id: UUID, due: DueRefund, *, given_up: bool
) -> tuple[Effect, ...]:
    """What the gateway knows of the payment's refunds, recorded like any other answer (R23). Of one
    that is not sent any more and is none of them, it is known that it was not made, whatever others
    there are."""
    seen = await driver.gateway.look_up(account_ref=due.gateway_account, payment_id=due.payment_id)
    if not isinstance(seen, Captured):
        return ()
    effects = await record_payment(
        driver.ctx,
        tenant_id=tenant_id,
        purchase_id=due.purchase_id,
        outcome=seen,
        moment=driver.now(),
    )
    if given_up:
        # Recorded only if it is still not known to the gateway.
        effects += await record_refund(
            driver.ctx,
            tenant_id=tenant_id,
            due=due,
            outcome=Refused(code="no_answer"),
            moment=driver.now(),
        )
    return effects
