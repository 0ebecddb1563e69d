"""Previews: the same planner on the same facts, changing nothing (R32)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import read_offer
from brimful.billing.purchases import PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, Need, check_chain
from brimful.domain.explanation import explain_purchase
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.ledger import balances, overdrafts
from brimful.usecases.answers import Missing, TooMuch
from brimful.usecases.buy_line import by_hand, why_not_buy
from brimful.usecases.buy_package import not_on_offer, why_not_package
from brimful.usecases.chain import Chain, read_chain
from brimful.usecases.context import Context, with_covers
from brimful.usecases.intent import charge_minor
from brimful.usecases.lines import line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen: whether it would be done, what this account's card would be charged (minor
    units, 0 for nothing), the explanation of that purchase, and what would stop it."""

    possible: bool
    charge_minor: int
    currency: str
    explanation: Mapping[str, object] | None
    reason: Reason | None


async def preview_spend(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, credits: int, moment: Moment
) -> Preview:
    """What a spend of ``credits`` would cause on this account's own card; within an overdraft it is
    done even where nothing can be bought (R33)."""

    async def body(tx: Transaction) -> Preview:
        chain = await read_chain(ctx, tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        shown = _of_chain(ctx, chain, (credits, 0), None, moment)
        limit = await overdrafts.read_limit(tx, tenant_id, account_id)
        stock, _ = await balances.read_stock(tx, tenant_id, account_id)
        beyond = credits - chain.levels[0].free_credits + stock.overdrawn
        if not shown.possible and beyond <= limit:
            return replace(shown, possible=True, reason=None)
        return shown

    return await with_covers(ctx, body)


async def preview_sale(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    credits: int,
    chatbots: int,
    moment: Moment,
) -> Preview:
    """What selling so many credits and chatbots from an account's pool would cause on its card:
    "if this client buys this plan, your card will be charged $10.00"."""

    async def body(tx: Transaction) -> Preview:
        chain = await read_chain(ctx, tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        return _of_chain(ctx, chain, (credits, chatbots), "a client", moment)

    return await with_covers(ctx, body)


async def preview_purchase(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    package_id: UUID,
    quantity: int,
    moment: Moment,
) -> Preview | Refuse | Missing | TooMuch:
    """What buying a package by hand would charge this account, and whether its seller can sell."""

    async def body(tx: Transaction) -> Preview | Refuse | Missing | TooMuch:
        facts = await read_buyer(
            tx, tenant_id=tenant_id, account_id=account_id, at=moment.at, by_hand=True
        )
        shop = await read_offer(
            tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=False
        )
        package = shop.packages.get(str(package_id))
        if package is None:
            return await not_on_offer(tx, facts, package_id)
        if (reason := await why_not_package(tx, facts, package)) is not None:
            return Preview(
                possible=False,
                charge_minor=0,
                currency=facts.currency,
                explanation=None,
                reason=reason,
            )
        line = line_of(facts, package, quantity, moment)
        return await preview_line(ctx, tx, facts=facts, line=line, moment=moment)

    return await with_covers(ctx, body)


async def preview_line(
    ctx: Context, tx: Transaction, *, facts: BuyerFacts, line: PurchaseLine, moment: Moment
) -> Preview | TooMuch:
    """The preview of the purchase of one line by hand, by what ``buy_line`` asks before it buys."""
    wish = by_hand(line, {})
    stopped = await why_not_buy(ctx, tx, facts=facts, wish=wish, moment=moment)
    if isinstance(stopped, TooMuch):
        return stopped
    return Preview(
        possible=stopped is None,
        charge_minor=charge_minor(ctx, facts, wish.amount_minor),
        currency=facts.currency,
        explanation=None,
        reason=None if stopped is None else stopped.reason,
    )


def nothing_to_pay(facts: BuyerFacts) -> Preview:
    """The preview of what is done without a purchase."""
    return Preview(
        possible=True, charge_minor=0, currency=facts.currency, explanation=None, reason=None
    )


def _of_chain(
    ctx: Context, chain: Chain, need: tuple[int, int], child_id: str | None, moment: Moment
) -> Preview:
    own, shop, level = chain.facts[0], chain.shops[0], chain.levels[0]
    credits, chatbots = need
    wanted = Need(credits=credits, chatbots=chatbots, child_id=child_id)
    verdict = check_chain(chain.levels, wanted, moment.at)
    if isinstance(verdict, Refuse):
        mine = verdict.account_id == str(own.account_id)
        return Preview(
            possible=False,
            charge_minor=0,
            currency=own.currency,
            explanation=None,
            reason=verdict.reason if mine else neutral(verdict.reason),
        )
    assert isinstance(verdict, Feasible)
    if not verdict.plans:
        return nothing_to_pay(own)
    buy = verdict.plans[0]
    return Preview(
        possible=True,
        charge_minor=charge_minor(ctx, own, buy.amount_minor),
        currency=buy.currency,
        explanation=explain_purchase(
            buyer=own.buyer,
            buy=buy,
            offer=shop.offer,
            tables=level.tables,
            trigger="preview",
            operations=[("preview", "preview", credits, chatbots)],
            available_credits=level.free_credits,
            available_chatbots=level.free_chatbots,
            names={key: package.name for key, package in shop.packages.items()},
            at=moment.at,
        ),
        reason=None,
    )
