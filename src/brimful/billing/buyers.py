"""The facts that a decision to buy needs, read from the tables into the domain's values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from brimful.billing.offers import SellerOffer, offer_of
from brimful.billing.receivables import Outstanding
from brimful.db.columns import columns
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.brake import DAYS, BrakeRule, Pace
from brimful.domain.caps import Limits, Spent
from brimful.domain.period import Period, caps_periods
from brimful.domain.planning import Buyer, SellerAbove, available
from brimful.domain.reason import Reason

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card on file that would be charged, and on whose gateway account."""

    gateway: str
    gateway_account: str
    gateway_customer: str
    gateway_method: str
    fingerprint: str
    label: str
    role: str = "primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """An account as it pays: to whom, in which currency, with which card, and what it owes; and
    whether its seller can charge at all."""

    tenant_id: UUID
    account_id: UUID
    seller_id: UUID
    seller_is_supply: bool
    currency: str
    card: Card | None
    outstanding: Outstanding
    # Since when its seller's gateway account is closed to us, so that no card can be charged (R10).
    disconnected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What an account has, in whole units: ``free``, of credits what has not ended (R36), and with what is
    reserved for those who wait."""

    free_credits: int
    free_chatbots: int
    credits: int
    chatbots: int


_POOL = tuple(field.name for field in fields(Pool))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerFacts(Payer):
    """An account as a buyer: who sells to it, and what that one has free; its card, what it has, and what
    the domain decides on; and whether an outage of its seller's gateway account is not over yet, be it that
    one may try (R29)."""

    name: str
    open: bool
    seller_ref: UUID
    seller_zone: str
    # Credits and chatbots, of credits what has not ended (R36); None for the supply, which furnishes all.
    seller_free: tuple[int, int] | None
    pool: Pool
    outage_open: bool
    buyer: Buyer


async def is_allowed_by_seller(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Read the sellers above an account and decide by R9 and R10 (``available``)."""
    return _is_allowed(await tx.fetch(_sql("read_availability"), tenant_id, account_id))


async def find_not_buying(
    db: Transaction | Database, accounts: Sequence[tuple[UUID, UUID]], at: datetime
) -> dict[UUID, bool]:
    """Those of some accounts (tenant, account) that do not buy by themselves because their owners have
    not switched it on, or closed them, and whether the sellers above would allow it (R9); without those
    for which a renewal due or under way at ``at`` may bring something (R35)."""
    rows = await db.fetch(_sql("find_not_buying"), *columns(accounts), at)
    return {row["account_id"]: _is_allowed(row["sellers_above"]) for row in rows}


def _is_allowed(above: Sequence[Any]) -> bool:
    """Each row tells of an account, nearest first, and what its seller offers; that seller's switch
    is in the next."""
    switches = [row["enabled"] for row in above[1:]] + [False]
    return available(
        tuple(
            SellerAbove(
                is_root=row["seller_is_supply"],
                enabled=enabled,
                offers_credits=row["seller_offers_credits"],
                connected=row["seller_connected"],
            )
            for row, enabled in zip(above, switches, strict=True)
        )
    )


async def read_buyer(
    tx: Transaction, *, tenant_id: UUID, account_id: UUID, at: datetime, by_hand: bool = False
) -> BuyerFacts:
    """Read all that decides whether and how an account buys by itself at business time ``at``.

    The card is the one to charge: the backup while the primary may not be tried, but for a purchase
    ``by_hand`` (R29). Caps are exact when the caller has locked the account's pool (R28).
    """
    return _facts(await _read(tx, tenant_id, account_id, at, None, by_hand=by_hand, lock=None))


async def read_buyer_and_offer(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    at: datetime,
    lock: bool,
    zone: str | None = None,
) -> tuple[BuyerFacts, SellerOffer]:
    """Read what ``read_buyer`` does with what its seller offers, with ``lock`` as by ``read_offer``: in one
    round trip where the account's ``zone`` is known."""
    row = await _read(tx, tenant_id, account_id, at, zone, by_hand=False, lock=lock)
    packages = [{**one, "package_id": UUID(one["package_id"])} for one in row["offer"] or ()]
    return _facts(row), offer_of(packages, row["currency"])


async def _read(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    at: datetime,
    zone: str | None,
    *,
    by_hand: bool,
    lock: bool | None,
) -> Any:
    """The one row, with what its seller offers unless ``lock`` is None, and locked if that is True."""
    if zone is None:
        zone = await tx.fetchval(_sql("read_zone"), tenant_id, account_id)
        assert zone is not None, "only an account that there is buys"
    hour, day, month = caps_periods(at, zone)
    since = hour, day, month, day - timedelta(days=DAYS)
    row = await tx.fetchrow(_sql("read_buyer"), tenant_id, account_id, at, by_hand, *since, lock)
    assert row is not None, "only an account with a seller buys"
    return row


def _facts(row: Any) -> BuyerFacts:
    outstanding = Outstanding(
        minor=row["minor"],
        by_hand_minor=row["by_hand_minor"],
        coming_minor=row["coming_minor"],
    )
    return BuyerFacts(
        tenant_id=row["tenant_id"],
        account_id=row["account_id"],
        name=row["name"],
        open=row["state"] == "open",
        seller_id=row["seller_id"],
        seller_ref=row["seller_ref"],
        seller_is_supply=row["seller_is_supply"],
        seller_zone=row["seller_zone"],
        seller_free=None
        if row["seller_is_supply"]
        else (row["seller_free_credits"], row["seller_free_chatbots"]),
        currency=row["currency"],
        card=_card(row),
        outstanding=outstanding,
        disconnected_at=row["disconnected_at"],
        pool=Pool(**{name: row[name] for name in _POOL}),
        outage_open=row["outage_open"],
        buyer=replace(
            _buyer(row, outstanding),
            braked=row["braked"] is not None,
            pace=Pace(
                charges_today=row["charges_today"],
                today_minor=row["today_minor"],
                week_minor=row["week_minor"],
                has_history=row["has_history"],
            ),
            brake=BrakeRule()
            if row["brake_charges"] is None
            else BrakeRule(charges=row["brake_charges"], factor=row["brake_factor"]),
        ),
    )


def _card(row: Any) -> Card | None:
    if row["method_id"] is None or not row["off_session"]:
        return None
    return Card(
        gateway=row["gateway"],
        gateway_account=row["gateway_account"],
        gateway_customer=row["gateway_customer"],
        gateway_method=row["gateway_method"],
        fingerprint=row["fingerprint"],
        label=f"{row['brand']} ending {row['last4']}",
        role=row["role"],
    )


def _buyer(row: Any, outstanding: Outstanding) -> Buyer:
    children: Mapping[str, Mapping[str, int]] = row["children"]
    allowed = row["allowed_packages"]
    period = None
    if row["period_ends_at"] is not None:
        period = Period(
            anchor_at=row["anchor_at"],
            starts_at=row["period_starts_at"],
            ends_at=row["period_ends_at"],
            interval=row["billing_interval"],
        )
    return Buyer(
        account_id=str(row["account_id"]),
        sells=row["sells"],
        enabled=bool(row["enabled"]) and row["state"] == "open",
        allowed_by_seller=_is_allowed(row["sellers_above"]),
        paused=Reason.auto_billing_paused if row["paused_reason"] is not None else None,
        retry_at=row["retry_at"],
        out_since=row["out_since"],
        card=row["fingerprint"] if row["off_session"] else None,
        limits=Limits(
            per_charge_minor=row["per_charge_minor"],
            per_hour_count=row["per_hour_count"],
            per_day_minor=row["per_day_minor"],
            per_month_minor=row["per_month_minor"],
        ),
        spent=Spent(
            hour_count=row["hour_count"],
            day_minor=row["day_minor"],
            month_minor=row["month_minor"],
            child_month_minor={child: one["spent"] for child, one in children.items()},
            outstanding_minor=outstanding.minor,
            outstanding_by_hand_minor=outstanding.by_hand_minor,
        ),
        child_limits={child: one["limit"] for child, one in children.items()},
        strategy=row["strategy"] or "best_cover",
        allowed_packages=None if allowed is None else frozenset(str(p) for p in allowed),
        period=period,
        buys_chatbots_for_itself=bool(row["buys_chatbots"]),
        zone=row["zone"],
    )
