"""An account moves to another seller of its tenant: what it has stays, what recurs ends (R46)."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Literal
from uuid import UUID

from brimful.billing import (
    accounts,
    ahead,
    cards,
    keys,
    moves,
    purchases,
    settings_records,
    subscriptions,
)
from brimful.billing.accounts import Account
from brimful.db.transaction import Transaction
from brimful.domain.ahead import Agreed, BuyAhead
from brimful.domain.effect import DetachDue, Effect, MailDue, Plan
from brimful.domain.moment import Moment
from brimful.domain.moving import why_not_move
from brimful.domain.reason import Reason
from brimful.ledger import balances, demands, overdrafts, transfers
from brimful.ledger.transfers import Route
from brimful.notices import webhooks
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.refuse_waiting import refuse
from brimful.usecases.release_holds import children_changed
from brimful.usecases.seats import GaveBack, give_back

_TERMS = "The account moved to another seller."


async def move_due(
    ctx: Context, *, moment: Moment, limit: int = 50, seller: tuple[UUID, UUID] | None = None
) -> tuple[Effect, ...]:
    """Move the accounts that are to move by now, or those of one seller (tenant, account) before
    anything of its clients renews. One of which a purchase is under way moves once that has ended."""
    due = await moves.find_due(ctx.db, moment.at, limit, seller)
    moving = []
    for tenant, account in due:
        ids = {"tenant_id": tenant, "account_id": account}
        move = partial(move_account, ctx, **ids, moment=moment)
        # Whoever moves waits for the shape of the tenant's tree before anything else.
        moving.append(Piece(account, account, move, shares=tenant))
    return await one_by_one("account_not_moved", moving)


async def move_account(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Move an account, with all below it, if it is to move by now and nothing of it is under way.

    A period that runs by now is waited for. Where the move is not possible any more it is dropped,
    the account's owner and both sellers are told, the new one alone why, and what recurs goes on.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_tree(tx, tenant_id)
        await demands.lock_move(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        assert account is not None
        if account.moves_at is None or account.moves_at > moment.at:
            return ()
        if await purchases.has_open(tx, tenant_id, account_id):
            return ()
        assert account.moves_to is not None and account.moves_by is not None
        ends_at = await subscriptions.read_period_end(tx, tenant_id, account_id)
        if ends_at is not None and ends_at > moment.at:
            await moves.write(
                tx,
                tenant_id,
                account_id,
                moves_to=account.moves_to,
                moves_at=ends_at,
                moves_by=account.moves_by,
            )
            return ()
        to = await accounts.read_account(tx, tenant_id, account.moves_to)
        assert to is not None
        reason = await why_not(tx, account, to, now=True)
        if reason is not None:
            await moves.drop(tx, tenant_id, account_id)
            await tell_of_move(tx, account, to, "dropped", {}, moment, reason=reason)
            return (MailDue(),)
        return await _move(tx, account, to, moment)

    return await ctx.db.run(body)


async def why_not(tx: Transaction, account: Account, to: Account, *, now: bool) -> Reason | None:
    """Why an account may not move to a seller; with ``now``, whether that has the chatbots which the
    account's clients hold: they cannot be taken from them, and go back to the old seller all the
    same."""
    assert account.parent_id is not None
    seller = await accounts.read_account(tx, account.tenant_id, account.parent_id)
    assert seller is not None
    reason = why_not_move(account, seller, to)
    if reason is not None:
        return reason
    tenant_id, account_id = account.tenant_id, account.account_id
    if await moves.is_external_id_taken(tx, tenant_id, account_id, to.account_id):
        return Reason.external_id_taken
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    _, theirs = await balances.read_stock(tx, tenant_id, to.account_id)
    if now and theirs.free < seats.sold + seats.reserved:
        return Reason.insufficient_chatbots
    return None


async def _move(
    tx: Transaction, account: Account, to: Account, moment: Moment
) -> tuple[Effect, ...]:
    tenant_id, account_id, seller_id = account.tenant_id, account.account_id, account.parent_id
    assert seller_id is not None
    was_on = await _switch_off(tx, account, moment)
    effects = await refuse(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        only=None,
        reason=Reason.auto_billing_off,
        subject_id=account_id,
        episode=moment.at.isoformat(),
        facts={},
        moment=moment,
    )
    await subscriptions.end_all(tx, tenant_id, account_id, moment.at)
    gave = await _exchange_chatbots(tx, account, to, moment)
    await settings_records.write_child_limit(tx, tenant_id, seller_id, account_id, None)
    await overdrafts.write_limit(tx, tenant_id, account_id, 0, moment)
    had_card = await cards.remove_card(tx, tenant_id, account_id, None, moment)
    await moves.place_below(tx, tenant_id, account_id, to.account_id)
    effects += await children_changed(tx, tenant_id, account_id, moment)
    keys_ended, webhooks_ended = await _end_trust(tx, account, to, moment)
    facts = {
        "paused": gave.paused,
        "was_on": was_on,
        "had_card": had_card,
        "keys_ended": keys_ended,
        "webhooks_ended": webhooks_ended,
    }
    await tell_of_move(tx, account, to, "done", facts, moment)
    more = (Plan(tenant_id, account_id), DetachDue(), MailDue())
    return (*effects, *gave.effects, *more)


async def _switch_off(tx: Transaction, account: Account, moment: Moment) -> bool:
    """Its owner consented to buy of the old seller, at that one's prices: whatever buys by itself is
    off until consent is given anew. Limits stay, packages allowed were the old seller's (R27)."""
    tenant_id, account_id, given_by = account.tenant_id, account.account_id, account.moves_by or ""
    setting = await settings_records.read_setting(tx, tenant_id, account_id)
    if setting.enabled or setting.allowed_packages is not None:
        off = replace(setting, enabled=False, allowed_packages=None)
        await settings_records.write_setting(tx, tenant_id, account_id, off, moment)
    if setting.enabled:
        await settings_records.record_consent(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            enabled=False,
            given_by=given_by,
            terms=_TERMS,
            monthly_limit="",
            moment=moment,
        )
    agreed = await ahead.read(tx, tenant_id, account_id)
    if agreed.on:
        await ahead.write(tx, tenant_id, account_id, BuyAhead(), moment)
    halves: dict[Agreed, bool] = {
        "threshold": agreed.threshold_credits is not None,
        "forecast": agreed.forecast,
    }
    for what, on in halves.items():
        if on:
            await ahead.record_consent(
                tx,
                tenant_id=tenant_id,
                account_id=account_id,
                what=what,
                enabled=False,
                figures={},
                given_by=given_by,
                terms=_TERMS,
                moment=moment,
            )
    return setting.enabled


async def _end_trust(
    tx: Transaction, account: Account, to: Account, moment: Moment
) -> tuple[int, int]:
    """The account and all below it have their places by now: keys and webhook endpoints of theirs for
    which somebody vouches who is not above them any more are that one's eyes and hands (R40). How many
    of each were ended."""
    left = sorted({*account.ancestors} - {account.account_id} - {*to.ancestors})
    of = (account.tenant_id, account.account_id, left, moment)
    return await keys.revoke_vouched(tx, *of), await webhooks.delete_vouched(tx, *of)


async def _exchange_chatbots(
    tx: Transaction, account: Account, to: Account, moment: Moment
) -> GaveBack:
    """All chatbots go back to the old seller. Those that clients hold, or have reserved, come out of
    the new seller's stock; the account's own pause until they are bought of it."""
    tenant_id, account_id, seller_id = account.tenant_id, account.account_id, account.parent_id
    assert seller_id is not None
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    back = Route(
        tenant_id=tenant_id, seller_id=seller_id, buyer_id=account_id, operation_id=account_id
    )
    if with_clients := seats.sold + seats.reserved:
        come = replace(back, seller_id=to.account_id)
        await transfers.allot_chatbots(tx, route=come, chatbots=with_clients, moment=moment)
    return await give_back(
        tx, route=back, seller_is_supply=False, chatbots=seats.received, moment=moment
    )


async def tell_of_move(
    tx: Transaction,
    account: Account,
    to: Account,
    what: Literal["planned", "done", "dropped"],
    facts: Mapping[str, object],
    moment: Moment,
    *,
    reason: Reason | None = None,
) -> None:
    """Tell the owners of the account, of its seller and of the new one. Each seller hears nothing of
    the other (R40), and the new one alone hears why it does not happen (R18)."""
    seller_id = account.parent_id
    assert seller_id is not None
    told: tuple[tuple[UUID, str, Mapping[str, object]], ...] = (
        (account.account_id, f"move_{what}", {**facts, "seller": to.name}),
        (seller_id, f"client_leaving_{what}", facts),
        (to.account_id, f"client_coming_{what}", {**facts, "reason": reason and str(reason)}),
    )
    for account_id, kind, more in told:
        reader = await accounts.read_account(tx, account.tenant_id, account_id)
        assert reader is not None
        await promise(
            tx,
            tenant_id=account.tenant_id,
            account_id=account_id,
            kind=kind,
            subject_id=account.account_id,
            episode=moment.at.isoformat(),
            facts={"name": account.name, "zone": reader.zone, **more},
            moment=moment,
        )
