"""Charges that a bank wants its owner to confirm: links to them, and what the owner does there (R29)."""

from typing import Any

from fastapi import APIRouter

from brimful.api import ids
from brimful.api.auth import BuyerDep, EngineDep
from brimful.api.present import purchase_status
from brimful.api.problem import documented, not_found, of_answer
from brimful.api.requests import Authenticate
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.authenticate import renew_link

router = APIRouter(tags=["authentications"])


@router.post(
    "/v1/accounts/{account_id}/authentications",
    status_code=201,
    responses=documented(403),
    summary="A new one-time link to the payment that the owner is to confirm",
)
async def new_link(buyer: BuyerDep, engine: EngineDep) -> dict[str, Any]:
    """For a page of yours at which the owner is; the link in the notice is void from now on."""
    link = await renew_link(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        moment=engine.clock.moment(),
    )
    if isinstance(link, Missing):
        raise not_found()
    return {
        "token": link.token,
        "url": f"{engine.ctx.public_url}/authenticate/{link.token}",
        "expires_at": link.expires_at,
    }


@router.post(
    "/v1/authentications",
    responses=documented(402, 409, 503),
    summary="Open a one-time link: begin the payment, or ask how it stands",
)
async def authenticate(body: Authenticate, engine: EngineDep) -> dict[str, Any]:
    """The link's token is all that is needed. `status` is action_required, with the bank's page as
    `action_url`, until the owner has confirmed there; then delivered, failed or pending."""
    await engine.follow_clock()
    answer = await engine.authenticate(body.token)
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    waits = answer.state == "action_required"
    return {
        "purchase_id": ids.show("pur", answer.purchase_id),
        "status": answer.state if waits else purchase_status(answer.state),
        "reason": answer.reason,
        "action_url": answer.action_url,
    }
