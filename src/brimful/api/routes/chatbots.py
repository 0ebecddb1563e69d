"""Chatbots: create, list, delete."""

from typing import Any

from fastapi import APIRouter, Response

from brimful.api import ids, present
from brimful.api.auth import BuyerDep, EngineDep
from brimful.api.present import Page
from brimful.api.problem import documented, not_found, of_answer
from brimful.api.requests import After, CreateChatbot, IdempotencyKey, Limit
from brimful.billing.listings import list_page
from brimful.usecases.answers import ChatbotCreated, Missing, Pending
from brimful.usecases.delete_chatbot import delete_chatbot

router = APIRouter(tags=["chatbots"])


@router.post(
    "/v1/accounts/{account_id}/chatbots",
    status_code=201,
    responses={**documented(402, 403, 409, 503), 202: {"description": "Pending"}},
    summary="Create a chatbot",
)
async def create(
    buyer: BuyerDep,
    body: CreateChatbot,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> dict[str, Any]:
    """Uses one of the account's chatbots; without a free one it is refused."""
    answer = await engine.create_chatbot(
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        wait_ms=engine.settings.wait_ms if body.wait_ms is None else body.wait_ms,
        external_id=body.external_id,
        name=body.name,
        key=idempotency_key,
        body_hash=body.hash("chatbot"),
    )
    if isinstance(answer, ChatbotCreated):
        return {"id": ids.show("bot", answer.chatbot_id), "status": answer.state}
    if isinstance(answer, Pending):
        response.status_code = 202
        response.headers["Retry-After"] = "2"
        return {"id": ids.show("bot", answer.operation_id), "status": "pending"}
    raise of_answer(answer)


@router.get("/v1/accounts/{account_id}/chatbots", responses=documented(), summary="List chatbots")
async def list_chatbots(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Newest first, deleted ones included."""
    rows = await list_page(
        engine.ctx.db,
        "list_chatbots",
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse("bot", after),
        limit=limit + 1,
    )
    return present.page(rows, "bot", "chatbot_id", limit)


@router.delete(
    "/v1/accounts/{account_id}/chatbots/{chatbot_id}",
    status_code=204,
    responses=documented(403),
    summary="Delete a chatbot",
)
async def delete(buyer: BuyerDep, chatbot_id: str, engine: EngineDep) -> None:
    """Its seat is free at once."""
    answer = await delete_chatbot(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        chatbot_id=ids.parse("bot", chatbot_id),
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    engine.run(answer)
