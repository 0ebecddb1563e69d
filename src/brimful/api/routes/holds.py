"""Holds of credits: for work whose price is known only at its end."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from brimful.api import ids, present
from brimful.api.auth import Buyer, BuyerDep, EngineDep
from brimful.api.hold_requests import CaptureHold, PlaceHold
from brimful.api.present import HoldBody, HoldPage
from brimful.api.problem import documented, not_found, of_answer, refused
from brimful.api.requests import After, IdempotencyKey, Limit
from brimful.api.routes.spends import LATER
from brimful.billing.listings import list_page
from brimful.domain.reason import Refuse
from brimful.ledger.holds import read_hold
from brimful.usecases.answers import KeyConflict, Missing, Pending
from brimful.usecases.end_hold import HoldChanged, HoldRef, capture_hold, release_hold
from brimful.wiring import Engine

router = APIRouter(tags=["holds"])


def named(buyer: Buyer, text: str) -> HoldRef:
    """The hold of an account that a path names. Raises Problem."""
    hold_id = ids.parse("hld", text)
    return HoldRef(tenant_id=buyer.tenant_id, account_id=buyer.account_id, hold_id=hold_id)


async def shown(engine: Engine, buyer: Buyer, hold_id: UUID) -> HoldBody:
    """A hold of an account as it is now. Raises Problem when there is none such."""
    row = await read_hold(engine.ctx.db, buyer.tenant_id, buyer.account_id, hold_id)
    if row is None:
        raise not_found()
    return present.hold(row)


async def place(
    engine: Engine, buyer: Buyer, response: Response, *, wait_ms: int | None, **hold: Any
) -> HoldBody:
    """Hold credits, and wait for auto-billing if they are short. Raises Problem."""
    answer = await engine.hold(
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wait_ms=engine.settings.wait_ms if wait_ms is None else wait_ms,
        **hold,
    )
    if isinstance(answer, Refuse | KeyConflict):
        raise of_answer(answer)
    if isinstance(answer, Pending):
        response.status_code = 202
        response.headers.update(LATER)
        return _pending(engine, answer.operation_id, **hold)
    return await shown(engine, buyer, answer.spend_id)


def _pending(engine: Engine, hold_id: UUID, *, credits: int, held_as: str, **_: Any) -> HoldBody:
    return HoldBody(
        id=ids.show("hld", hold_id),
        status="pending",
        leased=held_as == "lease",
        credits=credits,
        held=0,
        captured=0,
        balance=None,
        ends_at=None,
        placed_at=engine.now().at,
        ended_at=None,
        reason="auto_billing_pending",
    )


async def told(
    engine: Engine, buyer: Buyer, hold_id: UUID, answer: HoldChanged | Refuse | Missing
) -> HoldBody:
    """The hold after what was asked of it. Raises Problem when that was refused."""
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise refused(answer)
    engine.run(answer.effects)
    if answer.refusal is not None:
        raise refused(answer.refusal)
    return await shown(engine, buyer, hold_id)


@router.post(
    "/v1/accounts/{account_id}/holds",
    status_code=201,
    responses={
        **documented(402, 403, 409, 503),
        202: {"model": HoldBody, "description": "Pending: send it again after Retry-After"},
    },
    summary="Hold credits for work about to be done",
)
async def place_hold(
    buyer: BuyerDep,
    body: PlaceHold,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> HoldBody:
    """Sets credits aside, so that nothing else can use them and they cannot lapse, until they are
    captured or released or `ttl_s` has passed. Short of credits, auto-billing buys what is missing as
    for a spend, within the same request."""
    return await place(
        engine,
        buyer,
        response,
        wait_ms=body.wait_ms,
        key=idempotency_key,
        body_hash=body.hash("hold"),
        credits=body.credits,
        held_as="hold",
        hold_s=body.ttl_s,
    )


@router.get("/v1/accounts/{account_id}/holds", responses=documented(), summary="List holds")
async def list_holds(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> HoldPage:
    """Newest first, those that have ended and credit leases included."""
    rows = await list_page(
        engine.ctx.db,
        "list_holds",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("hld", after),
        limit=limit + 1,
    )
    data = [present.hold(row) for row in rows[:limit]]
    return HoldPage(data=data, next=data[-1].id if len(rows) > limit else None)


@router.get(
    "/v1/accounts/{account_id}/holds/{hold_id}", responses=documented(), summary="Read a hold"
)
async def read(buyer: BuyerDep, hold_id: str, engine: EngineDep) -> HoldBody:
    """As it is now; one that still waits for its credits, or was refused, included."""
    return await shown(engine, buyer, ids.parse("hld", hold_id))


@router.post(
    "/v1/accounts/{account_id}/holds/{hold_id}/capture",
    responses=documented(402, 403, 409),
    summary="Charge what the work cost",
)
async def capture(buyer: BuyerDep, hold_id: str, body: CaptureHold, engine: EngineDep) -> HoldBody:
    """Once: sent again with the same credits it is answered the same. Less than is held gives the rest
    back at once. More is taken from what is free beside it and what may be overdrawn; if that is not
    enough, nothing is changed."""
    hold = named(buyer, hold_id)
    answer = await capture_hold(
        engine.ctx,
        hold,
        credits=body.credits,
        moment=engine.now(),
    )
    return await told(engine, buyer, hold.hold_id, answer)


@router.post(
    "/v1/accounts/{account_id}/holds/{hold_id}/release",
    responses=documented(403, 409),
    summary="Give back all that is held",
)
async def release(buyer: BuyerDep, hold_id: str, engine: EngineDep) -> HoldBody:
    """The work was not done: nothing is charged. Sent again it is answered the same."""
    hold = named(buyer, hold_id)
    answer = await release_hold(
        engine.ctx,
        hold,
        moment=engine.now(),
    )
    return await told(engine, buyer, hold.hold_id, answer)
