"""Purchases by hand, auto-billings with their explanations, charges."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from brimful.api import ids, present
from brimful.api.auth import Buyer, BuyerDep, EngineDep
from brimful.api.present import Page, PurchaseBody, PurchasePage
from brimful.api.problem import documented, not_found, of_answer
from brimful.api.requests import After, IdempotencyKey, Limit, Purchase
from brimful.billing import purchases
from brimful.billing.listings import list_page
from brimful.billing.purchases import read_lines, read_lines_of, read_purchase
from brimful.domain.explanation import sentences
from brimful.usecases.answers import Bought, Pending
from brimful.wiring import Engine

router = APIRouter(tags=["purchases"])


async def _purchase(engine: Engine, buyer: Buyer, purchase_id: Any) -> purchases.Purchase:
    found = await read_purchase(engine.ctx.db, buyer.tenant_id, purchase_id)
    if found is None or found.buyer_id != buyer.account_id:
        raise not_found()
    return found


async def _shown(engine: Engine, buyer: Buyer, purchase_id: Any) -> PurchaseBody:
    found = asdict(await _purchase(engine, buyer, purchase_id))
    return present.purchase(found, await read_lines(engine.ctx.db, buyer.tenant_id, purchase_id))


@router.post(
    "/v1/accounts/{account_id}/purchases",
    status_code=201,
    responses={
        **documented(402, 403, 409, 503),
        202: {"model": PurchaseBody, "description": "Pending: it goes on; read it later"},
    },
    summary="Buy a package of the account's seller",
)
async def buy(
    buyer: BuyerDep,
    body: Purchase,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> PurchaseBody:
    """The account's card is charged once what it buys is secured. A seller short of stock buys the
    missing part first; one that cannot leaves the buyer uncharged."""
    answer = await engine.buy(
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wait_ms=engine.settings.wait_ms if body.wait_ms is None else body.wait_ms,
        package_id=ids.parse_body("pkg", body.package_id, "package_id"),
        quantity=body.quantity,
        key=idempotency_key,
        body_hash=body.hash("purchase"),
    )
    if isinstance(answer, Bought):
        return await _shown(engine, buyer, answer.purchase_id)
    if isinstance(answer, Pending):
        response.status_code = 202
        response.headers["Retry-After"] = "2"
        return await _shown(engine, buyer, answer.operation_id)
    raise of_answer(answer)


@router.get(
    "/v1/accounts/{account_id}/purchases",
    responses=documented(),
    summary="List an account's purchases",
)
async def list_purchases(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> PurchasePage:
    """Newest first, automatic ones included."""
    rows = await list_page(
        engine.ctx.db,
        "list_purchases",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("pur", after),
        limit=limit + 1,
    )
    shown = rows[:limit]
    ids_shown = [row["purchase_id"] for row in shown]
    lines = await read_lines_of(engine.ctx.db, buyer.tenant_id, ids_shown)
    data = [present.purchase(row, lines[row["purchase_id"]]) for row in shown]
    return PurchasePage(data=data, next=data[-1].id if len(rows) > limit else None)


@router.get(
    "/v1/accounts/{account_id}/purchases/{purchase_id}",
    responses=documented(),
    summary="Read a purchase",
)
async def read_one(buyer: BuyerDep, purchase_id: str, engine: EngineDep) -> PurchaseBody:
    """With its lines."""
    return await _shown(engine, buyer, ids.parse("pur", purchase_id))


@router.get(
    "/v1/accounts/{account_id}/auto-billings/{auto_billing_id}",
    responses=documented(),
    summary="Explain an auto-billing",
)
async def explain(buyer: BuyerDep, auto_billing_id: str, engine: EngineDep) -> dict[str, Any]:
    """Why it happened: the operations, the shortage, the covers considered with their prices, the
    caps, the decision, the balances before and after; in figures and in sentences."""
    found = await _purchase(engine, buyer, ids.parse("pur", auto_billing_id))
    if not found.automatic:
        raise not_found()
    return {
        "id": auto_billing_id,
        "status": present.purchase_status(found.state),
        "explanation": found.explanation,
        "sentences": sentences(found.explanation),
    }


@router.get(
    "/v1/accounts/{account_id}/charges",
    responses=documented(),
    summary="List the charges on an account's card",
)
async def list_charges(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first."""
    rows = await list_page(
        engine.ctx.db,
        "list_charges",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("chg", after),
        limit=limit + 1,
    )
    return present.page(rows, "chg", "charge_id", limit)
