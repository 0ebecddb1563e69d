"""Previews: the same planner on the same facts, changing nothing (R32)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import read_offer
from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, check_chain
from brimful.domain.explanation import explain_purchase
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.usecases.answers import Missing
from brimful.usecases.buy_package import not_on_offer, price
from brimful.usecases.chain import Chain, check_sellers, read_chain
from brimful.usecases.context import Context, with_covers


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen: whether it would be done, what this account's card would be charged (minor
    units; None when nothing), the explanation of that purchase, and what would stop it."""

    possible: bool
    charge_minor: int
    currency: str
    explanation: Mapping[str, object] | None
    reason: Reason | None


async def preview_spend(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, credits: int, moment: Moment
) -> Preview:
    """What a spend of ``credits`` would cause on this account's own card."""

    async def body(tx: Transaction) -> Preview:
        chain = await read_chain(ctx, tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        return _of_chain(chain, credits, moment)

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
        return _of_chain(chain, credits, moment, chatbots)

    return await with_covers(ctx, body)


async def preview_purchase(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    package_id: UUID,
    quantity: int,
    moment: Moment,
) -> Preview | Refuse | Missing:
    """What buying a package by hand would charge this account, and whether its seller can sell."""

    async def body(tx: Transaction) -> Preview | Refuse | Missing:
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        shop = await read_offer(
            tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=False
        )
        package = shop.packages.get(str(package_id))
        if package is None:
            return await not_on_offer(tx, facts, package_id)
        line = price(facts, package, quantity, moment)
        above = await check_sellers(
            ctx, tx, facts=facts, credits=line.credits, chatbots=line.chatbots, at=moment.at
        )
        return _of_purchase(facts, line.amount_minor, above)

    return await with_covers(ctx, body)


def _of_purchase(facts: BuyerFacts, amount_minor: int, above: Refuse | None) -> Preview:
    reason = None
    if above is not None:
        reason = neutral(above.reason)
    elif facts.card is None and amount_minor > 0:
        reason = Reason.no_payment_method
    return Preview(
        possible=reason is None,
        charge_minor=amount_minor,
        currency=facts.currency,
        explanation=None,
        reason=reason,
    )


def _of_chain(chain: Chain, credits: int, moment: Moment, chatbots: int = 0) -> Preview:
    own, shop, level = chain.facts[0], chain.shops[0], chain.levels[0]
    verdict = check_chain(chain.levels, credits, chatbots, moment.at)
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
        return Preview(
            possible=True, charge_minor=0, currency=own.currency, explanation=None, reason=None
        )
    buy = verdict.plans[0]
    return Preview(
        possible=True,
        charge_minor=buy.amount_minor,
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
