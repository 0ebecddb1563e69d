"""The facts of a whole chain of sellers, and whether an operation can succeed along it (R17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import SellerOffer, read_offer
from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, Level, check_chain
from brimful.domain.planning import Buy, may_buy
from brimful.domain.reason import Refuse
from brimful.domain.sizing import allowed_packs
from brimful.ledger import balances
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
    to_check: bool = False,
) -> Chain:
    """Read an account and every seller above it, nearest first, without locks: a check made on this
    is a forecast; each level decides again under its own lock. ``to_check``: nothing else is made of
    it, and no check looks past a level that may not buy. Raises CoversNotReady."""
    facts: list[BuyerFacts] = []
    shops: list[SellerOffer] = []
    levels: list[Level] = []
    here = account_id
    while True:
        found = await read_buyer(tx, tenant_id=tenant_id, account_id=here, at=at)
        shop = await read_offer(
            tx, seller_ref=found.seller_ref, currency=found.currency, lock=False
        )
        tables = ctx.covers.of(allowed_packs(found.buyer, shop.offer))
        credits, chatbots = await balances.read_free(tx, tenant_id, here, at)
        facts.append(found)
        shops.append(shop)
        levels.append(
            Level(
                buyer=found.buyer,
                free_credits=credits,
                free_chatbots=chatbots,
                unlimited=False,
                offer=shop.offer,
                tables=tables,
            )
        )
        if to_check and may_buy(found.buyer, at) is not None:
            return Chain(facts=tuple(facts), shops=tuple(shops), levels=tuple(levels))
        if found.seller_is_supply:
            supply = Level(
                buyer=None,
                free_credits=0,
                free_chatbots=0,
                unlimited=True,
                offer=None,
                tables=None,
            )
            return Chain(facts=tuple(facts), shops=tuple(shops), levels=(*levels, supply))
        here = found.seller_id


async def read_sellers(
    ctx: Context, tx: Transaction, *, facts: BuyerFacts, at: datetime
) -> Chain | None:
    """The sellers above an account, nearest first; None for one under the supply, which furnishes
    everything. Raises CoversNotReady."""
    if facts.seller_is_supply:
        return None
    return await read_chain(ctx, tx, tenant_id=facts.tenant_id, account_id=facts.seller_id, at=at)


def cannot_furnish(
    sellers: Chain | None, facts: BuyerFacts, at: datetime, need: Furnished
) -> Refuse | None:
    """Why the sellers above an account cannot furnish what it would buy, named by the account whose
    level fails; None when they can (R17)."""
    if sellers is None:
        return None
    verdict = check_chain(
        sellers.levels,
        need.credits,
        need.chatbots,
        at,
        child_id=str(facts.account_id),
        renewal=isinstance(need, Buy) and need.for_renewals,
    )
    return None if isinstance(verdict, Feasible) else verdict
