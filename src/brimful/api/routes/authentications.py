"""Charges that a bank wants its owner to confirm: links to them, and what the owner does there (R29)."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from brimful.api import ids
from brimful.api.auth import BuyerDep, EngineDep
from brimful.api.present import purchase_status
from brimful.api.problem import documented, not_found, of_answer
from brimful.api.requests import Authenticate
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.authenticate import renew_link
from brimful.wiring import Authenticating

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
    `action_url`, until the owner has confirmed there; then delivered, failed or pending. From the
    bank they come back to brimful and are led on to `return_url`."""
    await engine.follow_clock()
    answer = await engine.authenticate(body.token, body.return_url)
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    return _shown(answer)


@router.get(
    "/v1/authentications/returns/{reference}",
    response_model=None,
    responses={**documented(), 303: {"description": "On to the `return_url` that was asked for"}},
    summary="Where the bank leads an owner back to",
)
async def come_back(reference: str, engine: EngineDep) -> Response | dict[str, Any]:
    """How the payment stands is asked of the gateway; what the address's query says is not read."""
    await engine.follow_clock()
    answer = await engine.come_back(reference)
    if isinstance(answer, Missing):
        raise not_found()
    if answer.return_url is not None:
        return RedirectResponse(answer.return_url, 303)
    return _shown(answer)


def _shown(answer: Authenticating) -> dict[str, Any]:
    waits = answer.state == "action_required"
    return {
        "purchase_id": ids.show("pur", answer.purchase_id),
        "status": answer.state if waits else purchase_status(answer.state),
        "reason": answer.reason,
        "action_url": answer.action_url,
    }
