"""From one plan to another: upward at once, downward at the end of the period (R31, R37)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brimful.billing import commands, purchases, subscriptions
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.commands import Before, Key
from brimful.billing.offers import Package, read_offer
from brimful.billing.subscriptions import Subscription
from brimful.db.transaction import Transaction
from brimful.domain.chargeable import refuse_amounts
from brimful.domain.moment import Moment
from brimful.domain.plan_change import Downgrade, NoChange, Upgrade
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import balances, demands
from brimful.usecases.answers import Bought, KeyConflict, Missing, TooMuch
from brimful.usecases.buy_line import buy_line
from brimful.usecases.buy_package import not_on_offer
from brimful.usecases.context import Context, with_covers
from brimful.usecases.preview import Preview, nothing_to_pay, preview_line
from brimful.usecases.upgrading import change_to, upgrade_line, why_not_now


@dataclass(frozen=True, slots=True)
class ChangeRecorded:
    """No purchase: the plan changes at period end, or stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What a change would mean: when it takes effect, what it costs and brings now, and how many
    chatbots would pause then, as things are. ``change`` is upgrade, downgrade or none."""

    change: str
    takes_effect_at: datetime
    credits_now: int
    chatbots_now: int
    chatbots_to_pause: int
    purchase: Preview


@dataclass(frozen=True, slots=True)
class _Case:
    """A change that can be decided: who, from what, to what, and what it means."""

    facts: BuyerFacts
    held: Subscription
    package: Package
    change: Upgrade | Downgrade | NoChange


async def change_subscription(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    subscription_id: UUID,
    package_id: UUID,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> Bought | ChangeRecorded | Refuse | KeyConflict | Missing | TooMuch:
    """Change a plan to another of its seller's, once for ``key``.

    An upgrade is a purchase like any other, at the prorated difference. A downgrade is recorded, at
    the version on offer now, and takes effect at period end; until then another choice takes its
    place, as does the present plan chosen again.
    """
    command = Key(
        tenant_id=tenant_id, account_id=account_id, key=key, verb="change_plan", body_hash=body_hash
    )

    async def body(
        tx: Transaction,
    ) -> Bought | ChangeRecorded | Refuse | KeyConflict | Missing | TooMuch:
        await demands.lock_buyer(tx, tenant_id, account_id)
        found = await commands.recall(tx, command)
        if found.conflict:
            return KeyConflict(key=key)
        if before := await _done(tx, command, found, subscription_id):
            return before
        case = await _decide(tx, command, subscription_id, package_id, moment, lock=True)
        if not isinstance(case, _Case):
            return case
        return await _change(ctx, tx, case, (command, found), moment)

    return await with_covers(ctx, body)


async def preview_change(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    subscription_id: UUID,
    package_id: UUID,
    moment: Moment,
) -> ChangePreview | Refuse | Missing | TooMuch:
    """What a change of plan would cost and bring: the same decision, changing nothing (R32)."""
    of = Key(tenant_id=tenant_id, account_id=account_id, key="", verb="", body_hash=b"")

    async def body(tx: Transaction) -> ChangePreview | Refuse | Missing | TooMuch:
        case = await _decide(tx, of, subscription_id, package_id, moment, lock=False)
        if not isinstance(case, _Case):
            return case
        if not isinstance(case.change, Upgrade):
            waits = isinstance(case.change, Downgrade)
            _, seats = await balances.read_stock(tx, tenant_id, account_id)
            fewer = case.held.chatbots - case.package.chatbots
            return ChangePreview(
                change="downgrade" if waits else "none",
                takes_effect_at=case.held.period_ends_at if waits else moment.at,
                credits_now=0,
                chatbots_now=0,
                chatbots_to_pause=min(seats.used, max(0, fewer - seats.free)),
                purchase=nothing_to_pay(case.facts),
            )
        line = upgrade_line(case.held, case.package, case.change, moment)
        shown = await preview_line(ctx, tx, facts=case.facts, line=line, moment=moment)
        if isinstance(shown, TooMuch):
            return shown
        return ChangePreview(
            change="upgrade",
            takes_effect_at=moment.at,
            credits_now=line.credits,
            chatbots_now=line.chatbots,
            chatbots_to_pause=0,
            purchase=shown,
        )

    return await with_covers(ctx, body)


async def _done(
    tx: Transaction, command: Key, found: Before, subscription_id: UUID
) -> Bought | ChangeRecorded | None:
    if found.object_id is None:
        return None
    if found.object_id == subscription_id:
        return ChangeRecorded()
    before = await purchases.read_purchase(tx, command.tenant_id, found.object_id)
    failed = before is None or before.state == "failed"
    return None if failed else Bought(purchase_id=found.object_id)


async def _decide(
    tx: Transaction,
    of: Key,
    subscription_id: UUID,
    package_id: UUID,
    moment: Moment,
    *,
    lock: bool,
) -> _Case | Refuse | Missing:
    facts = await read_buyer(
        tx, tenant_id=of.tenant_id, account_id=of.account_id, at=moment.at, by_hand=True
    )
    account = str(of.account_id)
    if not facts.open:
        return Refuse(reason=Reason.account_closed, account_id=account, detail={})
    held = await subscriptions.lock_subscription(tx, of.tenant_id, of.account_id, subscription_id)
    if held is None or held.kind != "subscription":
        return Missing(what="subscription")
    shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=lock)
    package = shop.packages.get(str(package_id))
    if package is None:
        return await not_on_offer(tx, facts, package_id)
    if package.kind != "subscription":
        return Missing(what="plan")
    if uncharged := refuse_amounts(account, facts.currency, (package.price_minor,)):
        return uncharged
    if (reason := why_not_now(held, moment)) is not None:
        return Refuse(reason=reason, account_id=account, detail={})
    gone = await subscriptions.read_gone(tx, of.tenant_id, held)
    return _Case(facts, held, package, change_to(held, package, moment, gone=gone))


async def _change(
    ctx: Context, tx: Transaction, case: _Case, command: tuple[Key, Before], moment: Moment
) -> Bought | ChangeRecorded | Refuse | TooMuch:
    held, change = case.held, case.change
    if isinstance(change, Upgrade):
        return await buy_line(
            ctx,
            tx,
            facts=case.facts,
            line=upgrade_line(held, case.package, change, moment),
            explanation={
                "trigger": "manual",
                "change": "upgrade",
                "package": case.package.name,
                "new_minor": change.new_minor,
                "left_minor": change.left_minor,
                "amount_minor": change.charge_minor,
                "currency": case.facts.currency,
            },
            command=command,
            moment=moment,
        )
    await subscriptions.set_period_end(
        tx,
        case.facts.tenant_id,
        held.subscription_id,
        moment=moment,
        goes_on_as=case.package if isinstance(change, Downgrade) else None,
    )
    await commands.remember(tx, *command, held.subscription_id, moment)
    return ChangeRecorded()
