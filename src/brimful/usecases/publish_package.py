"""The catalogue: packages in versions, at most twenty of a kind, and rates by model (R12, R25)."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import catalogues
from brimful.billing.catalogues import PackageKind, Terms
from brimful.billing.offers import read_offer
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.cover import Pack, fits
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.money import charge_limit_minor, charge_step_minor, format_money
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.release_holds import children_changed

PACKAGES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The package is on offer."""

    package_id: UUID
    effects: tuple[Effect, ...] = ()


def check_terms(kind: PackageKind, terms: Terms) -> None:
    """Raises ValueError, saying what to do, for terms that do not fit the kind of package."""
    if terms.rolls_over and (kind != "subscription" or not terms.credits):
        raise ValueError("only a subscription's monthly credits can roll over")
    if kind == "additional_credits":
        if terms.credits < 1 or terms.chatbots or terms.billing_interval:
            raise ValueError("additional_credits sells credits (at least 1), once: no interval")
    elif kind == "extra_chatbots":
        if terms.credits or terms.chatbots > 1 or terms.billing_interval is None:
            raise ValueError("extra_chatbots prices one chatbot per interval: give the interval")
    elif terms.billing_interval is None or terms.credits + terms.chatbots < 1:
        raise ValueError("a subscription has an interval and brings credits or chatbots")


def check_price(price_minor: int, currency: str) -> None:
    """Raises ValueError, saying what to do, for a price that no card can be charged (R26)."""
    most = charge_limit_minor(currency)
    if price_minor > most:
        raise ValueError(f"price_minor: one charge is at most {format_money(most, currency)}")
    step = charge_step_minor(currency)
    if price_minor % step:
        raise ValueError(
            f"price_minor: cards are charged in steps of {format_money(step, currency)}; "
            f"give a multiple of {step}"
        )


async def publish_package(
    ctx: Context,
    *,
    seller_ref: UUID,
    tenant_id: UUID | None,
    currency: str,
    package_id: UUID | None,
    kind: PackageKind,
    terms: Terms,
    moment: Moment,
) -> Published | Refuse | Missing:
    """Offer a package, or a new version of one that is on offer. ``tenant_id`` is the seller's, None for
    the platform.

    Sales are made at the version that is on offer when they are planned. With the first credit package
    of a seller its children's auto-billing resumes (R10). Raises ValueError for terms that do not fit, and
    for a price that no card can be charged.
    """
    check_terms(kind, terms)
    check_price(terms.price_minor, currency)

    async def body(tx: Transaction) -> Published | Refuse | Missing:
        of_tenant = tenant_id if kind == "additional_credits" and package_id is None else None
        if of_tenant is not None:
            await demands.lock_family(tx, of_tenant, seller_ref)
        await catalogues.lock(tx, seller_ref)
        version, active = 1, await catalogues.count_active(tx, seller_ref, kind)
        if package_id is not None:
            head = await catalogues.read_head(tx, seller_ref, package_id)
            if head is None or head["withdrawn_at"] is not None or head["kind"] != kind:
                return Missing(what="package")
            version = head["version"] + 1
        elif active >= PACKAGES_MAX:
            return Refuse(
                reason=Reason.too_many_packages,
                account_id=str(seller_ref),
                detail={"kind": kind, "max": PACKAGES_MAX},
            )
        package = package_id or new_id()
        if kind == "additional_credits" and not await _fits(tx, seller_ref, package, terms):
            return Refuse(reason=Reason.sizes_too_uneven, account_id=str(seller_ref), detail={})
        await _change(tx, seller_ref, kind, package_id, package, version, moment)
        await catalogues.open_version(
            tx, package_id=package, version=version, currency=currency, terms=terms, moment=moment
        )
        effects: tuple[Effect, ...] = ()
        if of_tenant is not None and not active:
            effects = await children_changed(tx, of_tenant, seller_ref, moment)
        return Published(package_id=package, effects=effects)

    return await ctx.db.run(body)


async def _change(
    tx: Transaction,
    seller_ref: UUID,
    kind: PackageKind,
    package_id: UUID | None,
    package: UUID,
    version: int,
    moment: Moment,
) -> None:
    """A new package at the end of the catalogue, or the next version of one in its place."""
    position = await catalogues.bump(tx, seller_ref)
    if package_id is not None:
        await catalogues.set_version(tx, package, version)
        return
    await catalogues.open_package(
        tx,
        package_id=package,
        seller_ref=seller_ref,
        kind=kind,
        position=position,
        moment=moment,
    )


async def _fits(tx: Transaction, seller_ref: UUID, package_id: UUID, terms: Terms) -> bool:
    """Whether covers of what would be on offer can be computed exactly and fast (R12)."""
    shop = await read_offer(tx, seller_ref=seller_ref, currency="", lock=False)
    others = [pack for pack in shop.offer.packs if pack.package_id != str(package_id)]
    this = Pack(package_id=str(package_id), credits=terms.credits, price_minor=terms.price_minor)
    return fits([*others, this])


async def set_rate(
    ctx: Context, *, seller_ref: UUID, model: str, credits: int, moment: Moment
) -> None:
    """Set how many credits a reply of a model costs the seller's buyers."""

    async def body(tx: Transaction) -> None:
        await catalogues.set_rate(tx, seller_ref, model, credits, moment)

    await ctx.db.run(body)
