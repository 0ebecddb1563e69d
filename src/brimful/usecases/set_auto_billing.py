"""Switching auto-billing on and off: consent, limits, and at once (R9, R10, R27)."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from brimful.billing import brakes, breaker, settings_records
from brimful.billing.buyers import BuyerFacts, is_allowed_by_seller, read_buyer
from brimful.billing.offers import read_offer
from brimful.billing.settings_records import AutoBillingSetting
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.release_holds import children_changed, release_holds
from brimful.usecases.wake_past_due import wake_past_due


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoBillingSet:
    """The setting was recorded."""

    effects: tuple[Effect, ...]


async def set_auto_billing(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    setting: AutoBillingSetting,
    monthly_limit: int | Literal["none"] | None,
    given_by: str,
    terms: str,
    moment: Moment,
) -> AutoBillingSet | Refuse | Missing:
    """Record the owner's choice with who made it and under which terms.

    The packages allowed must be on offer (else Missing). Switching on needs a card saved for
    off-session use and a monthly limit or an explicit "none", and is refused where it is not
    available (R9); it clears the cards' breakers and the brake (R29, R30). Switching off is
    immediate: nothing new is charged, mere holds are given back, what waits ends.
    """

    async def body(tx: Transaction) -> AutoBillingSet | Refuse | Missing:
        await demands.lock_family(tx, tenant_id, account_id)
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        before = await settings_records.read_setting(tx, tenant_id, account_id)
        if setting.enabled and (
            refusal := await _cannot_enable(
                tx, facts, monthly_limit, given_by, switching_on=not before.enabled
            )
        ):
            return refusal
        if not await _are_offered(tx, facts, setting.allowed_packages):
            return Missing(what="package")
        await settings_records.write_setting(tx, tenant_id, account_id, setting, moment)
        if setting.enabled != before.enabled or setting.enabled:
            await settings_records.record_consent(
                tx,
                tenant_id=tenant_id,
                account_id=account_id,
                enabled=setting.enabled,
                given_by=given_by,
                terms=terms,
                monthly_limit=str(monthly_limit) if monthly_limit is not None else "",
                moment=moment,
            )
        effects: tuple[Effect, ...] = (Plan(tenant_id, account_id),)
        if setting.enabled and not before.enabled:
            await breaker.clear_cards(tx, tenant_id, account_id, moment.at)
            await brakes.let_go(tx, tenant_id, account_id, moment.at)
            effects += await wake_past_due(tx, tenant_id, [account_id], moment)
        if setting.enabled:
            # On again, or within other limits, it may be able to furnish what it could not (R35).
            effects += await wake_renewals(tx, tenant_id, [account_id], moment)
        if before.enabled and not setting.enabled:
            effects += await release_holds(
                tx, tenant_id, account_id, Reason.auto_billing_off, moment
            )
        if setting.enabled != before.enabled:
            effects += await children_changed(tx, tenant_id, account_id, moment)
        return AutoBillingSet(effects=effects)

    return await ctx.db.run(body)


async def resume_auto_billing(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, given_by: str, terms: str, moment: Moment
) -> AutoBillingSet | Refuse:
    """The owner lets auto-billing that is on and paused go on, as by switching it off and on again:
    the breaker and the brake are cleared, and what still waits is served (R29, R30)."""

    async def body(tx: Transaction) -> AutoBillingSet | Refuse:
        await demands.lock_family(tx, tenant_id, account_id)
        setting = await settings_records.read_setting(tx, tenant_id, account_id)
        account = str(account_id)
        if not setting.enabled:
            return Refuse(reason=Reason.auto_billing_off, account_id=account, detail={})
        if not given_by.strip():
            return Refuse(reason=Reason.name_required, account_id=account, detail={})
        limit = setting.per_month_minor
        await settings_records.record_consent(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            enabled=True,
            given_by=given_by,
            terms=terms,
            monthly_limit="none" if limit is None else str(limit),
            moment=moment,
        )
        await breaker.clear_cards(tx, tenant_id, account_id, moment.at)
        await brakes.let_go(tx, tenant_id, account_id, moment.at)
        return AutoBillingSet(
            effects=(
                Plan(tenant_id, account_id),
                *await wake_past_due(tx, tenant_id, [account_id], moment),
                *await wake_renewals(tx, tenant_id, [account_id], moment),
            )
        )

    return await ctx.db.run(body)


async def _are_offered(tx: Transaction, facts: BuyerFacts, packages: list[UUID] | None) -> bool:
    """Whether each package an owner allows is one of credits that its seller offers (R12)."""
    shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=False)
    offered = {pack.package_id for pack in shop.offer.packs}
    return packages is None or {str(one) for one in packages} <= offered


async def _cannot_enable(
    tx: Transaction,
    facts: BuyerFacts,
    monthly_limit: int | Literal["none"] | None,
    given_by: str,
    *,
    switching_on: bool,
) -> Refuse | None:
    account = str(facts.account_id)
    if switching_on and not await is_allowed_by_seller(tx, facts.tenant_id, facts.account_id):
        return Refuse(reason=Reason.auto_billing_unavailable, account_id=account, detail={})
    if facts.card is None:
        return Refuse(reason=Reason.no_payment_method, account_id=account, detail={})
    if monthly_limit is None or not given_by.strip():
        return Refuse(reason=Reason.consent_required, account_id=account, detail={})
    return None


async def set_child_limit(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    child_id: UUID,
    per_month_minor: int | None,
) -> None:
    """What one child may make this seller's card pay in a month (R28); None for no limit."""

    async def body(tx: Transaction) -> None:
        await demands.lock_pools(tx, tenant_id, account_id)
        await settings_records.write_child_limit(
            tx, tenant_id, account_id, child_id, per_month_minor
        )

    await ctx.db.run(body)
