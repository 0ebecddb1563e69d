"""Closing an account: nothing of it is charged any more, and what it has left goes back (R46)."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.billing import accounts, cards, keys, purchases, settings_records, subscriptions
from brimful.billing.accounts import Account
from brimful.db.transaction import Transaction
from brimful.domain.effect import DetachDue, Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import balances, demands, holds, overdrafts, reversals, transfers
from brimful.ledger.transfers import Route
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.outcomes import effects_of
from brimful.usecases.release_holds import release_holds
from brimful.usecases.seats import give_back, offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The account is closed, since when, and what follows."""

    at: datetime
    effects: tuple[Effect, ...] = ()


async def close_account(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, given_by: str, moment: Moment
) -> Closed | Refuse:
    """Close an account for good; closed before, nothing happens.

    At once: its retries, renewals and auto-billing end, what is only held on its card is given back,
    its API keys open nothing, its subscriptions and chatbots end, plan credits lapse, unused
    additional credits go back to whoever sold them. A capture that has begun completes, and what it
    brings goes the same way; so does what a hold of credits leaves, which stands for work that has
    begun, and is charged no further than what it holds. A seller is refused while it has clients. What
    it did stays readable.
    """

    async def body(tx: Transaction) -> Closed | Refuse:
        await demands.lock_sources(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        assert account is not None
        clients = await accounts.count_unclosed_children(tx, tenant_id, account_id)
        if clients:
            return Refuse(
                reason=Reason.has_clients, account_id=str(account_id), detail={"clients": clients}
            )
        if not await accounts.close_account(tx, tenant_id, account_id, moment):
            return Closed(at=account.closed_at or moment.at)
        effects = await _stop(tx, account, given_by, moment)
        effects += await _empty(tx, account, moment)
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            kind="account_closed",
            subject_id=account_id,
            episode="closed",
            facts={"name": account.name},
            moment=moment,
        )
        return Closed(at=moment.at, effects=(*effects, MailDue()))

    return await ctx.db.run(body)


async def empty_closed(ctx: Context, *, moment: Moment, limit: int = 50) -> tuple[Effect, ...]:
    """Empty the closed accounts of which something was still under way when they were closed, or to
    which a client's unused credits came back since."""
    closed = await accounts.find_to_empty(ctx.db, limit)
    due = []
    for tenant, account in closed:
        empty = partial(_empty_again, ctx, tenant, account, moment)
        # The shape of the tenant's tree is waited for before anything else.
        due.append(Piece(account, account, empty, shares=tenant))
    return await one_by_one("account_not_emptied", due)


async def _empty_again(
    ctx: Context, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_sources(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        assert account is not None
        return await _empty(tx, account, moment)

    return await ctx.db.run(body)


async def _stop(
    tx: Transaction, account: Account, given_by: str, moment: Moment
) -> tuple[Effect, ...]:
    """End whatever would charge it or act for it."""
    tenant_id, account_id = account.tenant_id, account.account_id
    setting = await settings_records.read_setting(tx, tenant_id, account_id)
    if setting.enabled:
        off = replace(setting, enabled=False)
        await settings_records.write_setting(tx, tenant_id, account_id, off, moment)
        await settings_records.record_consent(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            enabled=False,
            given_by=given_by,
            terms="The account was closed.",
            monthly_limit="",
            moment=moment,
        )
    effects = await release_holds(
        tx, tenant_id, account_id, Reason.account_closed, moment, by_hand=True
    )
    ended = await demands.fail_waiting(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        only=None,
        reason=Reason.account_closed,
        child_reason=Reason.temporarily_unavailable,
        moment=moment,
    )
    # What a hold that still stands may be captured beyond, nobody would ever repay (R33).
    await overdrafts.write_limit(tx, tenant_id, account_id, 0, moment)
    await keys.revoke_all(tx, account_id, moment)
    await cards.remove_card(tx, tenant_id, account_id, None, moment)
    return (*effects, *effects_of(tenant_id, ended), DetachDue())


async def _empty(tx: Transaction, account: Account, moment: Moment) -> tuple[Effect, ...]:
    """Give back or end what a closed account has; it is empty once nothing of it is under way."""
    tenant_id, account_id = account.tenant_id, account.account_id
    await subscriptions.end_all(tx, tenant_id, account_id, moment.at)
    await balances.end_chatbots(tx, tenant_id, account_id, moment)
    effects = await _return_chatbots(tx, account, moment)
    effects += await _return_credits(tx, account, moment)
    under_way = (
        await purchases.has_open(tx, tenant_id, account_id)
        or await holds.has_standing(tx, tenant_id, account_id)
        or await reversals.lack_credits(tx, tenant_id, account_id)
    )
    if not under_way:
        await accounts.note_emptied(tx, tenant_id, account_id, moment.at)
    return effects


async def _return_chatbots(tx: Transaction, account: Account, moment: Moment) -> tuple[Effect, ...]:
    assert account.parent_id is not None
    seller = await accounts.read_account(tx, account.tenant_id, account.parent_id)
    assert seller is not None
    _, seats = await balances.read_stock(tx, account.tenant_id, account.account_id)
    route = Route(
        tenant_id=account.tenant_id,
        seller_id=seller.account_id,
        buyer_id=account.account_id,
        operation_id=account.account_id,
    )
    gave = await give_back(
        tx, route=route, seller_is_supply=seller.supply, chatbots=seats.free, moment=moment
    )
    return gave.effects


async def _return_credits(tx: Transaction, account: Account, moment: Moment) -> tuple[Effect, ...]:
    """Plan credits lapse, the others go back to whoever sold them, and on from one that is closed.
    What a seller could not furnish is tried again with them (R35). What a refund or a dispute lacks
    was held until now, and is taken first: it would be a debt for ever otherwise (R25)."""
    tenant_id, account_id = account.tenant_id, account.account_id
    await transfers.lapse_plan(tx, tenant_id, account_id, moment)
    lots = await transfers.read_unused_lots(tx, tenant_id, account_id)
    for lot_id, credits, _ in lots:
        await transfers.return_credits(
            tx,
            tenant_id=tenant_id,
            lot_id=lot_id,
            credits=credits,
            operation_id=account_id,
            moment=moment,
        )
    effects: tuple[Effect, ...] = ()
    for seller_id in sorted({seller_id for _, _, seller_id in lots}):
        seller = await accounts.read_account(tx, tenant_id, seller_id)
        assert seller is not None
        if seller.supply:
            continue
        effects += await offer(tx, tenant_id, seller_id, moment)
        effects += await wake_renewals(tx, tenant_id, [seller_id], moment)
        if seller.state == "closed":
            await accounts.note_emptied(tx, tenant_id, seller_id, None)
    return effects
