"""Subscriptions as their owners change them, chatbots that are not needed, and closing an account."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from brimful.api import ids, present
from brimful.api.auth import Buyer, BuyerDep, EngineDep
from brimful.api.problem import documented, not_found, of_answer
from brimful.api.requests import (
    ChangePlan,
    CloseAccount,
    IdempotencyKey,
    KeepChatbots,
    PreviewChange,
    ReleaseChatbots,
)
from brimful.api.routes.auto_billing import shown
from brimful.billing.listings import read_subscription
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Bought, Missing, Pending, TooMuch
from brimful.usecases.change_period_end import (
    cancel_subscription,
    release_chatbots,
    resume_subscription,
)
from brimful.usecases.change_plan import ChangePreview, ChangeRecorded, preview_change
from brimful.usecases.close_account import close_account
from brimful.usecases.keep_chatbots import keep_chatbots
from brimful.usecases.read_releasable import read_releasable
from brimful.wiring import Engine

router = APIRouter(tags=["subscriptions"])

_ONE = "/v1/accounts/{account_id}/subscriptions/{subscription_id}"


class ChangeBody(BaseModel):
    """What became of a change of plan: done, pending, or waiting for the end of the period."""

    status: str
    purchase_id: str | None
    subscription: dict[str, Any]


async def _shown(engine: Engine, buyer: Buyer, subscription_id: str) -> dict[str, Any]:
    wanted = ids.parse("sub", subscription_id)
    row = await read_subscription(engine.ctx.db, buyer.tenant_id, buyer.account_id, wanted)
    if row is None:
        raise not_found()
    [body] = present.page([row], "sub", "subscription_id", 1).data
    return body


def _named(buyer: Buyer, engine: Engine, subscription_id: str) -> dict[str, Any]:
    return {
        "tenant_id": buyer.tenant_id,
        "account_id": buyer.account_id,
        "subscription_id": ids.parse("sub", subscription_id),
        "moment": engine.clock.moment(),
    }


@router.get(_ONE, responses=documented(), summary="Read a subscription")
async def read_one(buyer: BuyerDep, subscription_id: str, engine: EngineDep) -> dict[str, Any]:
    """With what is to become of it at period end."""
    return await _shown(engine, buyer, subscription_id)


@router.post(
    f"{_ONE}/cancel", responses=documented(402, 403), summary="Cancel a subscription at period end"
)
async def cancel(buyer: BuyerDep, subscription_id: str, engine: EngineDep) -> dict[str, Any]:
    """Everything stays until then; its chatbots go back afterwards, and the newest of the account's
    own pause where too few are left. Nothing is deleted."""
    named = _named(buyer, engine, subscription_id)
    if isinstance(await cancel_subscription(engine.ctx, **named), Missing):
        raise not_found()
    return await _shown(engine, buyer, subscription_id)


@router.post(
    f"{_ONE}/resume", responses=documented(402, 403), summary="Let a subscription go on as it is"
)
async def resume(buyer: BuyerDep, subscription_id: str, engine: EngineDep) -> dict[str, Any]:
    """Drops a cancellation, a change of plan or a release that waits for the end of the period."""
    named = _named(buyer, engine, subscription_id)
    if isinstance(await resume_subscription(engine.ctx, **named), Missing):
        raise not_found()
    return await _shown(engine, buyer, subscription_id)


@router.post(
    f"{_ONE}/release",
    responses=documented(402, 403),
    summary="Release extra chatbots at period end",
)
async def release(
    buyer: BuyerDep, subscription_id: str, body: ReleaseChatbots, engine: EngineDep
) -> dict[str, Any]:
    """So many go, as far as nobody needs them then; the others go on at their price. 0 drops it."""
    answer = await release_chatbots(
        engine.ctx, chatbots=body.chatbots, **_named(buyer, engine, subscription_id)
    )
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, TooMuch):
        raise of_answer(answer)
    return await _shown(engine, buyer, subscription_id)


@router.post(
    f"{_ONE}/change",
    responses={
        **documented(402, 403, 409, 503),
        202: {"model": ChangeBody, "description": "Pending: it goes on; read the purchase later"},
    },
    summary="Change a plan",
)
async def change(
    buyer: BuyerDep,
    subscription_id: str,
    body: ChangePlan,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> ChangeBody:
    """An upgrade is charged at the prorated difference and takes effect at once; anything else waits
    for the end of the period and costs nothing now. The present plan drops what waits."""
    named = _named(buyer, engine, subscription_id)
    answer = await engine.change_subscription(
        **{name: value for name, value in named.items() if name != "moment"},
        wait_ms=engine.settings.wait_ms if body.wait_ms is None else body.wait_ms,
        package_id=ids.parse_body("pkg", body.package_id, "package_id"),
        key=idempotency_key,
        body_hash=body.hash(f"change {subscription_id}"),
    )
    if isinstance(answer, Missing) and answer.what == "subscription":
        raise not_found()
    purchase = None
    if isinstance(answer, Bought):
        purchase, status = ids.show("pur", answer.purchase_id), "done"
    elif isinstance(answer, Pending):
        purchase, status = ids.show("pur", answer.operation_id), "pending"
        response.status_code = 202
        response.headers["Retry-After"] = "2"
    elif isinstance(answer, ChangeRecorded):
        status = "recorded"
    else:
        raise of_answer(answer)
    shown_ = await _shown(engine, buyer, subscription_id)
    return ChangeBody(status=status, purchase_id=purchase, subscription=shown_)


@router.post(
    "/v1/accounts/{account_id}/previews/change",
    responses=documented(402, 403, 409),
    tags=["previews"],
    summary="What a change of plan would cost",
)
async def change_preview(buyer: BuyerDep, body: PreviewChange, engine: EngineDep) -> dict[str, Any]:
    """When it would take effect, what it would charge now and what it would bring now."""
    answer = await preview_change(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        subscription_id=ids.parse_body("sub", body.subscription_id, "subscription_id"),
        package_id=ids.parse_body("pkg", body.package_id, "package_id"),
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing) and answer.what == "subscription":
        raise not_found()
    if not isinstance(answer, ChangePreview):
        raise of_answer(answer)
    return {
        "change": answer.change,
        "takes_effect_at": answer.takes_effect_at,
        "credits_now": answer.credits_now,
        "chatbots_now": answer.chatbots_now,
        "chatbots_to_pause": answer.chatbots_to_pause,
        **shown(answer.purchase),
    }


@router.get(
    "/v1/accounts/{account_id}/releasable-chatbots",
    responses=documented(),
    summary="Automatic chatbots that are not needed any more",
)
async def releasable(buyer: BuyerDep, engine: EngineDep) -> dict[str, Any]:
    """Each subscription that auto-billing began: how many of its chatbots nobody needs, and how many
    are to be released at period end."""
    rows = await read_releasable(engine.ctx, buyer.tenant_id, buyer.account_id)
    return {
        "data": [
            {
                "subscription_id": ids.show("sub", row.subscription_id),
                "chatbots": row.chatbots,
                "not_needed": row.not_needed,
                "to_release": row.to_release,
                "period_ends_at": row.period_ends_at,
            }
            for row in rows
        ]
    }


@router.put(
    "/v1/accounts/{account_id}/kept-chatbots",
    responses=documented(402, 403),
    tags=["chatbots"],
    summary="Choose which chatbots stay when there are too few",
)
async def put_kept(buyer: BuyerDep, body: KeepChatbots, engine: EngineDep) -> dict[str, Any]:
    """Those named come first, the others by age, oldest first; what has no place pauses, now and
    whenever chatbots get fewer. What is paused comes back when there are more."""
    answer = await keep_chatbots(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        keep=[ids.parse_body("bot", one, "chatbots") for one in body.chatbots],
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    return {
        "data": [
            {"id": ids.show("bot", one.chatbot_id), "state": one.state, "keep": one.keep}
            for one in answer
        ]
    }


class ClosedBody(BaseModel):
    """An account that is closed, and since when."""

    id: str
    state: str
    closed_at: datetime


@router.post(
    "/v1/accounts/{account_id}/close",
    responses=documented(402, 403, 409),
    tags=["accounts"],
    summary="Close an account",
)
async def close(buyer: BuyerDep, body: CloseAccount, engine: EngineDep) -> ClosedBody:
    """For good: nothing is charged any more, its keys end, chatbots and unused additional credits go
    back to its seller. A seller closes or moves its clients first. Closed again, nothing happens."""
    answer = await close_account(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        given_by=body.given_by,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    engine.run(answer.effects)
    return ClosedBody(id=ids.show("acc", buyer.account_id), state="closed", closed_at=answer.at)
