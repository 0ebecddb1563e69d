"""The facts of a whole chain of sellers, and whether an operation can succeed along it (R17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from brimful.billing.buyers import BuyerFacts, read_buyer_and_offer
from brimful.billing.offers import SellerOffer
from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, Level, Need, buy_for, check_chain, need_of
from brimful.domain.planning import Buy
from brimful.domain.reason import Refuse
from brimful.domain.sizing import allowed_packs
from brimful.usecases.context import Context


class Furnished(Protocol):
    """Anything that brings credits and chatbots: a decision to buy, a line of a purchase."""

    @property
    def credits(self) -> int:
        """Whole credits."""
        ...

    @property
    def chatbots(self) -> int:
        """Whole chatbots."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An account and its sellers up to the supply; ``levels`` go into the domain's check."""

    facts: tuple[BuyerFacts, ...]
    shops: tuple[SellerOffer, ...]
    levels: tuple[Level, ...]


async def read_chain(
    ctx: Context,
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    at: datetime,
    need: Need | None = None,
    zone: str | None = None,
) -> Chain:
    """Read an account and every seller above it, nearest first, without locks: a check made on this
    is a forecast; each level decides again under its own lock.

    For a check of ``need`` alone nothing is read beyond a level that covers what it would have to give
    for it, nor beyond one that cannot buy it. Each level is one round trip where the account's ``zone``
    is known. Raises CoversNotReady."""
    # Whoever asks is short of it, but for those who do not know yet: so its facts are read at once.
    found, shop = await read_buyer_and_offer(
        tx, tenant_id=tenant_id, account_id=account_id, at=at, lock=False, zone=zone
    )
    free = found.pool.free_credits, found.pool.free_chatbots
    if need is not None and need.is_covered(*free):
        return Chain(facts=(), shops=(), levels=(_giving(*free),))
    return await _climb(ctx, tx, found, shop, at, need=need, only=True)


async def _climb(
    ctx: Context,
    tx: Transaction,
    found: BuyerFacts,
    shop: SellerOffer,
    at: datetime,
    *,
    need: Need | None,
    only: bool,
) -> Chain:
    """From an account that was ``found`` short of what is needed upwards."""
    facts: list[BuyerFacts] = []
    shops: list[SellerOffer] = []
    levels: list[Level] = []
    while True:
        level = Level(
            buyer=found.buyer,
            free_credits=found.pool.free_credits,
            free_chatbots=found.pool.free_chatbots,
            unlimited=False,
            offer=shop.offer,
            tables=ctx.covers.of(allowed_packs(found.buyer, shop.offer)),
        )
        facts.append(found)
        shops.append(shop)
        levels.append(level)
        if need is not None:
            decision = buy_for(level, need, at)
            if isinstance(decision, Refuse):
                if only:
                    return Chain(facts=tuple(facts), shops=tuple(shops), levels=tuple(levels))
                need = None
            else:
                need = need_of(found.buyer.account_id, decision)
        giving = None
        if found.seller_free is None:
            giving = _giving(0, 0, unlimited=True)
        elif need is not None and need.is_covered(*found.seller_free):
            giving = _giving(*found.seller_free)
        if giving is not None:
            return Chain(facts=tuple(facts), shops=tuple(shops), levels=(*levels, giving))
        found, shop = await _seller_of(tx, found, at)


async def _seller_of(
    tx: Transaction, facts: BuyerFacts, at: datetime
) -> tuple[BuyerFacts, SellerOffer]:
    return await read_buyer_and_offer(
        tx,
        tenant_id=facts.tenant_id,
        account_id=facts.seller_id,
        at=at,
        lock=False,
        zone=facts.seller_zone,
    )


def _giving(credits: int, chatbots: int, *, unlimited: bool = False) -> Level:
    """A level that gives what is needed of it and buys nothing for it."""
    return Level(
        buyer=None,
        free_credits=credits,
        free_chatbots=chatbots,
        unlimited=unlimited,
        offer=None,
        tables=None,
    )


async def read_sellers(
    ctx: Context, tx: Transaction, *, facts: BuyerFacts, need: Furnished, at: datetime
) -> Chain | None:
    """The sellers above an account, nearest first, up to one that covers what it would buy and so
    any part of that; None for one under the supply, which furnishes everything. Raises
    CoversNotReady."""
    if facts.seller_free is None:
        return None
    whole = _need(facts, need)
    if whole.is_covered(*facts.seller_free):
        return Chain(facts=(), shops=(), levels=(_giving(*facts.seller_free),))
    found, shop = await _seller_of(tx, facts, at)
    # Where the whole is too much, a part of it may pass and go on up.
    return await _climb(ctx, tx, found, shop, at, need=whole, only=False)


def _need(facts: BuyerFacts, wanted: Furnished) -> Need:
    return Need(
        credits=wanted.credits,
        chatbots=wanted.chatbots,
        child_id=str(facts.account_id),
        renewal=isinstance(wanted, Buy) and wanted.for_renewals,
    )


def cannot_furnish(
    sellers: Chain | None, facts: BuyerFacts, at: datetime, need: Furnished
) -> Refuse | None:
    """Why the sellers above an account cannot furnish what it would buy, named by the account whose
    level fails; None when they can (R17)."""
    if sellers is None:
        return None
    verdict = check_chain(sellers.levels, _need(facts, need), at)
    return None if isinstance(verdict, Feasible) else verdict
