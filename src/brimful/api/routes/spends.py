"""Spends: the question asked before every reply."""

from fastapi import APIRouter, Response

from brimful.api import ids
from brimful.api.auth import Buyer, BuyerDep, EngineDep, seller_of_buyer
from brimful.api.present import SpendBody
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import IdempotencyKey, Spend
from brimful.billing import catalogues
from brimful.domain.rates import UnknownModel, credits_for
from brimful.effects.spending import Answer
from brimful.ledger.spends import find_done, read_spends
from brimful.usecases.answers import Pending, SpendDone
from brimful.wiring import Engine

router = APIRouter(tags=["spends"])

# When a pending spend may be sent again.
LATER = {"Retry-After": "2"}


async def _credits(engine: Engine, buyer: Buyer, body: Spend) -> int:
    if body.credits is not None and body.model is None and body.messages is None:
        return body.credits
    if body.credits is not None or body.model is None:
        raise Problem(
            422, "invalid_request", "Send either credits, or model and messages, not both."
        )
    seller = await seller_of_buyer(engine, buyer)
    rates = await catalogues.read_rates(engine.ctx.db, seller.seller_ref)
    try:
        return credits_for(rates, body.model, body.messages or 1)
    except UnknownModel:
        raise Problem(
            422, "unknown_model", f"The seller has no rate for the model {body.model!r}."
        ) from None
    except ValueError as wrong:
        raise Problem(422, "invalid_request", str(wrong)) from wrong


def told(answer: Answer, credits: int) -> tuple[int, SpendBody]:
    """The status and body of an answer that is no problem. Raises Problem."""
    if isinstance(answer, SpendDone):
        return 200, SpendBody(
            id=ids.show("spd", answer.spend_id),
            status="done",
            credits=answer.credits,
            balance=answer.balance_after,
        )
    if isinstance(answer, Pending):
        return 202, SpendBody(
            id=ids.show("spd", answer.operation_id),
            status="pending",
            credits=credits,
            balance=None,
            code="auto_billing_pending",
        )
    raise of_answer(answer)


@router.post(
    "/v1/accounts/{account_id}/spends",
    responses={
        **documented(402, 403, 409, 503),
        202: {"model": SpendBody, "description": "Pending: send it again after Retry-After"},
    },
    summary="Spend credits for work about to be done",
)
async def spend(
    buyer: BuyerDep,
    body: Spend,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> SpendBody:
    """Done, or refused with a reason. Short of credits, the account's auto-billing buys what is
    missing within the same request; 202 says that it takes longer: nothing was debited, the credits
    are on their way, and the same request with the same key is debited once."""
    body_hash = body.hash("spend")
    try:
        credits = await _credits(engine, buyer, body)
    except Problem:
        # What its model costs now is nothing to what was done under its key.
        same = (buyer.tenant_id, buyer.account_id, idempotency_key, body_hash)
        done = await find_done(engine.ctx.db, [same])
        if not done:
            raise
        return told(SpendDone(*done[0]), 0)[1]
    wait_ms = engine.settings.wait_ms if body.wait_ms is None else body.wait_ms
    answer = await engine.spend(
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wait_ms=wait_ms,
        key=idempotency_key,
        body_hash=body_hash,
        credits=credits,
        model=body.model,
        messages=body.messages,
    )
    response.status_code, body_told = told(answer, credits)
    if response.status_code == 202:
        response.headers.update(LATER)
    return body_told


@router.get(
    "/v1/accounts/{account_id}/spends/{spend_id}",
    responses=documented(),
    summary="Read a spend",
)
async def read_spend(buyer: BuyerDep, spend_id: str, engine: EngineDep) -> SpendBody:
    """Its status: done, waiting, refused or abandoned."""
    wanted = ids.parse("spd", spend_id)
    rows = await read_spends(engine.ctx.db, buyer.tenant_id, [wanted])
    if not rows or rows[0]["account_id"] != buyer.account_id:
        raise not_found()
    return SpendBody(
        id=spend_id,
        status=rows[0]["state"],
        credits=rows[0]["credits"],
        balance=rows[0]["balance_after"],
        code=rows[0]["reason"],
    )
