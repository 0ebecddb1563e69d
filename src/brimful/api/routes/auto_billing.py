"""Auto-billing settings, limits per child, cards, previews."""

from typing import Any

from fastapi import APIRouter

from brimful.api import ids
from brimful.api.auth import BuyerDep, EngineDep, seller_of_buyer
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import (
    PreviewPurchase,
    PreviewSale,
    PreviewSpend,
    Resume,
    SaveCard,
    SetAutoBilling,
    SetChildLimit,
)
from brimful.billing import accounts, ahead, card_pages, cards, settings_records
from brimful.billing.buyers import read_buyer
from brimful.billing.settings_records import AutoBillingSetting
from brimful.domain.payment import MethodRefused, SavedMethod
from brimful.domain.planning import may_buy
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.preview import Preview, preview_purchase, preview_sale, preview_spend
from brimful.usecases.record_page_card import CardRemoved, record_page_card
from brimful.usecases.save_card import promote_card, record_card, remove_card
from brimful.usecases.set_auto_billing import (
    resume_auto_billing,
    set_auto_billing,
    set_child_limit,
)

router = APIRouter(tags=["auto-billing"])


@router.get(
    "/v1/accounts/{account_id}/auto-billing",
    responses=documented(),
    summary="Read the auto-billing settings",
)
async def read_settings(buyer: BuyerDep, engine: EngineDep) -> dict[str, Any]:
    """`available` says whether it can be switched on. `status` is off or on, or why it is on and
    cannot be used now: auto_billing_inactive, no_payment_method, auto_billing_paused,
    auto_billing_braked (it asks whether to go on: resume), retry_later, gateway_unavailable."""
    moment = engine.clock.moment()
    async with engine.ctx.db.transaction() as tx:
        facts = await read_buyer(
            tx, tenant_id=buyer.tenant_id, account_id=buyer.account_id, at=moment.at
        )
        setting = await settings_records.read_setting(tx, buyer.tenant_id, buyer.account_id)
        early = await ahead.read(tx, buyer.tenant_id, buyer.account_id)
    if not facts.buyer.allowed_by_seller and not setting.enabled:
        return {"available": False, "code": "auto_billing_unavailable"}
    why = may_buy(facts.buyer, moment.at)
    return {
        "available": facts.buyer.allowed_by_seller,
        "status": "off" if not setting.enabled else "on" if why is None else str(why),
        "enabled": setting.enabled,
        "monthly_limit_minor": setting.per_month_minor or ("none" if setting.enabled else None),
        "per_charge_minor": setting.per_charge_minor,
        "per_hour_count": setting.per_hour_count,
        "per_day_minor": setting.per_day_minor,
        "strategy": setting.strategy,
        "allowed_packages": None
        if setting.allowed_packages is None
        else [ids.show("pkg", one) for one in setting.allowed_packages],
        "buys_chatbots": setting.buys_chatbots,
        "threshold_credits": early.threshold_credits,
        "target_credits": early.target_credits,
        "forecast": early.forecast,
        "forecast_renewals": early.renewals,
        "release_chatbots": setting.release_chatbots,
        "brake_charges": setting.brake_charges,
        "brake_factor": setting.brake_factor,
        "spent_this_month_minor": facts.buyer.spent.month_minor,
        "currency": facts.currency,
    }


@router.put(
    "/v1/accounts/{account_id}/auto-billing",
    responses=documented(402, 403),
    summary="Switch auto-billing on or off, with its limits",
)
async def put_settings(buyer: BuyerDep, body: SetAutoBilling, engine: EngineDep) -> dict[str, Any]:
    """Switching on records the consent: who (`given_by`), when, the `terms` shown and the monthly
    limit, which must be given. Switching off holds from this moment."""
    monthly = body.monthly_limit_minor
    allowed = body.allowed_packages
    answer = await set_auto_billing(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        setting=AutoBillingSetting(
            enabled=body.enabled,
            per_charge_minor=body.per_charge_minor,
            per_hour_count=body.per_hour_count,
            per_day_minor=body.per_day_minor,
            per_month_minor=monthly if isinstance(monthly, int) else None,
            strategy=body.strategy,
            allowed_packages=None
            if allowed is None
            else [ids.parse_body("pkg", one, "allowed_packages") for one in allowed],
            buys_chatbots=body.buys_chatbots,
            release_chatbots=body.release_chatbots,
            brake_charges=body.brake_charges,
            brake_factor=body.brake_factor,
        ),
        monthly_limit=monthly,
        given_by=body.given_by,
        terms=body.terms,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Refuse | Missing):
        raise of_answer(answer)
    engine.run(answer.effects)
    return await read_settings(buyer, engine)


@router.post(
    "/v1/accounts/{account_id}/auto-billing/resume",
    responses=documented(402, 403),
    summary="Let auto-billing go on after a pause",
)
async def resume(buyer: BuyerDep, body: Resume, engine: EngineDep) -> dict[str, Any]:
    """After declines, or when it stopped itself: as switching it off and on again. What still waits
    is served; nothing else is charged."""
    answer = await resume_auto_billing(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        given_by=body.given_by,
        terms=body.terms,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    engine.run(answer.effects)
    return await read_settings(buyer, engine)


@router.put(
    "/v1/accounts/{account_id}/child-limits/{child_id}",
    responses=documented(403),
    summary="Limit what one client may make this account pay in a month",
)
async def put_child_limit(
    buyer: BuyerDep, child_id: str, body: SetChildLimit, engine: EngineDep
) -> dict[str, Any]:
    """Counted by what each auto-billing's cost was allocated to the client."""
    child = await accounts.read_account(engine.ctx.db, buyer.tenant_id, ids.parse("acc", child_id))
    if child is None or child.parent_id != buyer.account_id:
        raise not_found()
    await set_child_limit(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        child_id=child.account_id,
        per_month_minor=body.per_month_minor,
    )
    return {"child_id": child_id, "per_month_minor": body.per_month_minor}


def _used_up() -> Problem:
    told = "The card that was saved on this page is not on file any more. Ask for a new page."
    return Problem(409, "card_removed", told)


def _refused() -> Problem:
    return Problem(402, "card_refused", "The gateway did not accept this card.")


@router.post(
    "/v1/accounts/{account_id}/payment-methods",
    status_code=201,
    responses=documented(402, 403, 409, 503),
    tags=["payment methods"],
    summary="Save a card by the gateway's token",
)
async def save_card(buyer: BuyerDep, body: SaveCard, engine: EngineDep) -> dict[str, Any]:
    """It takes the place of the one in use in its role; without a primary it becomes that. No card
    number ever comes here: the token is that of a page made for this account, once its owner has
    completed it, or of a card that the gateway knows. A page brings one card, once."""
    if body.token.replace(" ", "").isdigit():
        raise Problem(422, "card_number", "Send a token of the gateway, never a card's number.")
    seller = await seller_of_buyer(engine, buyer)
    owned = (engine.ctx.db, buyer.tenant_id, buyer.account_id)
    page = await card_pages.read_card_page(*owned, body.token)
    if page is not None and body.role not in (None, page.role):
        told = f"role: this page was asked for the {page.role} card."
        raise Problem(422, "invalid_request", told)
    if page is not None and page.removed:
        raise _used_up()
    customer, account = await cards.read_customer(*owned), seller.merchant_ref
    if page is not None:
        customer, account = page.gateway_customer, page.gateway_account
    saved = await engine.gateway.save_method(
        account_ref=account, customer_id=customer, token=body.token
    )
    if isinstance(saved, MethodRefused):
        raise _refused()
    if not isinstance(saved, SavedMethod):
        raise Problem(503, "gateway_unavailable", "The payment service gives no answer at present.")
    moment = engine.clock.moment()
    if page is not None:
        recorded = await record_page_card(
            engine.ctx, page=page, saved=saved, owner_is_back=True, moment=moment
        )
    else:
        recorded = await record_card(
            engine.ctx,
            tenant_id=buyer.tenant_id,
            account_id=buyer.account_id,
            gateway_account=seller.merchant_ref,
            saved=saved,
            role=body.role or "primary",
            moment=moment,
        )
    if recorded is None:
        raise _refused()
    if isinstance(recorded, CardRemoved):
        raise _used_up()
    engine.run(recorded.effects)
    return {
        "id": ids.show("pmt", recorded.method_id),
        "brand": saved.brand,
        "last4": saved.last4,
        "exp_month": saved.exp_month,
        "exp_year": saved.exp_year,
    }


@router.get(
    "/v1/accounts/{account_id}/payment-methods",
    responses=documented(),
    tags=["payment methods"],
    summary="The cards on file",
)
async def list_cards(buyer: BuyerDep, engine: EngineDep) -> dict[str, list[dict[str, Any]]]:
    """The primary, and the backup if there is one."""
    names = ("role", "brand", "last4", "exp_month", "exp_year")
    return {
        "data": [
            {"id": ids.show("pmt", card["method_id"]), **{name: card[name] for name in names}}
            for card in await cards.list_cards(engine.ctx.db, buyer.tenant_id, buyer.account_id)
        ]
    }


@router.post(
    "/v1/accounts/{account_id}/payment-methods/{method_id}/promote",
    status_code=204,
    responses=documented(403),
    tags=["payment methods"],
    summary="Make the backup card the primary",
)
async def promote(buyer: BuyerDep, method_id: str, engine: EngineDep) -> None:
    """The primary so far becomes the backup. What still waits is served."""
    answer = await promote_card(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        method_id=ids.parse("pmt", method_id),
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    engine.run(answer)


@router.delete(
    "/v1/accounts/{account_id}/payment-methods/{method_id}",
    status_code=204,
    responses=documented(403),
    tags=["payment methods"],
    summary="Remove the card",
)
async def delete_card(buyer: BuyerDep, method_id: str, engine: EngineDep) -> None:
    """What is only held on it is given back, and nothing is charged on it any more."""
    answer = await remove_card(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        method_id=ids.parse("pmt", method_id),
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    engine.run(answer)


def shown(preview: Preview) -> dict[str, Any]:
    """A preview as every route answers it."""
    return {
        "possible": preview.possible,
        "charge_minor": preview.charge_minor,
        "currency": preview.currency,
        "reason": preview.reason,
        "explanation": preview.explanation,
    }


@router.post(
    "/v1/accounts/{account_id}/previews/spend",
    responses=documented(403),
    tags=["previews"],
    summary="What a spend would cause",
)
async def spend_preview(buyer: BuyerDep, body: PreviewSpend, engine: EngineDep) -> dict[str, Any]:
    """The same planner, changing nothing."""
    return shown(
        await preview_spend(
            engine.ctx,
            tenant_id=buyer.tenant_id,
            account_id=buyer.account_id,
            credits=body.credits,
            moment=engine.clock.moment(),
        )
    )


@router.post(
    "/v1/accounts/{account_id}/previews/sale",
    responses=documented(403),
    tags=["previews"],
    summary="What selling to a client would charge this account",
)
async def sale_preview(buyer: BuyerDep, body: PreviewSale, engine: EngineDep) -> dict[str, Any]:
    """If a client buys so much, this account's card would be charged `charge_minor`."""
    return shown(
        await preview_sale(
            engine.ctx,
            tenant_id=buyer.tenant_id,
            account_id=buyer.account_id,
            credits=body.credits,
            chatbots=body.chatbots,
            moment=engine.clock.moment(),
        )
    )


@router.post(
    "/v1/accounts/{account_id}/previews/purchase",
    responses=documented(403, 409),
    tags=["previews"],
    summary="What a purchase would cost",
)
async def purchase_preview(
    buyer: BuyerDep, body: PreviewPurchase, engine: EngineDep
) -> dict[str, Any]:
    """Its price now, prorated where it is, and whether it could be delivered."""
    answer = await preview_purchase(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        package_id=ids.parse_body("pkg", body.package_id, "package_id"),
        quantity=body.quantity,
        moment=engine.clock.moment(),
    )
    if not isinstance(answer, Preview):
        raise of_answer(answer)
    return shown(answer)
