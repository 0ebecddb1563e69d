"""Buying ahead: credits bought before a query or a client finds them missing (R33).

A purchase like any other: the same planner, caps, breaker, single flight and chain check, one path for
money. Only what asks for it is another thing: no operation waits, so nobody is ever refused for it.
"""

from uuid import UUID

from brimful.billing import accounts, ahead, purchases
from brimful.billing.buyers import BuyerFacts, read_buyer_and_offer
from brimful.billing.needs import read_needs
from brimful.billing.offers import SellerOffer
from brimful.db.transaction import Transaction
from brimful.domain.ahead import BuyAhead, Shortfall, shortfall
from brimful.domain.buy_ahead import Ahead
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.planning import Waiting
from brimful.domain.reason import Reason, Refuse
from brimful.domain.sizing import allowed_packs, size_purchase
from brimful.ledger import balances, demands, overdrafts, usage
from brimful.usecases.behind import read_behind
from brimful.usecases.chain import cannot_furnish, read_sellers
from brimful.usecases.context import Context, with_covers
from brimful.usecases.open_auto_billing import Cause, open_for
from brimful.usecases.outcomes import effects_of
from brimful.usecases.pull_brake import pull_brake
from brimful.usecases.refuse_client import refusal_episode, tell_seller
from brimful.usecases.refuse_waiting import is_known, refuse

LOOK, LEAD = Ahead().look, Ahead().lead


async def buy_ahead(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Look at an account whose owner lets credits be bought ahead, or that is overdrawn, and open an
    auto-billing for what is or will be missing, if anything.

    Does nothing while a purchase of the account is under way or somebody waits on its pool: whoever
    ends that plans for it, and it is looked at again afterwards (R19). Nor before what is due of the
    account and those above it is renewed (R35).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_buyer(tx, tenant_id, account_id)
        setting = await ahead.read(tx, tenant_id, account_id)
        if not setting.on and not await overdrafts.is_overdrawn(tx, tenant_id, account_id):
            return ()
        moved = await demands.offer_stock(
            tx, tenant_id=tenant_id, account_id=account_id, moment=moment
        )
        effects = effects_of(tenant_id, moved)
        if await purchases.is_at_gateway(tx, tenant_id, account_id):
            return effects
        behind = await read_behind(tx, tenant_id, account_id, moment.at)
        if behind.is_ahead:
            return effects
        return effects + await _look(ctx, tx, tenant_id, account_id, behind.zone, setting, moment)

    return await with_covers(ctx, body)


async def _look(
    ctx: Context,
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    zone: str,
    setting: BuyAhead,
    moment: Moment,
) -> tuple[Effect, ...]:
    bought = True
    effects: tuple[Effect, ...] = ()
    short = await _shortfall(tx, tenant_id, account_id, setting, moment)
    if short is not None:
        facts, shop = await read_buyer_and_offer(
            tx, tenant_id=tenant_id, account_id=account_id, at=moment.at, lock=True, zone=zone
        )
        bought, effects = await _buy(ctx, tx, facts, shop, short, moment)
    next_at = moment.at + LOOK
    await ahead.note_look(tx, tenant_id, account_id, next_at, refused=not bought)
    if not bought:
        await overdrafts.note_refused(tx, tenant_id, account_id, next_at)
    return effects


async def _shortfall(
    tx: Transaction, tenant_id: UUID, account_id: UUID, setting: BuyAhead, moment: Moment
) -> Shortfall | None:
    credits, _ = await balances.read_stock(tx, tenant_id, account_id)
    account = await accounts.read_account(tx, tenant_id, account_id)
    assert account is not None
    await usage.carry_usage(tx, tenant_id, account_id, moment)
    return shortfall(
        free=credits.free - credits.overdrawn,
        setting=setting,
        usage=await usage.read_usage(
            tx, tenant_id, account_id, since=account.created_at, at=moment.at
        ),
        renewals=await read_needs(
            tx, tenant_id, account_id, at=moment.at, until=moment.at + LOOK + LEAD
        ),
        at=moment.at,
    )


async def _buy(
    ctx: Context,
    tx: Transaction,
    facts: BuyerFacts,
    shop: SellerOffer,
    short: Shortfall,
    moment: Moment,
) -> tuple[bool, tuple[Effect, ...]]:
    """Open a purchase (True), or tell the owner why it could not be begun, if that is news."""
    tables = ctx.covers.of(allowed_packs(facts.buyer, shop.offer))
    wanted = Waiting(demand_id="", child_id=None, short_credits=short.credits, short_chatbots=0)
    buy = size_purchase(facts.buyer, [wanted], shop.offer, tables, moment.at)
    if isinstance(buy, Refuse):
        if buy.reason is Reason.auto_billing_braked:
            await pull_brake(tx, facts.tenant_id, facts.account_id, "pace", moment)
        return False, await _tell(tx, facts, buy.reason, moment)
    sellers = await read_sellers(ctx, tx, facts=facts, need=buy, at=moment.at)
    above = cannot_furnish(sellers, facts, moment.at, buy)
    if above is not None:
        needs = {"credits": short.credits, "chatbots": 0, "kind": short.trigger}
        told = await tell_seller(tx, refusal=above, client=facts, needs=needs, moment=moment)
        return False, (told, *await _tell(tx, facts, Reason.temporarily_unavailable, moment))
    free = max(0, short.figures["free"])
    cause = Cause(
        trigger=short.trigger,
        operations=((str(facts.account_id), short.trigger, free + short.credits, 0),),
        available_credits=free,
        available_chatbots=0,
        ahead=short.figures,
    )
    opened = await open_for(
        ctx, tx, facts=facts, shop=shop, tables=tables, buy=buy, cause=cause, moment=moment
    )
    return opened is not None, () if opened is None else opened.effects


async def _tell(
    tx: Transaction, facts: BuyerFacts, reason: Reason, moment: Moment
) -> tuple[Effect, ...]:
    """The owner is told as of any auto-billing that failed, once a day or period of a cap; nothing
    waits, so nothing is refused."""
    return await refuse(
        tx,
        tenant_id=facts.tenant_id,
        account_id=facts.account_id,
        only=[],
        reason=reason,
        subject_id=facts.account_id,
        episode=refusal_episode(facts, reason, moment),
        facts={},
        moment=moment,
        even_if_nobody_waits=not is_known(reason),
    )
