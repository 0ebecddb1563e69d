"""Opening an auto-billing that was decided on: its intent, its explanation, whom it serves (R13, R32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from brimful.billing import outages
from brimful.billing.buyers import BuyerFacts
from brimful.billing.names import names_of
from brimful.billing.offers import SellerOffer
from brimful.billing.purchases import PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.caps import crossed, episode
from brimful.domain.cover import CoverTables
from brimful.domain.effect import Effect, MailDue
from brimful.domain.explanation import Operation, explain_purchase
from brimful.domain.moment import Moment
from brimful.domain.planning import Buy, Line, Served
from brimful.domain.reason import Reason
from brimful.ledger.demands import WaitingDemand
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.intent import Wish, follow_up, is_charged, must_wait, open_intent
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
    cause = Cause(
        trigger=waiting[0].kind,
        operations=tuple((str(d.operation_id), d.kind, d.credits, d.chatbots) for d in waiting),
        available_credits=facts.pool.credits,
        available_chatbots=facts.pool.chatbots,
    )
    opened = await open_for(
        ctx,
        tx,
        facts=facts,
        shop=shop,
        tables=tables,
        buy=buy,
        cause=cause,
        served=buy.served,
        moment=moment,
    )
    return () if opened is None else opened.effects


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
    served: tuple[Served, ...] = (),
) -> Opened | None:
    """Write the intent of an automatic purchase for whatever causes it, with the demands ``served``, and
    warn of caps; None when small purchases under way have to be delivered first. The pools are locked."""
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
        served=served,
    )
    if must_wait(ctx, facts, wish):
        return None
    if facts.card is not None and facts.outage_open:
        await outages.take_try(tx, facts.tenant_id, facts.card.gateway_account, moment.at)
    intent = await open_intent(ctx, tx, facts=facts, wish=wish, moment=moment)
    # Its charge also collects what purchases by hand still owed, which counts as spent by itself, too.
    by_hand_minor = facts.outstanding.by_hand_minor if is_charged(ctx, facts, wish) else 0
    warned = await _warn_of_caps(tx, facts, buy, buy.amount_minor + by_hand_minor, moment)
    return Opened(purchase_id=intent.purchase_id, effects=(*follow_up(facts, intent), *warned))


def _line(facts: BuyerFacts, shop: SellerOffer, line: Line, moment: Moment) -> PurchaseLine:
    package = shop.packages[line.package_id]
    if line.kind == "credits":
        return credit_line(package, line.quantity)
    return seat_line(facts, package, line.quantity, line.amount_minor, line.recurring_minor, moment)


@dataclass(frozen=True, slots=True)
class _Use:
    """What a purchase adds to what counts against one limit; ``subject_id`` and ``told`` name it."""

    cap: Reason
    limit_minor: int | None
    before_minor: int
    more_minor: int
    subject_id: UUID
    told: Mapping[str, object]


async def _warn_of_caps(
    tx: Transaction, facts: BuyerFacts, buy: Buy, counts_minor: int, moment: Moment
) -> tuple[Effect, ...]:
    """Tell the owner when a purchase takes spending past 80 or 100 per cent of a cap (R28): by
    ``counts_minor`` for the day and the month, by a child's share for what that one may cost."""
    limits, spent = facts.buyer.limits, facts.buyer.spent
    told: tuple[Effect, ...] = ()
    for use in (
        _Use(
            Reason.cap_per_day,
            limits.per_day_minor,
            spent.day_minor,
            counts_minor,
            facts.account_id,
            {"cap": "day"},
        ),
        _Use(
            Reason.cap_per_month,
            limits.per_month_minor,
            spent.month_minor,
            counts_minor,
            facts.account_id,
            {"cap": "month"},
        ),
        *await _uses_of_children(tx, facts, buy),
    ):
        told += await _warn_of(tx, facts, use, moment)
    return told


async def _uses_of_children(tx: Transaction, facts: BuyerFacts, buy: Buy) -> list[_Use]:
    """The shares of a purchase that count against the limits of children (R13)."""
    shares: dict[str, int] = {}
    for served in buy.served:
        if served.child_id is not None and served.child_id in facts.buyer.child_limits:
            so_far = shares.get(served.child_id, 0)
            shares[served.child_id] = so_far + served.allocated_minor
    names = await names_of(tx, facts.tenant_id, [UUID(child) for child in shares])
    return [
        _Use(
            Reason.cap_per_child,
            facts.buyer.child_limits[child],
            facts.buyer.spent.child_month_minor.get(child, 0),
            share,
            UUID(child),
            {"cap": "child", "client": names[UUID(child)]},
        )
        for child, share in shares.items()
    ]


async def _warn_of(
    tx: Transaction, facts: BuyerFacts, use: _Use, moment: Moment
) -> tuple[Effect, ...]:
    if use.limit_minor is None:
        return ()
    used_minor = use.before_minor + use.more_minor
    shares = crossed(use.limit_minor, use.before_minor, used_minor)
    for share in shares:
        await promise(
            tx,
            tenant_id=facts.tenant_id,
            account_id=facts.account_id,
            kind=f"cap_{share}",
            subject_id=use.subject_id,
            episode=episode(use.cap, use.limit_minor, moment.at, facts.buyer.zone),
            facts={
                **use.told,
                "limit_minor": use.limit_minor,
                "used_minor": used_minor,
                "currency": facts.currency,
            },
            moment=moment,
        )
    return (MailDue(),) if shares else ()
