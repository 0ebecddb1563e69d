"""Refunds by a seller, disputes, and the debts that they leave (R25)."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from brimful.api import ids, present
from brimful.api.auth import Buyer, BuyerDep, EngineDep
from brimful.api.present import Page
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import After, ClearDebt, IdempotencyKey, Limit, PreviewRefund, Refund
from brimful.billing.listings import list_page
from brimful.billing.refunds import list_debts, read_refund
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.clear_debt import clear_debt
from brimful.usecases.refund_charge import RefundBegun, RefundFigures, RefundWish, preview_refund
from brimful.wiring import Engine

router = APIRouter(tags=["refunds"])


class RefundBody(BaseModel):
    """A refund; `status` is succeeded, failed or pending."""

    id: str
    charge_id: str
    purchase_id: str
    status: str
    line: int | None = Field(description="the line whose credits it pays back; null: all lines")
    amount_minor: int
    currency: str
    origin: str = Field(description="here, or elsewhere: at the payment service")
    requested_at: datetime
    ended_at: datetime | None


class RefundFiguresBody(BaseModel):
    """What a refund would give back and take back."""

    amount_minor: int
    currency: str
    credits: int
    lines: list[dict[str, int]]


def _status(state: str) -> str:
    """What a caller has to know of a refund's state."""
    if state in ("requested", "pending"):
        return "pending"
    return "succeeded" if state == "succeeded" else "failed"


def _shown(row: dict[str, Any]) -> RefundBody:
    return RefundBody(
        id=ids.show("ref", row["refund_id"]),
        charge_id=ids.show("chg", row["charge_id"]),
        purchase_id=ids.show("pur", row["purchase_id"]),
        status=_status(row["state"]),
        **{key: row[key] for key in ("line", "amount_minor", "currency", "origin")},
        requested_at=row["requested_at"],
        ended_at=row["ended_at"],
    )


def _by_its_seller(buyer: Buyer) -> None:
    if not buyer.target.acted_by_seller:
        raise Problem(403, "only_its_seller", "Only an account's seller can do this.")


@router.post(
    "/v1/accounts/{account_id}/charges/{charge_id}/refunds",
    status_code=201,
    responses={
        **documented(402, 403, 409),
        202: {"model": RefundBody, "description": "Pending: it goes on; read it later"},
    },
    summary="Refund a charge, or a part of it",
)
async def refund(
    buyer: BuyerDep,
    charge_id: str,
    body: Refund,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> RefundBody:
    """By the seller's key or one above it. Of a price p, an amount a takes back floor(credits × a ÷ p)
    unspent credits, which go to the seller's pool with the expiries that they came with; more than is
    unspent is refused. With a `line`, p is what that line's credits cost. Until the money has gone
    back, the credits are frozen; if it does not, they are the buyer's again."""
    _by_its_seller(buyer)
    charge = ids.parse("chg", charge_id)
    answer = await engine.refund(
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wait_ms=engine.settings.wait_ms if body.wait_ms is None else body.wait_ms,
        wish=RefundWish(charge_id=charge, amount_minor=body.amount_minor, line=body.line),
        key=idempotency_key,
        body_hash=body.hash(f"refund {charge}"),
    )
    if isinstance(answer, Missing):
        raise not_found()
    if not isinstance(answer, RefundBegun):
        raise of_answer(answer)
    row = await read_refund(engine.ctx.db, buyer.tenant_id, answer.refund_id)
    assert row is not None
    shown = _shown(row)
    if shown.status == "pending":
        response.status_code = 202
        response.headers["Retry-After"] = "2"
    return shown


@router.post(
    "/v1/accounts/{account_id}/previews/refund",
    responses=documented(402, 403, 409),
    tags=["previews"],
    summary="Preview a refund",
)
async def preview(buyer: BuyerDep, body: PreviewRefund, engine: EngineDep) -> RefundFiguresBody:
    """What it would give back and take back, or the refusal; nothing changes."""
    _by_its_seller(buyer)
    answer = await preview_refund(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wish=RefundWish(
            charge_id=ids.parse_body("chg", body.charge_id, "charge_id"),
            amount_minor=body.amount_minor,
            line=body.line,
        ),
        moment=engine.clock.moment(),
    )
    if not isinstance(answer, RefundFigures):
        raise not_found() if isinstance(answer, Missing) else of_answer(answer)
    return RefundFiguresBody(
        amount_minor=answer.amount_minor,
        currency=answer.currency,
        credits=sum(answer.credits.values()),
        lines=[{"line": key, "credits": credits} for key, credits in answer.credits.items()],
    )


@router.get(
    "/v1/accounts/{account_id}/refunds",
    responses=documented(),
    summary="List the refunds of an account's charges",
)
async def list_refunds(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first, those made at the payment service included."""
    rows = await list_page(
        engine.ctx.db,
        "list_refunds",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("ref", after),
        limit=limit + 1,
    )
    data = [_shown(row).model_dump() for row in rows[:limit]]
    return Page(data=data, next=data[-1]["id"] if len(rows) > limit else None)


@router.get(
    "/v1/accounts/{account_id}/disputes",
    responses=documented(),
    summary="List the disputes of an account's charges",
)
async def list_disputes(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first."""
    rows = await list_page(
        engine.ctx.db,
        "list_disputes",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("dsp", after),
        limit=limit + 1,
    )
    return present.page(rows, "dsp", "dispute_id", limit)


async def _debts(
    buyer: Buyer, engine: Engine, limit: int, after: str | None, *, of_buyers: bool
) -> Page:
    # An account sees all that it owes; a seller above it, what is owed to itself or below it: of one
    # that the account bought of before, it does not hear (R40, R46).
    seen_by = (
        buyer.target.principal.scope_id if buyer.target.acted_by_seller and not of_buyers else None
    )
    rows = await list_debts(
        engine.ctx.db,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        of_buyers=of_buyers,
        after=None if after is None else ids.parse("dbt", after),
        limit=limit + 1,
        seen_by=seen_by,
    )
    return present.page(rows, "dbt", "debt_id", limit)


async def _clear(
    buyer: Buyer, engine: Engine, debt_id: str, body: ClearDebt, *, of_buyers: bool
) -> None:
    answer = await clear_debt(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        debt_id=ids.parse("dbt", debt_id),
        by=buyer.target.principal.scope_id,
        given_by=body.given_by,
        moment=engine.clock.moment(),
        of_buyers=of_buyers,
    )
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise of_answer(answer)


@router.get(
    "/v1/accounts/{account_id}/debts",
    responses=documented(),
    summary="List what an account owes for credits used before they were refunded or disputed",
)
async def list_own(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first; `credits` and `amount_minor` are what is open, 0 once it is cleared. A seller's
    key sees what is owed to that seller and to those below it."""
    return await _debts(buyer, engine, limit, after, of_buyers=False)


@router.get(
    "/v1/accounts/{account_id}/client-debts",
    responses=documented(),
    summary="List what a seller's buyers owe it",
)
async def list_of_buyers(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first, with what those owe who have moved to another seller since; none of one that
    sells to nobody."""
    return await _debts(buyer, engine, limit, after, of_buyers=True)


@router.post(
    "/v1/accounts/{account_id}/debts/{debt_id}/clear",
    status_code=204,
    responses=documented(403, 409),
    summary="Clear a debt",
)
async def clear(buyer: BuyerDep, debt_id: str, body: ClearDebt, engine: EngineDep) -> None:
    """By the seller to whom it is owed, or above it: it was settled in another way, or is forgiven. No
    credits move. One who sells to the account only since then is refused."""
    _by_its_seller(buyer)
    await _clear(buyer, engine, debt_id, body, of_buyers=False)


@router.post(
    "/v1/accounts/{account_id}/client-debts/{client_debt_id}/clear",
    status_code=204,
    responses=documented(403),
    summary="Clear what a buyer owes a seller",
)
async def clear_of_buyer(
    buyer: BuyerDep, client_debt_id: str, body: ClearDebt, engine: EngineDep
) -> None:
    """As above, by the account to whom it is owed: also when the buyer has moved to another seller
    since, or is closed."""
    await _clear(buyer, engine, client_debt_id, body, of_buyers=True)
