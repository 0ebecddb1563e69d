"""Renewals: what is due of a seller's buyers, begun as one group (R6, R34 to R36).

A renewal is a purchase like any other: stock is reserved or the card is held, and the seller buys
what it lacks. Only the beginning is here; its end says when the subscription is due again.
"""

from datetime import datetime
from itertools import groupby
from uuid import UUID

from brimful.billing import renewals
from brimful.billing.buyers import Payer
from brimful.billing.purchases import PurchaseLine, Runs
from brimful.billing.receivables import read_outstanding
from brimful.billing.renewals import Due
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, Plan
from brimful.domain.moment import Moment
from brimful.domain.period import MONTHS, Period
from brimful.domain.reason import Reason
from brimful.domain.renewal import Step, due_step, next_due
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.intent import Wish, open_intent
from brimful.usecases.lines import credits_end
from brimful.usecases.period_end import apply_period_ends

BATCH = 200


async def renew_due(
    ctx: Context, *, tenant_id: UUID, seller_id: UUID, moment: Moment, limit: int = BATCH
) -> tuple[Effect, ...]:
    """Begin the renewals of up to ``limit`` of a seller's buyers that are due.

    Does nothing while the seller or one above it renews itself: whoever ends that comes back here
    (ancestors first). A buyer whose card may not be tried stays past due until it may.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_pools(tx, tenant_id, seller_id)
        if await renewals.is_renewing_above(tx, tenant_id, seller_id, moment.at):
            return ()
        due = await renewals.take_due(tx, tenant_id, seller_id, moment.at, limit)
        effects: tuple[Effect, ...] = ()
        for _, subscriptions in groupby(due, key=lambda one: one.account_id):
            effects += await _begin(ctx, tx, tenant_id, list(subscriptions), moment)
        return effects

    return await ctx.db.run(body)


async def _begin(
    ctx: Context, tx: Transaction, tenant_id: UUID, due: list[Due], moment: Moment
) -> tuple[Effect, ...]:
    """Begin one buyer's renewal: one purchase with a line for each subscription that is due."""
    due, changed = await apply_period_ends(tx, tenant_id, due, moment)
    if not due:
        return changed
    first = due[0]
    steps = [(one, step) for one in due if (step := _step(one, moment)) is not None]
    lines = tuple(_line(one, step) for one, step in steps)
    ids = [one.subscription_id for one, _ in steps]
    wish = Wish(
        lines=lines,
        origin="renewal",
        trigger="renewal",
        explanation={
            "trigger": "renewal",
            "due_at": min(one.due_at for one in due).isoformat(),
            "lines": [one.package_name for one, _ in steps],
        },
    )
    if wish.amount_minor and (blocked := _blocked(first, moment)) is not None:
        reason, wake_at = blocked
        await renewals.note_failed(
            tx, tenant_id=tenant_id, subscription_ids=ids, reason=reason, wake_at=wake_at,
            own_fault=True, at=moment.at,
        )  # fmt: skip
        return changed
    payer = Payer(
        tenant_id=tenant_id,
        account_id=first.account_id,
        seller_id=first.seller_id,
        seller_is_supply=first.seller_is_supply,
        currency=first.currency,
        card=first.card,
        outstanding=await read_outstanding(tx, tenant_id, first.account_id),
    )
    purchase_id = await open_intent(ctx, tx, facts=payer, wish=wish, moment=moment)
    await renewals.park(tx, tenant_id, ids)
    drive = Drive(tenant_id, purchase_id)
    return (
        *changed,
        drive,
        *(() if first.seller_is_supply else (Plan(tenant_id, first.seller_id),)),
    )


def _step(due: Due, moment: Moment) -> Step | None:
    return due_step(due.anchor_at, due.interval, due.months_done, due.credits > 0, moment.at)


def _blocked(due: Due, moment: Moment) -> tuple[Reason, datetime | None] | None:
    """Why the card may not be tried now, and from when it may (None: when somebody acts) (R29)."""
    if due.card is None:
        return Reason.no_payment_method, None
    if due.paused:
        return Reason.auto_billing_paused, None
    if due.retry_at is not None and due.retry_at > moment.at:
        return Reason.retry_later, due.retry_at
    return None


def _line(due: Due, step: Step) -> PurchaseLine:
    """The line of one subscription: its price when a period begins, its credits each month (R34)."""
    period = Period(
        anchor_at=due.anchor_at,
        starts_at=step.period_starts_at,
        ends_at=step.period_ends_at,
        interval=due.interval,
    )
    brings = due.credits > 0
    return PurchaseLine(
        kind=due.kind,
        package_id=due.package_id,
        package_version=due.package_version,
        quantity=1,
        credits=due.credits,
        chatbots=due.chatbots_to_come,
        amount_minor=due.recurring_minor if step.renews else 0,
        recurring_minor=due.recurring_minor,
        credits_cost_minor=_credits_cost_minor(due, step),
        credits_end_at=credits_end(due.anchor_at, step.months_done, due.rolls_over)
        if brings
        else None,
        runs=Runs(
            subscription_id=due.subscription_id,
            period=period,
            months_done=step.months_done,
            due_at=next_due(due.anchor_at, due.interval, step.months_done, brings),
        ),
    )


def _credits_cost_minor(due: Due, step: Step) -> int:
    """The part of the period's price that this month's credits carry, to the minor unit over the
    months of a period (R13, R25)."""
    if not due.price_minor or not due.credits:
        return 0
    whole = due.recurring_minor * due.credits_price_minor // due.price_minor
    months, month = MONTHS[due.interval], (step.months_done - 1) % MONTHS[due.interval]
    return whole * (month + 1) // months - whole * month // months
