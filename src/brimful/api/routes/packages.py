"""The catalogue: packages, offers, rates."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from brimful.api import ids, present
from brimful.api.auth import BuyerDep, EngineDep, SellerDep, Target, seller_of_buyer
from brimful.api.present import PackageBody
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import PublishPackage, SetRate
from brimful.billing import catalogues
from brimful.billing.catalogues import Terms
from brimful.billing.offers import read_offer
from brimful.usecases.answers import Missing
from brimful.usecases.publish_package import Published, publish_package, set_rate
from brimful.usecases.withdraw_package import withdraw_package
from brimful.wiring import Engine

router = APIRouter(tags=["catalogue"])

Model = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]


def _terms(body: PublishPackage, target: Target) -> Terms:
    if body.currency not in (None, target.currency):
        raise Problem(
            422,
            "wrong_currency",
            f"This account sells in {target.currency}; a seller has one currency.",
        )
    seats_minor = body.chatbots_price_minor
    if seats_minor is None:
        all_seats = body.kind == "extra_chatbots" or not body.credits
        seats_minor = body.price_minor if all_seats else 0
    if seats_minor > body.price_minor:
        raise Problem(422, "invalid_request", "chatbots_price_minor: more than the whole price.")
    return Terms(
        name=body.name,
        price_minor=body.price_minor,
        credits=body.credits,
        chatbots=body.chatbots,
        billing_interval=body.interval,
        expires_after_days=body.expires_after_days,
        full_price_first=body.full_price_first,
        rolls_over=body.rolls_over,
        credits_price_minor=body.price_minor - seats_minor,
        chatbots_price_minor=seats_minor,
    )


async def _publish(
    engine: Engine, target: Target, body: PublishPackage, package_id: UUID | None
) -> PackageBody:
    try:
        answer = await publish_package(
            engine.ctx,
            seller_ref=target.seller_ref,
            tenant_id=None if target.account is None else target.account.tenant_id,
            currency=target.currency,
            package_id=package_id,
            kind=body.kind,
            terms=_terms(body, target),
            moment=engine.clock.moment(),
        )
    except ValueError as wrong:
        raise Problem(422, "invalid_request", str(wrong)) from wrong
    if isinstance(answer, Missing):
        raise not_found()
    if not isinstance(answer, Published):
        raise of_answer(answer)
    engine.run(answer.effects)
    shop = await read_offer(
        engine.ctx.db, seller_ref=target.seller_ref, currency=target.currency, lock=False
    )
    return present.package(shop.packages[str(answer.package_id)])


@router.post(
    "/v1/accounts/{account_id}/packages",
    status_code=201,
    responses=documented(403, 409),
    summary="Offer a package",
)
async def publish(target: SellerDep, body: PublishPackage, engine: EngineDep) -> PackageBody:
    """At most 20 of a kind are on offer at a time."""
    return await _publish(engine, target, body, None)


@router.put(
    "/v1/accounts/{account_id}/packages/{package_id}",
    responses=documented(403, 409),
    summary="Offer a new version of a package",
)
async def change(
    target: SellerDep, package_id: str, body: PublishPackage, engine: EngineDep
) -> PackageBody:
    """What is sold from now on is sold at the new version; what was sold keeps its own."""
    return await _publish(engine, target, body, ids.parse("pkg", package_id))


@router.delete(
    "/v1/accounts/{account_id}/packages/{package_id}",
    status_code=204,
    responses=documented(403),
    summary="Withdraw a package",
)
async def withdraw(target: SellerDep, package_id: str, engine: EngineDep) -> None:
    """Nothing new is planned on it. Without any credit package left, the auto-billing of the
    seller's clients becomes inactive."""
    answer = await withdraw_package(
        engine.ctx,
        seller_ref=target.seller_ref,
        package_id=ids.parse("pkg", package_id),
        tenant_id=None if target.account is None else target.account.tenant_id,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    engine.run(answer)


@router.get(
    "/v1/accounts/{account_id}/packages",
    responses=documented(403),
    summary="List what an account sells",
)
async def list_packages(target: SellerDep, engine: EngineDep) -> dict[str, list[PackageBody]]:
    """In catalogue order."""
    shop = await read_offer(
        engine.ctx.db, seller_ref=target.seller_ref, currency=target.currency, lock=False
    )
    return {"data": [present.package(one) for one in shop.packages.values()]}


@router.get(
    "/v1/accounts/{account_id}/offers",
    responses=documented(),
    summary="List what an account can buy from its seller",
)
async def list_offers(buyer: BuyerDep, engine: EngineDep) -> dict[str, list[PackageBody]]:
    """In the seller's catalogue order."""
    seller = await seller_of_buyer(engine, buyer)
    shop = await read_offer(
        engine.ctx.db, seller_ref=seller.seller_ref, currency=seller.currency, lock=False
    )
    return {"data": [present.package(one) for one in shop.packages.values()]}


@router.put(
    "/v1/accounts/{account_id}/rates/{model}",
    responses=documented(403),
    summary="Set the credits per reply of a model",
)
async def put_rate(
    target: SellerDep, model: Model, body: SetRate, engine: EngineDep
) -> dict[str, Any]:
    """Holds for what the seller's buyers spend from now on."""
    await set_rate(
        engine.ctx,
        seller_ref=target.seller_ref,
        model=model,
        credits=body.credits,
        moment=engine.clock.moment(),
    )
    return {"model": model, "credits": body.credits}


@router.get(
    "/v1/accounts/{account_id}/rates",
    responses=documented(403),
    summary="List a seller's rates",
)
async def list_rates(target: SellerDep, engine: EngineDep) -> dict[str, dict[str, int]]:
    """Credits per reply by model."""
    return {"data": await catalogues.read_rates(engine.ctx.db, target.seller_ref)}
