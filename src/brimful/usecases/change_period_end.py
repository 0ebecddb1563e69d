"""What is to become of a subscription at period end: it ends, chatbots are released, or neither (R31)."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import subscriptions
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger import demands
from brimful.usecases.answers import Missing, TooMuch
from brimful.usecases.context import Context


@dataclass(frozen=True, slots=True)
class PeriodEndSet:
    """It was recorded."""


async def cancel_subscription(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, subscription_id: UUID, moment: Moment
) -> PeriodEndSet | Missing:
    """Let a subscription end with its period; one whose period is over ends at once. It takes the
    place of a change that waits. Until then everything stays, and it can be resumed."""

    async def body(tx: Transaction) -> PeriodEndSet | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        held = await subscriptions.lock_subscription(tx, tenant_id, account_id, subscription_id)
        if held is None:
            return Missing(what="subscription")
        await subscriptions.set_period_end(tx, tenant_id, subscription_id, moment=moment, ends=True)
        return PeriodEndSet()

    return await ctx.db.run(body)


async def resume_subscription(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, subscription_id: UUID, moment: Moment
) -> PeriodEndSet | Missing:
    """Drop whatever was to become of a subscription at period end: it renews as it is."""

    async def body(tx: Transaction) -> PeriodEndSet | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        held = await subscriptions.lock_subscription(tx, tenant_id, account_id, subscription_id)
        if held is None:
            return Missing(what="subscription")
        await subscriptions.set_period_end(tx, tenant_id, subscription_id, moment=moment)
        return PeriodEndSet()

    return await ctx.db.run(body)


async def release_chatbots(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    subscription_id: UUID,
    chatbots: int,
    moment: Moment,
) -> PeriodEndSet | Missing | TooMuch:
    """Let so many extra chatbots of a subscription go at period end, as far as nobody needs them then
    (R31); none drops it. Each costs the same, so that a part can go. One that is cancelled stays so: then
    all of its chatbots go."""

    async def body(tx: Transaction) -> PeriodEndSet | Missing | TooMuch:
        await demands.lock_pools(tx, tenant_id, account_id)
        held = await subscriptions.lock_subscription(tx, tenant_id, account_id, subscription_id)
        if held is None or held.kind != "extra_chatbots":
            return Missing(what="subscription")
        if chatbots > held.chatbots:
            most = f"at most {held.chatbots:,} can be released"
            return TooMuch(why=f"Of this subscription's chatbots {most}.")
        await subscriptions.set_period_end(
            tx,
            tenant_id,
            subscription_id,
            moment=moment,
            ends=held.ends_at_period_end,
            release_chatbots=chatbots,
        )
        return PeriodEndSet()

    return await ctx.db.run(body)
