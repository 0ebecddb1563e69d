"""Pages that the gateway hosts: for saving a card, for connecting a seller's gateway account."""

from typing import Any

from fastapi import APIRouter

from brimful.api.auth import BuyerDep, EngineDep, SellerDep, seller_of_buyer
from brimful.api.problem import Problem, documented, not_found
from brimful.api.requests import AskCardPage, AskOnboarding
from brimful.billing import accounts, cards
from brimful.domain.disconnection import is_disconnected
from brimful.domain.payment import DISCONNECTED, Refused, Unknown, Unreachable
from brimful.gateways.pages import Pages
from brimful.usecases.host_pages import connect_seller, note_card_page
from brimful.wiring import Engine

router = APIRouter(tags=["payment methods"])


def _pages(engine: Engine) -> Pages:
    if engine.pages is None:
        raise Problem(503, "gateway_unavailable", "The payment service has no such page.")
    return engine.pages


def _no_page(answer: Refused | Unknown | Unreachable) -> Problem:
    """Why there is no page, without whose account is at fault (R18)."""
    if isinstance(answer, Refused) and answer.code != DISCONNECTED:
        return Problem(402, "page_refused", "The payment service does not offer this page.")
    return Problem(503, "gateway_unavailable", "The payment service gives no answer at present.")


def _closed() -> Problem:
    """Said to the seller itself, whose account it is (R10)."""
    return Problem(
        409,
        "gateway_account_closed",
        "This account at the payment service is closed to the platform. Once the platform has access "
        "to it again, its clients can be charged and a page can be asked for.",
    )


@router.post(
    "/v1/accounts/{account_id}/payment-method-pages",
    status_code=201,
    responses=documented(402, 403, 503),
    summary="A page of the gateway on which a card is saved",
)
async def ask_card_page(buyer: BuyerDep, body: AskCardPage, engine: EngineDep) -> dict[str, Any]:
    """Send the owner to `url`. They are led back to `return_url` with `page` in its query, whose value
    is the token to save the card by. A card whose owner does not come back is saved by the gateway's
    event. No card number comes here, and nothing is charged."""
    seller = await seller_of_buyer(engine, buyer)
    customer = await cards.read_customer(engine.ctx.db, buyer.tenant_id, buyer.account_id)
    made = await _pages(engine).setup_page(
        account_ref=seller.merchant_ref,
        customer_id=customer,
        reference=buyer.account_id.hex,
        return_url=body.return_url,
    )
    if isinstance(made, Refused | Unknown | Unreachable):
        raise _no_page(made)
    await note_card_page(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        page_id=made.page_id,
        gateway_account=seller.merchant_ref,
        customer_id=made.customer_id,
        role=body.role,
        given_by=body.given_by,
        moment=engine.clock.moment(),
    )
    return {"token": made.page_id, "url": made.url}


@router.post(
    "/v1/accounts/{account_id}/onboarding-pages",
    status_code=201,
    responses=documented(402, 403, 409, 503),
    tags=["accounts"],
    summary="A page on which a seller connects its account at the gateway",
)
async def ask_onboarding(
    target: SellerDep, body: AskOnboarding, engine: EngineDep
) -> dict[str, Any]:
    """Its clients are charged on that account, which is the seller's own (Connect). Asked for again, it
    is the same account; a page works for a few minutes and one visitor. There is none for an account
    that is closed to the platform."""
    if target.account is None:
        raise not_found()
    seller = target.account
    ref = seller.merchant_ref
    made = await _pages(engine).onboarding_page(
        account_ref=None if ref == accounts.unconnected_ref(seller.account_id) else ref,
        reference=seller.account_id.hex,
        email=seller.owner_email,
        return_url=body.return_url,
    )
    if is_disconnected(made):
        raise _closed()
    if isinstance(made, Refused | Unknown | Unreachable):
        raise _no_page(made)
    effects = await connect_seller(
        engine.ctx,
        tenant_id=seller.tenant_id,
        account_id=seller.account_id,
        merchant_ref=made.account_ref,
        moment=engine.clock.moment(),
    )
    engine.run(effects)
    return {"gateway_account": made.account_ref, "url": made.url}
