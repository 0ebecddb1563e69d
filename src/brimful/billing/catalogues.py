"""A seller's catalogue as records: packages in versions, and its rates by model."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")

PackageKind = Literal["subscription", "extra_chatbots", "additional_credits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of a package. Prices in minor units, split into what its credits and what its
    chatbots cost (R25)."""

    name: str
    price_minor: int
    credits: int = 0
    chatbots: int = 0
    billing_interval: Literal["month", "quarter", "year"] | None = None
    expires_after_days: int | None = None
    full_price_first: bool = False
    rolls_over: bool = False
    credits_price_minor: int
    chatbots_price_minor: int


async def lock(tx: Transaction, seller_ref: UUID) -> None:
    """Lock a catalogue for a change, until the transaction ends."""
    await tx.fetchval(_sql("lock_catalogue_to_change"), seller_ref)


async def bump(tx: Transaction, seller_ref: UUID) -> int:
    """Give a locked catalogue, which is being changed, its next version."""
    return int(await tx.fetchval(_sql("bump_catalogue"), seller_ref))


async def count_active(tx: Transaction, seller_ref: UUID, kind: PackageKind) -> int:
    """How many packages of a kind are on offer."""
    return int(await tx.fetchval(_sql("count_packages"), seller_ref, kind))


async def read_head(tx: Transaction, seller_ref: UUID, package_id: UUID) -> Any:
    """Kind, version and withdrawal of a package of this seller, or None."""
    return await tx.fetchrow(_sql("read_package_head"), seller_ref, package_id)


async def open_package(
    tx: Transaction,
    *,
    package_id: UUID,
    seller_ref: UUID,
    kind: PackageKind,
    position: int,
    moment: Moment,
) -> None:
    """Write a package, at version 1, at the end of the catalogue's order."""
    await tx.execute(_sql("open_package"), package_id, seller_ref, kind, position, moment.at)


async def set_version(tx: Transaction, package_id: UUID, version: int) -> None:
    """Make a version the one on offer."""
    await tx.execute(_sql("set_package_version"), package_id, version)


async def open_version(
    tx: Transaction,
    *,
    package_id: UUID,
    version: int,
    currency: str,
    terms: Terms,
    moment: Moment,
) -> None:
    """Write a version; versions never change."""
    await tx.execute(
        _sql("open_package_version"),
        package_id,
        version,
        terms.name,
        currency,
        terms.price_minor,
        terms.credits,
        terms.chatbots,
        terms.billing_interval,
        terms.expires_after_days,
        terms.full_price_first,
        terms.credits_price_minor,
        terms.chatbots_price_minor,
        terms.rolls_over,
        moment.at,
    )


async def withdraw(tx: Transaction, package_id: UUID, moment: Moment) -> None:
    """Take a package off the catalogue."""
    await tx.execute(_sql("withdraw_package"), package_id, moment.at)


async def set_rate(
    tx: Transaction, seller_ref: UUID, model: str, credits: int, moment: Moment
) -> None:
    """Credits per reply of a model."""
    await tx.execute(_sql("set_rate"), seller_ref, model, credits, moment.at)


async def read_rates(db: Transaction | Database, seller_ref: UUID) -> dict[str, int]:
    """All rates of a seller."""
    rows = await db.fetch(_sql("read_rates"), seller_ref)
    return {row["model"]: row["credits"] for row in rows}


async def read_rates_of(
    db: Transaction | Database, seller_refs: Collection[UUID], models: Collection[str]
) -> dict[UUID, dict[str, int]]:
    """The rates of some sellers for some models, of each seller by itself."""
    rates: dict[UUID, dict[str, int]] = {one: {} for one in seller_refs}
    for row in await db.fetch(_sql("read_rates_of"), list(seller_refs), list(models)):
        rates[row["seller_ref"]][row["model"]] = row["credits"]
    return rates
