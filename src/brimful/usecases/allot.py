"""Allotting by hand: a gift or a trial, from stock only, never auto-billed (R46)."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import accounts, commands
from brimful.billing.accounts import Account
from brimful.billing.commands import Key
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import balances, demands, transfers
from brimful.ledger.transfers import Route
from brimful.usecases.answers import KeyConflict
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.outcomes import effects_of
from brimful.usecases.seats import resume_paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """What was allotted, under the id of its operation."""

    allotment_id: UUID
    effects: tuple[Effect, ...] = ()


async def allot(
    ctx: Context,
    *,
    seller: Account,
    child: Account,
    credits: int,
    chatbots: int,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> Allotted | Refuse | KeyConflict:
    """Give a child credits and chatbots out of the seller's free stock, once for ``key``.

    Short of stock it is refused; nothing is ever bought for a gift. What waits on the child's pool
    is served from it at once.
    """
    tenant_id = child.tenant_id
    command = Key(
        tenant_id=tenant_id,
        account_id=child.account_id,
        key=key,
        verb="allot",
        body_hash=body_hash,
    )

    async def body(tx: Transaction) -> Allotted | Refuse | KeyConflict:
        await demands.lock_pools(tx, tenant_id, seller.account_id, child.account_id)
        before = await commands.recall(tx, command)
        if before.conflict:
            return KeyConflict(key=key)
        if before.object_id is not None:
            return Allotted(allotment_id=before.object_id)
        here = await accounts.read_account(tx, tenant_id, child.account_id)
        if here is None or here.state == "closed":
            closed = str(child.account_id)
            return Refuse(reason=Reason.account_closed, account_id=closed, detail={})
        if here.parent_id != seller.account_id:
            child_id = str(child.account_id)
            return Refuse(reason=Reason.seller_changed, account_id=child_id, detail={})
        if refusal := await _lacks(tx, seller, credits, chatbots, moment):
            return refusal
        allotment_id = new_id()
        await _transfer(tx, seller, child, allotment_id, credits, chatbots, moment)
        moved = await demands.offer_stock(
            tx, tenant_id=tenant_id, account_id=child.account_id, moment=moment
        )
        woken = await wake_renewals(tx, tenant_id, [child.account_id], moment)
        await resume_paused(tx, tenant_id, child.account_id, moment)
        await commands.remember(tx, command, before, allotment_id, moment)
        effects = (*effects_of(tenant_id, moved), *woken)
        return Allotted(allotment_id=allotment_id, effects=effects)

    return await ctx.db.run(body)


async def _lacks(
    tx: Transaction, seller: Account, credits: int, chatbots: int, moment: Moment
) -> Refuse | None:
    if seller.supply:
        return None
    stock, seats = await balances.settle(tx, seller.tenant_id, seller.account_id, moment)
    account = str(seller.account_id)
    if stock.free < credits:
        return Refuse(
            reason=Reason.insufficient_credits, account_id=account, detail={"free": stock.free}
        )
    if seats.free < chatbots:
        return Refuse(
            reason=Reason.insufficient_chatbots, account_id=account, detail={"free": seats.free}
        )
    return None


async def _transfer(
    tx: Transaction,
    seller: Account,
    child: Account,
    allotment_id: UUID,
    credits: int,
    chatbots: int,
    moment: Moment,
) -> None:
    route = Route(
        tenant_id=child.tenant_id,
        seller_id=seller.account_id,
        buyer_id=child.account_id,
        operation_id=allotment_id,
    )
    if credits:
        await transfers.allot_credits(
            tx,
            route=route,
            credits=credits,
            currency=seller.currency,
            expires_at=None,
            moment=moment,
        )
    if chatbots:
        await transfers.allot_chatbots(tx, route=route, chatbots=chatbots, moment=moment)
