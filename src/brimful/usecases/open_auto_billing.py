"""Opening an auto-billing that was decided on: its intent, its explanation, whom it serves (R13, R32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from brimful.billing import outages, purchases
from brimful.billing.buyers import BuyerFacts
from brimful.billing.offers import SellerOffer
from brimful.billing.purchases import PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.caps import crossed, episode
from brimful.domain.cover import CoverTables
from brimful.domain.effect import Effect, MailDue
from brimful.domain.explanation import Operation, explain_purchase
from brimful.domain.moment import Moment
from brimful.domain.planning import Buy, Line
from brimful.domain.reason import Reason
from brimful.ledger import balances
from brimful.ledger.demands import WaitingDemand
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.intent import Wish, follow_up, must_wait, open_intent
from brimful.usecases.lines import credit_line, seat_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an automatic purchase is for: the operations that wait, with what their pool has for them,
    or the rule that buys ahead, with its figures."""

    trigger: str
    operations: Sequence[Operation]
    available_credits: int
    available_chatbots: int
    ahead: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The intent is written."""

    purchase_id: UUID
    effects: tuple[Effect, ...]


async def open_auto_billing(
    ctx: Context,
    tx: Transaction,
    *,
    facts: BuyerFacts,
    shop: SellerOffer,
    tables: CoverTables | None,
    buy: Buy,
    waiting: list[WaitingDemand],
    moment: Moment,
) -> tuple[Effect, ...]:
    """Write the intent of a purchase for the demands that wait on a locked pool, with the share of
    each it serves, and warn of caps. Opens nothing while small purchases under way have to be
    delivered first: whoever ends those plans anew (R26)."""
    credits, chatbots = await balances.read_stock(tx, facts.tenant_id, facts.account_id)
    cause = Cause(
        trigger=waiting[0].kind,
        operations=tuple((str(d.operation_id), d.kind, d.credits, d.chatbots) for d in waiting),
        available_credits=credits.free + credits.reserved,
        available_chatbots=chatbots.free + chatbots.reserved,
    )
    opened = await open_for(
        ctx, tx, facts=facts, shop=shop, tables=tables, buy=buy, cause=cause, moment=moment
    )
    if opened is None:
        return ()
    by_id = {str(demand.demand_id): demand for demand in waiting}
    for served in buy.served:
        demand = by_id[served.demand_id]
        await purchases.note_served(
            tx,
            tenant_id=facts.tenant_id,
            purchase_id=opened.purchase_id,
            demand_id=demand.demand_id,
            child_id=demand.child_id,
            short_credits=served.short_credits,
            short_chatbots=served.short_chatbots,
            allocated_minor=served.allocated_minor,
        )
    return opened.effects


async def open_for(
    ctx: Context,
    tx: Transaction,
    *,
    facts: BuyerFacts,
    shop: SellerOffer,
    tables: CoverTables | None,
    buy: Buy,
    cause: Cause,
    moment: Moment,
) -> Opened | None:
    """Write the intent of an automatic purchase for whatever causes it, and warn of caps; None when
    small purchases under way have to be delivered first. The pools are locked."""
    explanation = explain_purchase(
        buyer=facts.buyer,
        buy=buy,
        offer=shop.offer,
        tables=tables,
        trigger=cause.trigger,
        operations=cause.operations,
        available_credits=cause.available_credits,
        available_chatbots=cause.available_chatbots,
        names={key: package.name for key, package in shop.packages.items()},
        at=moment.at,
        ahead=cause.ahead,
    )
    if facts.card is not None:
        explanation["card"] = {"card": facts.card.label, "role": facts.card.role}
    wish = Wish(
        lines=tuple(_line(facts, shop, line, moment) for line in buy.lines),
        origin="auto_billing",
        trigger=cause.trigger,
        explanation=explanation,
        for_renewals=buy.for_renewals,
    )
    if must_wait(ctx, facts, wish):
        return None
    if facts.card is not None:
        await outages.take_try(tx, facts.tenant_id, facts.card.gateway_account, moment.at)
    intent = await open_intent(ctx, tx, facts=facts, wish=wish, moment=moment)
    warned = await _warn_of_caps(tx, facts, buy.amount_minor, moment)
    return Opened(purchase_id=intent.purchase_id, effects=(*follow_up(facts, intent), *warned))


def _line(facts: BuyerFacts, shop: SellerOffer, line: Line, moment: Moment) -> PurchaseLine:
    package = shop.packages[line.package_id]
    if line.kind == "credits":
        return credit_line(package, line.quantity)
    return seat_line(facts, package, line.quantity, line.amount_minor, line.recurring_minor, moment)


async def _warn_of_caps(
    tx: Transaction, facts: BuyerFacts, amount_minor: int, moment: Moment
) -> tuple[Effect, ...]:
    """Tell the owner when a purchase takes spending past 80 or 100 per cent of a cap (R28)."""
    limits, spent = facts.buyer.limits, facts.buyer.spent
    told: tuple[Effect, ...] = ()
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
            told = (MailDue(),)
    return told
