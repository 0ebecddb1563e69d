"""Letting credits be bought ahead: a threshold, a forecast, each with its own consent (R27, R33)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from brimful.billing import ahead, settings_records
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.db.transaction import Transaction
from brimful.domain.ahead import Agreed, BuyAhead
from brimful.domain.effect import Effect, LookAhead
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.usecases.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who chooses, and the terms they were shown."""

    given_by: str
    terms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AheadSet:
    """The choice was recorded."""

    effects: tuple[Effect, ...]


async def set_threshold(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    threshold_credits: int | None,
    target_credits: int | None,
    consent: Consent,
    moment: Moment,
) -> AheadSet | Refuse:
    """Let the pool be filled to a target whenever it falls below a threshold, of at most the target;
    None and None for no longer. Refused as ``_refusal`` says."""
    figures = {"threshold_credits": threshold_credits, "target_credits": target_credits}
    return await _set(
        ctx, tenant_id, account_id, "threshold", threshold_credits is not None, figures, consent, moment
    )  # fmt: skip


async def set_forecast(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    enabled: bool,
    renewals: bool,
    consent: Consent,
    moment: Moment,
) -> AheadSet | Refuse:
    """Let credits be bought before the burn rate runs the pool out, and with ``renewals`` for the
    clients' renewals that fall due before the next look. Refused as ``_refusal`` says."""
    figures = {"forecast": enabled, "renewals": enabled and renewals}
    return await _set(ctx, tenant_id, account_id, "forecast", enabled, figures, consent, moment)


async def _set(
    ctx: Context,
    tenant_id: UUID,
    account_id: UUID,
    what: Agreed,
    enabled: bool,
    figures: Mapping[str, int | bool | None],
    consent: Consent,
    moment: Moment,
) -> AheadSet | Refuse:
    async def body(tx: Transaction) -> AheadSet | Refuse:
        await demands.lock_pools(tx, tenant_id, account_id)
        facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        if refusal := await _refusal(tx, facts, enabled, consent):
            return refusal
        before = await ahead.read(tx, tenant_id, account_id)
        setting: BuyAhead = replace(before, **figures)  # type: ignore[arg-type]
        await ahead.write(tx, tenant_id, account_id, setting, moment)
        if enabled or setting != before:
            await ahead.record_consent(
                tx,
                tenant_id=tenant_id,
                account_id=account_id,
                what=what,
                enabled=enabled,
                figures=figures,
                given_by=consent.given_by,
                terms=consent.terms,
                moment=moment,
            )
        return AheadSet(effects=(LookAhead(tenant_id, account_id),))

    return await ctx.db.run(body)


async def _refusal(
    tx: Transaction, facts: BuyerFacts, enabled: bool, consent: Consent
) -> Refuse | None:
    """Only an account that sells buys ahead; switching on needs auto-billing on, with its card and
    limit, and the name of who consents. Switching off is never refused to one that sells."""
    reason: Reason | None = None
    if not facts.buyer.sells:
        reason = Reason.seller_cannot_sell
    elif enabled:
        setting = await settings_records.read_setting(tx, facts.tenant_id, facts.account_id)
        if not setting.enabled:
            reason = Reason.auto_billing_off
        elif facts.card is None:
            reason = Reason.no_payment_method
        elif not consent.given_by.strip():
            reason = Reason.name_required
    if reason is None:
        return None
    return Refuse(reason=reason, account_id=str(facts.account_id), detail={})
