"""What a seller offers, as the planner sees it, with the terms that a sale will be made on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.cover import Pack
from brimful.domain.money import charge_step_minor
from brimful.domain.planning import Offer
from brimful.domain.seats import SeatOffer

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Package:
    """The current version of a package; money in minor units of ``currency``."""

    package_id: UUID
    kind: Literal["subscription", "extra_chatbots", "additional_credits"]
    version: int
    name: str
    currency: str
    price_minor: int
    credits: int
    chatbots: int
    billing_interval: Literal["month", "quarter", "year"] | None
    expires_after_days: int | None
    full_price_first: bool
    credits_price_minor: int
    chatbots_price_minor: int
    rolls_over: bool

    def as_seat(self) -> SeatOffer:
        """A package of extra chatbots as the planner prices it."""
        return SeatOffer(
            package_id=str(self.package_id),
            price_minor=self.price_minor,
            interval=self.billing_interval or "month",
            full_price_first=self.full_price_first,
            step_minor=charge_step_minor(self.currency),
        )


_COLUMNS = tuple(field.name for field in fields(Package))


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOffer:
    """All active packages of a seller and, of these, what auto-billing may buy."""

    packages: Mapping[str, Package]
    offer: Offer


async def read_version(tx: Transaction | Database, package_id: UUID, version: int) -> Package:
    """A package at a version that somebody bought, or chose, whether it is on offer or not."""
    row = await tx.fetchrow(_sql("read_package_version"), package_id, version)
    assert row is not None, "packages and their versions are never deleted"
    return Package(**dict(row))


async def read_offer(
    tx: Transaction | Database, *, seller_ref: UUID, currency: str, lock: bool
) -> SellerOffer:
    """Read a seller's catalogue. With ``lock`` no package of it is withdrawn or changed before the
    transaction ends, so that what is planned is what is offered."""
    return offer_of(await tx.fetch(_sql("read_offer"), seller_ref, lock), currency)


def offer_of(rows: Sequence[Any], currency: str) -> SellerOffer:
    """A catalogue from its rows, in their order, as ``read_offer_v1`` has them."""
    packages = [Package(**{name: row[name] for name in _COLUMNS}) for row in rows]
    return SellerOffer(
        packages={str(p.package_id): p for p in packages},
        offer=Offer(
            currency=currency,
            packs=tuple(
                Pack(
                    package_id=str(p.package_id),
                    credits=p.credits,
                    price_minor=p.price_minor,
                )
                for p in packages
                if p.kind == "additional_credits"
            ),
            seats=tuple(p.as_seat() for p in packages if p.kind == "extra_chatbots"),
            # Where nothing is on offer nothing is bought at any version.
            version=str(rows[0]["catalogue_version"] if rows else 0),
        ),
    )
