"""Credits that will run out and that nothing buys automatically (R33, R42)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from brimful.billing import ahead
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import read_offer
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.planning import may_buy
from brimful.domain.reason import Reason
from brimful.domain.sizing import allowed_packs
from brimful.domain.warning import balance_warning
from brimful.ledger import balances, usage
from brimful.notices.promise import is_promised, promise
from brimful.usecases.context import Context
from brimful.usecases.forecast import forecast_in

BATCH = 500
_FIRST = (UUID(int=0), UUID(int=0))

Accounts = list[tuple[UUID, UUID]]


async def warn_of_balances(ctx: Context, moment: Moment) -> None:
    """Carry what was used into the sums, and warn the owners of those that run low."""
    async for one in _all(lambda after: usage.find_uncarried(ctx.db, after, BATCH)):
        await usage.carry_usage(ctx.db, *one, moment)
    async for tenant_id, account_id in _all(
        lambda after: usage.find_running_low(ctx.db, moment.at, after, BATCH)
    ):
        await _warn(ctx, tenant_id, account_id, moment)


async def _all(
    find: Callable[[tuple[UUID, UUID]], Awaitable[Accounts]],
) -> AsyncIterator[tuple[UUID, UUID]]:
    """All accounts that a query finds, a batch at a time in the order of ids."""
    last = _FIRST
    while found := await find(last):
        for one in found:
            yield one
        last = found[-1]


async def _on_offer(tx: Transaction, facts: BuyerFacts) -> Reason | None:
    """Why an account that may buy by itself finds no credits to buy; None when it does."""
    shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=False)
    return None if allowed_packs(facts.buyer, shop.offer) else Reason.no_credit_package


async def _warn(ctx: Context, tenant_id: UUID, account_id: UUID, moment: Moment) -> None:
    """Warn of one account's balance, once until something is delivered to it. Where auto-billing
    buys what is missing there is nothing to warn of."""

    async def body(tx: Transaction) -> None:
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        reason = may_buy(facts.buyer, moment.at) or await _on_offer(tx, facts)
        if reason is None or not facts.open:
            return
        seen = await forecast_in(tx, tenant_id, account_id, moment)
        if seen.rate.basis == "nothing":
            return
        setting = await ahead.read(tx, tenant_id, account_id)
        kind = balance_warning(
            free=seen.free,
            threshold=setting.threshold_credits,
            run_out_at=seen.run_out_at,
            at=moment.at,
        )
        if kind is None:
            return
        credits, _ = await balances.read_stock(tx, tenant_id, account_id)
        episode = str(credits.received)
        if kind == "forecast" and await is_promised(
            tx, tenant_id, account_id, kind="low_balance", subject_id=account_id, episode=episode
        ):
            # It was low already, and only the rate has fallen since.
            return
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            kind=kind,
            subject_id=account_id,
            episode=episode,
            facts={
                "free": seen.free,
                "per_day": round(seen.rate.per_day),
                "run_out_at": None if seen.run_out_at is None else seen.run_out_at.isoformat(),
                "reason": str(reason),
                "zone": facts.buyer.zone,
            },
            moment=moment,
        )

    await ctx.db.run(body)
