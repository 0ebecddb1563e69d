"""Previews: the same planner on the same facts, changing nothing (R32)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from brimful.billing import purchases
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
from brimful.usecases.buy_line import beyond, cannot_charge
from brimful.usecases.buy_package import not_on_offer
from brimful.usecases.chain import Chain, cannot_furnish, read_chain, read_sellers
from brimful.usecases.context import Context, with_covers
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
        line = line_of(facts, package, quantity, moment)
        if too_much := beyond(line):
            return TooMuch(what=too_much)
        sellers = await read_sellers(ctx, tx, facts=facts, need=line, at=moment.at)
        above = cannot_furnish(sellers, facts, moment.at, line)
        preview = preview_of(ctx, facts, line, above)
        if package.kind == "subscription" and await purchases.has_subscription(
            tx, tenant_id, account_id
        ):
            return replace(
                preview, possible=False, charge_minor=0, reason=Reason.already_subscribed
            )
        return preview

    return await with_covers(ctx, body)


def _charge_minor(ctx: Context, facts: BuyerFacts, amount_minor: int) -> int:
    """What the card would be charged for a purchase: with what is outstanding, unless together they
    are too small to charge (R26)."""
    total = amount_minor + facts.outstanding.minor
    return total if amount_minor and total >= ctx.minimum_minor(facts.currency) else 0


def preview_of(
    ctx: Context, facts: BuyerFacts, line: PurchaseLine | None, above: Refuse | None
) -> Preview:
    """The preview of a purchase by hand, of nothing without a ``line``, whose sellers cannot furnish
    it if ``above``."""
    amount_minor = 0 if line is None else line.amount_minor
    reason = None
    if line is not None and (uncharged := cannot_charge(facts, line)):
        reason = uncharged.reason
    elif facts.disconnected_at is not None and amount_minor > 0:
        reason = Reason.temporarily_unavailable
    elif above is not None:
        reason = neutral(above.reason)
    elif facts.card is None and amount_minor > 0:
        reason = Reason.no_payment_method
    return Preview(
        possible=reason is None,
        charge_minor=_charge_minor(ctx, facts, amount_minor),
        currency=facts.currency,
        explanation=None,
        reason=reason,
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
        return Preview(
            possible=True, charge_minor=0, currency=own.currency, explanation=None, reason=None
        )
    buy = verdict.plans[0]
    return Preview(
        possible=True,
        charge_minor=_charge_minor(ctx, own, buy.amount_minor),
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
