"""Planning an auto-billing: one purchase for all that waits on an account's pool (R11 to R13, R17, R19)."""

from uuid import UUID

from brimful.billing import purchases
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import SellerOffer, read_offer
from brimful.billing.purchases import PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.caps import crossed, episode
from brimful.domain.effect import Effect, MailDue
from brimful.domain.explanation import explain_purchase
from brimful.domain.moment import Moment
from brimful.domain.planning import Buy, Line, Waiting
from brimful.domain.reason import Reason, Refuse
from brimful.domain.sizing import allowed_packs, size_purchase
from brimful.ledger import balances, demands
from brimful.ledger.demands import WaitingDemand
from brimful.notices.promise import promise
from brimful.usecases.chain import check_sellers
from brimful.usecases.context import Context, with_covers
from brimful.usecases.intent import Wish, follow_up, open_intent
from brimful.usecases.refuse_client import refusal_episode, tell_seller
from brimful.usecases.refuse_waiting import refuse


async def plan_auto_billing(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Open one auto-billing for all demand registered on an account's pool by now (R19).

    Does nothing while a purchase of the account is at the gateway; whoever ends it plans anew.
    Demands that may not be bought for are refused, each with its reason, and hold up no other
    (R28). The chain above is checked first, so that nothing is held that cannot succeed (R17).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        await demands.lock_pools(tx, tenant_id, account_id, facts.seller_id)
        return await _plan(ctx, tx, tenant_id, account_id, moment)

    return await with_covers(ctx, body)


async def _plan(
    ctx: Context, tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    if await purchases.is_at_gateway(tx, tenant_id, account_id):
        return ()
    effects: tuple[Effect, ...] = ()
    while waiting := await demands.read_waiting(tx, tenant_id, account_id):
        # Read again each time: refusing a demand may free stock and complete others.
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=True)
        tables = ctx.covers.of(allowed_packs(facts.buyer, shop.offer))
        decision = size_purchase(
            facts.buyer, [_waiting(d) for d in waiting], shop.offer, tables, moment.at
        )
        if isinstance(decision, Buy) and not decision.refused:
            above = await check_sellers(
                ctx,
                tx,
                facts=facts,
                credits=decision.credits,
                chatbots=decision.chatbots,
                at=moment.at,
            )
            if above is None:
                return effects + await _open(ctx, tx, facts, shop, decision, waiting, moment)
            needs = {"credits": decision.credits, "chatbots": decision.chatbots}
            told = await tell_seller(tx, refusal=above, client=facts, needs=needs, moment=moment)
            effects = (*effects, told)
            decision = Refuse(
                reason=Reason.temporarily_unavailable, account_id=str(account_id), detail={}
            )
        if isinstance(decision, Buy):
            effects += await _refuse_some(tx, facts, decision, moment)
        else:
            effects += await _refuse_all(tx, facts, decision, waiting, moment)
    return effects


def _waiting(demand: WaitingDemand) -> Waiting:
    return Waiting(
        demand_id=str(demand.demand_id),
        child_id=None if demand.child_id is None else str(demand.child_id),
        short_credits=demand.short_credits,
        short_chatbots=demand.short_chatbots,
        arrived=demand.seq,
    )


async def _refuse_some(
    tx: Transaction, facts: BuyerFacts, buy: Buy, moment: Moment
) -> tuple[Effect, ...]:
    effects: tuple[Effect, ...] = ()
    for reason in dict.fromkeys(reason for _, reason in buy.refused):
        effects += await refuse(
            tx,
            tenant_id=facts.tenant_id,
            account_id=facts.account_id,
            only=[UUID(demand) for demand, why in buy.refused if why == reason],
            reason=reason,
            subject_id=facts.account_id,
            episode=refusal_episode(facts, reason, moment),
            facts={"limits": _limits(facts)},
            moment=moment,
        )
    return effects


async def _refuse_all(
    tx: Transaction,
    facts: BuyerFacts,
    refusal: Refuse,
    waiting: list[WaitingDemand],
    moment: Moment,
) -> tuple[Effect, ...]:
    return await refuse(
        tx,
        tenant_id=facts.tenant_id,
        account_id=facts.account_id,
        only=None,
        reason=refusal.reason,
        subject_id=facts.account_id,
        episode=refusal_episode(facts, refusal.reason, moment),
        facts={"limits": _limits(facts), "detail": dict(refusal.detail)},
        moment=moment,
    )


def _limits(facts: BuyerFacts) -> dict[str, int | None]:
    limits = facts.buyer.limits
    return {
        "per_charge_minor": limits.per_charge_minor,
        "per_hour_count": limits.per_hour_count,
        "per_day_minor": limits.per_day_minor,
        "per_month_minor": limits.per_month_minor,
    }


async def _open(
    ctx: Context,
    tx: Transaction,
    facts: BuyerFacts,
    shop: SellerOffer,
    buy: Buy,
    waiting: list[WaitingDemand],
    moment: Moment,
) -> tuple[Effect, ...]:
    credits, chatbots = await balances.read_stock(tx, facts.tenant_id, facts.account_id)
    tables = ctx.covers.of(allowed_packs(facts.buyer, shop.offer))
    explanation = explain_purchase(
        buyer=facts.buyer,
        buy=buy,
        offer=shop.offer,
        tables=tables,
        trigger=waiting[0].kind,
        operations=[(str(d.operation_id), d.kind, d.credits, d.chatbots) for d in waiting],
        available_credits=credits.free + credits.reserved,
        available_chatbots=chatbots.free + chatbots.reserved,
        names={key: package.name for key, package in shop.packages.items()},
        at=moment.at,
    )
    wish = Wish(
        lines=tuple(_line(shop, line) for line in buy.lines),
        automatic=True,
        trigger=waiting[0].kind,
        explanation=explanation,
    )
    purchase_id = await open_intent(ctx, tx, facts=facts, wish=wish, moment=moment)
    by_id = {str(demand.demand_id): demand for demand in waiting}
    for served in buy.served:
        demand = by_id[served.demand_id]
        await purchases.note_served(
            tx,
            tenant_id=facts.tenant_id,
            purchase_id=purchase_id,
            demand_id=demand.demand_id,
            child_id=demand.child_id,
            short_credits=served.short_credits,
            short_chatbots=served.short_chatbots,
            allocated_minor=served.allocated_minor,
        )
    await _warn_of_caps(tx, facts, buy.amount_minor, moment)
    return (*follow_up(facts, purchase_id), MailDue())


def _line(shop: SellerOffer, line: Line) -> PurchaseLine:
    package = shop.packages[line.package_id]
    return PurchaseLine(
        kind="additional_credits" if line.kind == "credits" else "extra_chatbots",
        package_id=package.package_id,
        package_version=package.version,
        quantity=line.quantity,
        credits=line.credits,
        chatbots=line.chatbots,
        amount_minor=line.amount_minor,
        recurring_minor=line.recurring_minor,
    )


async def _warn_of_caps(
    tx: Transaction, facts: BuyerFacts, amount_minor: int, moment: Moment
) -> None:
    """Tell the owner when a purchase takes spending past 80 or 100 per cent of a cap (R28)."""
    limits, spent = facts.buyer.limits, facts.buyer.spent
    for name, cap, limit, before in (
        ("day", Reason.cap_per_day, limits.per_day_minor, spent.day_minor),
        ("month", Reason.cap_per_month, limits.per_month_minor, spent.month_minor),
    ):
        if limit is None:
            continue
        for share in crossed(limit, before, before + amount_minor):
            await promise(
                tx,
                tenant_id=facts.tenant_id,
                account_id=facts.account_id,
                kind=f"cap_{share}",
                subject_id=facts.account_id,
                episode=episode(cap, limit, moment.at, facts.buyer.zone),
                facts={
                    "cap": name,
                    "limit_minor": limit,
                    "used_minor": before + amount_minor,
                    "currency": facts.currency,
                },
                moment=moment,
            )
