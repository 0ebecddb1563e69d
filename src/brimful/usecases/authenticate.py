"""A charge that the bank wants its owner to confirm: a new one is made with the owner present (R29).

The charge that was asked for is cancelled first; the link leads to another, made now at today's
prices, as a purchase by hand or as the renewal that still waits. Once it is paid the pause is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from brimful.billing import authentications, purchases, renewals, subscriptions
from brimful.billing.authentications import Authentication, Link, Wanted
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.offers import Package, read_offer
from brimful.billing.purchases import Purchase, PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.chargeable import refuse_amounts
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.plan_change import Upgrade
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.ledger import demands
from brimful.usecases.answers import Bought, Missing
from brimful.usecases.chain import cannot_furnish, read_sellers
from brimful.usecases.context import Context, with_covers
from brimful.usecases.intent import Wish, follow_up, must_wait, open_intent
from brimful.usecases.lines import line_of
from brimful.usecases.period_end import apply_period_ends
from brimful.usecases.refuse_client import tell_seller
from brimful.usecases.renewal_lines import renewal_wish, what_costs
from brimful.usecases.upgrading import change_to, upgrade_line, why_not_now

AuthenticationAnswer = Bought | Refuse | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be charged with the owner present."""

    wish: Wish
    subscription_ids: Sequence[UUID] = ()
    effects: tuple[Effect, ...] = ()


async def renew_link(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> Link | Missing:
    """Another one-time link to what an account's owner is to confirm; the one before is void.
    Missing when there is nothing to confirm, or no more: its shortage was served otherwise."""

    async def body(tx: Transaction) -> Link | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        found = await authentications.read_last(tx, tenant_id, account_id)
        if found is None:
            return Missing(what="authentication")
        if (await authentications.read_since(tx, tenant_id, found.failed_id)).bought:
            return Missing(what="authentication")
        return await authentications.issue_again(tx, tenant_id, found.authentication_id, moment)

    return await ctx.db.run(body)


async def begin_authentication(
    ctx: Context, *, token: str, return_url: str | None, moment: Moment
) -> AuthenticationAnswer:
    """The owner opens a link: make the charge that needs confirmation, or find the one made before.
    From the bank they are led on to ``return_url``, if it is given.

    Nothing is made while the charge that was asked for may still be taken, or another, such as on a
    backup card, that serves the same shortage (purchase_under_way), nor of what its seller no longer
    offers or cannot furnish. Missing for a link that is void, used or too old, and for one whose
    shortage was served otherwise since.
    """
    tenant_id = authentications.tenant_of(token)
    if tenant_id is None:
        return Missing(what="authentication")
    seen = await authentications.read_by_token(ctx.db, tenant_id, token)
    if seen is None:
        return Missing(what="authentication")

    async def body(tx: Transaction) -> AuthenticationAnswer:
        await demands.lock_buyer(tx, tenant_id, seen.account_id)
        found = await authentications.read_by_token(tx, tenant_id, token)
        if found is None or found.expires_at <= moment.at:
            return Missing(what="authentication")
        if return_url is not None:
            named = (tenant_id, found.authentication_id)
            await authentications.note_return(tx, *named, return_url)
        if found.purchase_id is not None:
            made = await purchases.read_purchase(tx, tenant_id, found.purchase_id)
            assert made is not None
            if made.state != "failed":
                return Bought(purchase_id=made.purchase_id)
        return await _begin(ctx, tx, tenant_id, found, moment)

    return await with_covers(ctx, body)


async def _begin(
    ctx: Context, tx: Transaction, tenant_id: UUID, found: Authentication, moment: Moment
) -> AuthenticationAnswer:
    failed = await purchases.read_purchase(tx, tenant_id, found.failed_id)
    assert failed is not None
    facts = await read_buyer(
        tx, tenant_id=tenant_id, account_id=found.account_id, at=moment.at, by_hand=True
    )
    account = str(facts.account_id)
    since = await authentications.read_since(tx, tenant_id, failed.purchase_id)
    if since.bought:
        return Missing(what="authentication")
    # What was to be tried on the backup waits until it is planned for: by that it may be served yet.
    if not failed.ended or since.under_way or (failed.automatic and await _is_short(tx, facts)):
        return Refuse(reason=Reason.purchase_under_way, account_id=account, detail={})
    if facts.disconnected_at is not None:
        return Refuse(reason=Reason.temporarily_unavailable, account_id=account, detail={})
    if facts.card is None:
        return Refuse(reason=Reason.no_payment_method, account_id=account, detail={})
    plan = await _plan(tx, facts, failed, moment)
    if not isinstance(plan, _Plan):
        return plan
    amounts = (plan.wish.amount_minor + facts.outstanding.minor,)
    if uncharged := refuse_amounts(account, facts.currency, amounts):
        return uncharged
    sellers = await read_sellers(ctx, tx, facts=facts, need=plan.wish, at=moment.at)
    above = cannot_furnish(sellers, facts, moment.at, plan.wish)
    if above is not None:
        needs = {
            "credits": plan.wish.credits,
            "chatbots": plan.wish.chatbots,
            "kind": failed.origin,
        }
        await tell_seller(tx, refusal=above, client=facts, needs=needs, moment=moment)
        return Refuse(reason=neutral(above.reason), account_id=account, detail={})
    if must_wait(ctx, facts, plan.wish):
        return Refuse(reason=Reason.purchase_under_way, account_id=account, detail={})
    intent = await open_intent(ctx, tx, facts=facts, wish=plan.wish, moment=moment)
    await renewals.park(tx, tenant_id, list(plan.subscription_ids))
    await authentications.note_purchase(tx, tenant_id, found.authentication_id, intent.purchase_id)
    return Bought(
        purchase_id=intent.purchase_id, effects=(*plan.effects, *follow_up(facts, intent))
    )


async def _is_short(tx: Transaction, facts: BuyerFacts) -> bool:
    return bool(await demands.read_waiting(tx, facts.tenant_id, facts.account_id))


async def _plan(
    tx: Transaction, facts: BuyerFacts, failed: Purchase, moment: Moment
) -> _Plan | Refuse | Missing:
    if failed.origin == "renewal":
        return await _renewal(tx, facts, moment)
    lines = await _lines(tx, facts, failed, moment)
    if not isinstance(lines, tuple):
        return lines
    return _Plan(
        wish=Wish(
            lines=lines,
            origin="by_hand",
            trigger="authentication",
            explanation={"trigger": "authentication", "instead_of": str(failed.purchase_id)},
            present=True,
        )
    )


async def _renewal(tx: Transaction, facts: BuyerFacts, moment: Moment) -> _Plan | Missing:
    """What the account is past due; nothing when it was paid meanwhile."""
    tenant_id, account_id = facts.tenant_id, facts.account_id
    await renewals.wake_past_due(tx, tenant_id, [account_id], moment.at)
    due = await renewals.read_due(tx, tenant_id, facts.seller_id, [account_id], moment.at)
    due, effects = await apply_period_ends(tx, tenant_id, due, moment)
    if not due:
        return Missing(what="authentication")
    due = what_costs(due, moment)
    wish = renewal_wish(due, moment)
    return _Plan(
        wish=Wish(
            lines=wish.lines,
            origin=wish.origin,
            trigger=wish.trigger,
            explanation=wish.explanation,
            present=True,
        ),
        subscription_ids=[one.subscription_id for one in due],
        effects=effects,
    )


async def _lines(
    tx: Transaction, facts: BuyerFacts, failed: Purchase, moment: Moment
) -> tuple[PurchaseLine, ...] | Refuse | Missing:
    """The same packages at their present versions and prices (R26)."""
    account = str(facts.account_id)
    shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=True)
    lines: list[PurchaseLine] = []
    for wanted in await authentications.read_wanted(tx, facts.tenant_id, failed.purchase_id):
        package = shop.packages.get(str(wanted.package_id))
        if package is None:
            return Refuse(reason=Reason.package_withdrawn, account_id=account, detail={})
        line: PurchaseLine | Reason | None = line_of(facts, package, wanted.quantity, moment)
        if package.kind == "subscription":
            line = await _plan_line(tx, facts, package, wanted, moment)
        if line is None:
            return Missing(what="authentication")
        if isinstance(line, Reason):
            return Refuse(reason=line, account_id=account, detail={})
        lines.append(line)
    return tuple(lines)


async def _plan_line(
    tx: Transaction, facts: BuyerFacts, package: Package, wanted: Wanted, moment: Moment
) -> PurchaseLine | Reason | None:
    """The plan that was wanted: as the account's first, or, where its plan was to be changed, as the
    change from what that is now, at today's difference; None when that has ended."""
    tenant_id, account_id = facts.tenant_id, facts.account_id
    if not (wanted.has_begun and wanted.subscription_id):
        if await purchases.has_subscription(tx, tenant_id, account_id):
            return Reason.already_subscribed
        return line_of(facts, package, wanted.quantity, moment)
    held = await subscriptions.lock_subscription(tx, tenant_id, account_id, wanted.subscription_id)
    if held is None:
        return None
    if (reason := why_not_now(held, moment)) is not None:
        return reason
    gone = await subscriptions.read_gone(tx, tenant_id, held)
    change = change_to(held, package, moment, gone=gone)
    if not isinstance(change, Upgrade):
        return Reason.already_subscribed
    return upgrade_line(held, package, change, moment)
