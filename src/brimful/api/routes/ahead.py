"""Before it hurts: buying ahead by a threshold or a forecast, and the forecast itself (R33)."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from brimful.api.auth import Buyer, BuyerDep, EngineDep
from brimful.api.problem import Problem, documented, of_answer
from brimful.api.requests import SetForecast, SetOverdraft, SetThreshold
from brimful.api.routes.auto_billing import read_settings
from brimful.domain.forecast import RenewalNeed
from brimful.domain.reason import Reason, Refuse, title
from brimful.ledger import balances, overdrafts
from brimful.usecases.forecast import forecast
from brimful.usecases.set_buy_ahead import AheadSet, Consent, set_forecast, set_threshold
from brimful.usecases.set_overdraft import set_overdraft
from brimful.wiring import Engine

router = APIRouter(tags=["auto-billing"])


class NeedBody(BaseModel):
    """What renewals need together."""

    credits: int
    chatbots: int


class BurnRateBody(BaseModel):
    """Whole credits expected in the running hour and in the 24 hours to come."""

    per_hour: int
    per_day: int
    basis: str = Field(
        description="what it comes from: weeks, the days of a first week, or nothing (no use yet, or "
        "none for seven days)"
    )


class OverdraftBody(BaseModel):
    """How far an account may spend beyond its pool, and how far it has."""

    limit_credits: int
    overdrawn: int


class ForecastBody(BaseModel):
    """What is to be expected of an account."""

    free_credits: int
    burn_rate: BurnRateBody
    run_out_at: datetime | None = Field(description="null: not within 60 days")
    need_7_days: NeedBody
    need_30_days: NeedBody


async def _answer(answer: AheadSet | Refuse, buyer: Buyer, engine: Engine) -> dict[str, Any]:
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    engine.run(answer.effects)
    return await read_settings(buyer, engine)


@router.put(
    "/v1/accounts/{account_id}/auto-billing/threshold",
    responses=documented(402, 403),
    summary="Buy to a target when the pool falls below a threshold",
)
async def put_threshold(buyer: BuyerDep, body: SetThreshold, engine: EngineDep) -> dict[str, Any]:
    """For accounts that sell, whose auto-billing is on. A consent of its own: who (`given_by`), when,
    and the `terms` shown. Nulls switch it off. Within the limits of auto-billing, as all it buys."""
    answer = await set_threshold(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        threshold_credits=body.threshold_credits,
        target_credits=body.target_credits,
        consent=Consent(given_by=body.given_by, terms=body.terms),
        moment=engine.clock.moment(),
    )
    return await _answer(answer, buyer, engine)


@router.put(
    "/v1/accounts/{account_id}/auto-billing/forecast",
    responses=documented(402, 403),
    summary="Buy before the burn rate runs the pool out",
)
async def put_forecast(buyer: BuyerDep, body: SetForecast, engine: EngineDep) -> dict[str, Any]:
    """For accounts that sell, whose auto-billing is on, with a consent of its own. Every five minutes
    it keeps free what queries may use until the next purchase is there. `renewals` also buys for
    clients' renewals about to fall due, before their cards are held; without it renewals buy for
    themselves when they are due."""
    answer = await set_forecast(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        enabled=body.enabled,
        renewals=body.renewals,
        consent=Consent(given_by=body.given_by, terms=body.terms),
        moment=engine.clock.moment(),
    )
    return await _answer(answer, buyer, engine)


@router.put(
    "/v1/accounts/{account_id}/overdraft",
    responses=documented(403),
    tags=["overdraft"],
    summary="Let an account spend a little beyond its pool",
)
async def put_overdraft(buyer: BuyerDep, body: SetOverdraft, engine: EngineDep) -> OverdraftBody:
    """By the seller's key or one above it. A query that is short by no more than what the limit leaves
    is done at once, so that a conversation may finish; the next credits that come repay it, and where
    auto-billing is on they are bought at once, behind the answer. A lower limit lets nobody owe
    more; what is owed already stays."""
    if not buyer.target.acted_by_seller:
        raise Problem(403, "only_its_seller", "Only an account's seller can let it overdraw.")
    is_set = await set_overdraft(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        limit_credits=body.limit_credits,
        moment=engine.clock.moment(),
    )
    if not is_set:
        raise Problem(403, str(Reason.account_closed), title(Reason.account_closed))
    return await read_overdraft(buyer, engine)


@router.get(
    "/v1/accounts/{account_id}/overdraft",
    responses=documented(),
    tags=["overdraft"],
    summary="How far an account may spend beyond its pool",
)
async def read_overdraft(buyer: BuyerDep, engine: EngineDep) -> OverdraftBody:
    """The limit that its seller set, 0 for none, and what it owes now."""
    credits, _ = await balances.read_stock(engine.ctx.db, buyer.tenant_id, buyer.account_id)
    limit = await overdrafts.read_limit(engine.ctx.db, buyer.tenant_id, buyer.account_id)
    return OverdraftBody(limit_credits=limit, overdrawn=credits.overdrawn)


@router.get(
    "/v1/accounts/{account_id}/forecast",
    responses=documented(),
    tags=["forecasts"],
    summary="Burn rate, run-out, and what renewals will need",
)
async def read_forecast(buyer: BuyerDep, engine: EngineDep) -> ForecastBody:
    """An hour is expected to use the mean of the same hour of the week over the last four weeks that
    are known; in an account's first week, the mean of all its hours. Only the account's own queries
    count as use; what its clients' renewals take is known by date, and counts towards `run_out_at`
    when it is due. An account that used nothing for seven days is expected to use nothing.
    `need_7_days` and `need_30_days` are the renewals of the account's clients that are due by then,
    overdue ones included, before anything that the pool holds."""
    found = await forecast(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        moment=engine.clock.moment(),
    )
    return ForecastBody(
        free_credits=found.free,
        burn_rate=BurnRateBody(
            per_hour=round(found.rate.per_hour),
            per_day=round(found.rate.per_day),
            basis=found.rate.basis,
        ),
        run_out_at=None
        if found.run_out_at is None
        else found.run_out_at.replace(second=0, microsecond=0),
        need_7_days=_need(found.need_7_days),
        need_30_days=_need(found.need_30_days),
    )


def _need(need: RenewalNeed) -> NeedBody:
    return NeedBody(credits=need.credits, chatbots=need.chatbots)
