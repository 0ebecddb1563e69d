"""Planning an auto-billing: one purchase for all that waits on an account's pool (R11 to R13, R17, R19)."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from brimful.billing import renewals
from brimful.billing.buyers import BuyerFacts, read_buyer_and_offer
from brimful.billing.offers import SellerOffer
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Renew
from brimful.domain.fitting import Misfit, fit_to_sellers
from brimful.domain.moment import Moment
from brimful.domain.planning import Buy, Waiting
from brimful.domain.reason import Reason, Refuse
from brimful.domain.sizing import allowed_packs, size_purchase
from brimful.ledger import demands
from brimful.ledger.demands import WaitingDemand
from brimful.usecases.chain import cannot_furnish, read_sellers
from brimful.usecases.context import Context, with_covers
from brimful.usecases.open_auto_billing import open_auto_billing
from brimful.usecases.open_plan import open_plan
from brimful.usecases.outcomes import effects_of
from brimful.usecases.pull_brake import pull_brake
from brimful.usecases.refuse_client import refusal_episode, tell_seller
from brimful.usecases.refuse_waiting import refuse


async def plan_auto_billing(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Open one auto-billing for all demand registered on an account's pool by now (R19).

    Does nothing while a purchase of the account is at the gateway; whoever ends it plans anew.
    Demands that may not be bought for are refused, each with its reason, and hold up no other
    (R28). The chain above is checked first, so that nothing is held that cannot succeed; of a need
    that only together is too much for it, the first part is bought for and the rest waits (R17).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        return await _plan(ctx, tx, tenant_id, account_id, moment)

    return await with_covers(ctx, body)


async def _plan(
    ctx: Context, tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    begun = await open_plan(tx, tenant_id=tenant_id, account_id=account_id, moment=moment)
    moment, effects = begun.moment, effects_of(tenant_id, begun.moved)
    if begun.at_gateway:
        return effects
    if begun.due_sellers:
        # What is due comes first (R35); whoever ends it plans anew.
        return (*effects, *(Renew(tenant_id, seller_id) for seller_id in begun.due_sellers))
    all_waiting = begun.waiting
    while waiting := await _without_forming(tx, tenant_id, account_id, all_waiting, moment):
        facts, shop = await read_buyer_and_offer(
            tx, tenant_id=tenant_id, account_id=account_id, at=moment.at, lock=True, zone=begun.zone
        )
        done, more = await _plan_once(ctx, tx, facts, shop, waiting, moment)
        effects += more
        if done:
            break
        # Refusing a demand may free stock and complete others.
        all_waiting = await demands.read_waiting(tx, tenant_id, account_id)
    return effects


async def _without_forming(
    tx: Transaction, tenant_id: UUID, account_id: UUID, waiting: list[WaitingDemand], moment: Moment
) -> list[WaitingDemand]:
    """What waits, without renewals while others of their group are still to come (R35)."""
    if not _has_purchases(waiting):
        return waiting
    if not await renewals.is_group_forming(tx, tenant_id, account_id, moment.at):
        return waiting
    renewing = await renewals.read_waiting_renewals(tx, tenant_id, account_id)
    return [demand for demand in waiting if demand.operation_id not in renewing]


def _has_purchases(waiting: Sequence[WaitingDemand]) -> bool:
    """Renewals, and what was bought for some, wait as purchases of clients."""
    return any(demand.kind == "purchase" for demand in waiting)


async def _plan_once(
    ctx: Context,
    tx: Transaction,
    facts: BuyerFacts,
    shop: SellerOffer,
    waiting: list[WaitingDemand],
    moment: Moment,
) -> tuple[bool, tuple[Effect, ...]]:
    """Open a purchase or leave all waiting (True), or refuse some demands, after which the rest is to
    be looked at."""
    tables = ctx.covers.of(allowed_packs(facts.buyer, shop.offer))

    def size(some: Sequence[Waiting]) -> Buy | Refuse:
        return size_purchase(facts.buyer, some, shop.offer, tables, moment.at)

    renewing = set[UUID]()
    if _has_purchases(waiting):
        renewing = await renewals.read_for_renewals(tx, facts.tenant_id, facts.account_id)
    wanted = [_waiting(demand, demand.operation_id in renewing) for demand in waiting]
    decision = size(wanted)
    if isinstance(decision, Refuse) or decision.refused:
        return False, await _refuse(tx, facts, decision, moment)
    sellers = await read_sellers(ctx, tx, facts=facts, need=decision, at=moment.at)
    fits = fit_to_sellers(wanted, size, partial(cannot_furnish, sellers, facts, moment.at))
    if isinstance(fits, Misfit):
        if await renewals.is_to_come_above(tx, facts.tenant_id, facts.account_id):
            # It may bring what a seller above is short of (R35); whoever ends it plans anew.
            return True, ()
        return False, await _refuse_for_sellers(tx, facts, fits, moment)
    return True, await open_auto_billing(
        ctx,
        tx,
        facts=facts,
        shop=shop,
        tables=tables,
        buy=fits,
        waiting=waiting,
        moment=moment,
    )


def _waiting(demand: WaitingDemand, renewal: bool) -> Waiting:
    return Waiting(
        demand_id=str(demand.demand_id),
        child_id=None if demand.child_id is None else str(demand.child_id),
        short_credits=demand.short_credits,
        short_chatbots=demand.short_chatbots,
        renewal=renewal,
    )


async def _refuse(
    tx: Transaction, facts: BuyerFacts, decision: Buy | Refuse, moment: Moment
) -> tuple[Effect, ...]:
    """Refuse each demand that may not be bought for, with its reason; all with one, when the
    account may not buy at all."""
    effects: tuple[Effect, ...] = ()
    if isinstance(decision, Refuse) and not decision.each:
        if decision.reason is Reason.auto_billing_braked:
            effects = await pull_brake(tx, facts.tenant_id, facts.account_id, "pace", moment)
        return effects + await _refuse_with(tx, facts, None, decision.reason, moment)
    refused = decision.each if isinstance(decision, Refuse) else decision.refused
    for reason in dict.fromkeys(reason for _, reason in refused):
        only = [UUID(demand) for demand, why in refused if why == reason]
        effects += await _refuse_with(tx, facts, only, reason, moment)
    return effects


async def _refuse_for_sellers(
    tx: Transaction, facts: BuyerFacts, misfit: Misfit, moment: Moment
) -> tuple[Effect, ...]:
    """A seller above cannot furnish it: its owner is told, the demands hear nothing of it (R18)."""
    needs = {
        "credits": sum(demand.short_credits for demand in misfit.demands),
        "chatbots": sum(demand.short_chatbots for demand in misfit.demands),
    }
    told = await tell_seller(tx, refusal=misfit.refusal, client=facts, needs=needs, moment=moment)
    only = [UUID(demand.demand_id) for demand in misfit.demands]
    reason = Reason.temporarily_unavailable
    return (told, *await _refuse_with(tx, facts, only, reason, moment))


async def _refuse_with(
    tx: Transaction, facts: BuyerFacts, only: list[UUID] | None, reason: Reason, moment: Moment
) -> tuple[Effect, ...]:
    limits = facts.buyer.limits
    return await refuse(
        tx,
        tenant_id=facts.tenant_id,
        account_id=facts.account_id,
        only=only,
        reason=reason,
        subject_id=facts.account_id,
        episode=refusal_episode(facts, reason, moment),
        facts={
            "limits": {
                "per_charge_minor": limits.per_charge_minor,
                "per_hour_count": limits.per_hour_count,
                "per_day_minor": limits.per_day_minor,
                "per_month_minor": limits.per_month_minor,
            }
        },
        moment=moment,
    )
