"""Rows and values as the API shows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from brimful.api.ids import show
from brimful.billing.accounts import Account, Platform
from brimful.billing.offers import Package
from brimful.ledger.balances import Stock


class AccountBody(BaseModel):
    """An account."""

    id: str
    parent_id: str | None
    name: str
    external_id: str | None
    sells: bool
    currency: str
    zone: str
    owner_name: str
    owner_email: str
    state: str
    moves_at: datetime | None = Field(description="from when on another sells to it")
    gateway_disconnected_at: datetime | None = Field(
        description="since when its account at the gateway is closed to us, so that its clients "
        "cannot be charged"
    )


class PackageBody(BaseModel):
    """A package on offer, at its present version."""

    id: str
    kind: str
    version: int
    name: str
    price_minor: int
    currency: str
    credits: int
    chatbots: int
    interval: str | None
    expires_after_days: int | None
    rolls_over: bool


class Page(BaseModel):
    """A page of a list; `next` is the `after` of the page that follows, null on the last."""

    data: list[dict[str, Any]]
    next: str | None


class StockBody(BaseModel):
    """Where an account's units are."""

    free: int
    reserved: int
    held: int
    used: int
    sold: int


class CreditsBody(StockBody):
    """Where an account's credits are."""

    overdrawn: int = Field(description="used beyond the pool, and owed to the next delivery")


class BalanceBody(BaseModel):
    """An account's pool."""

    credits: CreditsBody
    chatbots: StockBody


def balance(credits: Stock, chatbots: Stock) -> BalanceBody:
    """An account's pool, as it is shown."""
    return BalanceBody(
        credits=CreditsBody.model_validate(credits, from_attributes=True),
        chatbots=StockBody.model_validate(chatbots, from_attributes=True),
    )


class SpendBody(BaseModel):
    """A spend that is done (`status` "done"), or pending: send it again with its key."""

    id: str
    status: str = Field(examples=["done"])
    credits: int
    balance: int | None = Field(description="what is free after it, below zero when overdrawn")
    code: str | None = None


class HoldBody(BaseModel):
    """A hold of credits. `status`: held, captured, released or expired; before it is held waiting, or
    pending: place it again with its key; or refused, or abandoned."""

    id: str
    status: str = Field(examples=["held"])
    leased: bool = Field(
        description="a credit lease: its rest is charged at its end, if anybody was told of it"
    )
    credits: int
    held: int = Field(description="of them, still set aside")
    captured: int = Field(description="charged in all")
    balance: int | None = Field(description="what was free after it was held, or after it ended")
    ends_at: datetime | None = Field(description="on the real clock")
    placed_at: datetime
    ended_at: datetime | None
    reason: str | None


class LeaseBody(HoldBody):
    """A credit lease; see a hold."""

    lasts_ms: int = Field(
        description="for so long from this answer on it may be spent; 0: no longer"
    )


class HoldPage(BaseModel):
    """A page of holds; `next` is the `after` of the page that follows, null on the last."""

    data: list[HoldBody]
    next: str | None


class BatchAnswer(BaseModel):
    """What became of one spend of a batch; `problem` is the one that it would have been answered with
    alone."""

    status: Literal["done", "pending", "refused"]
    id: str | None = None
    credits: int | None = None
    balance: int | None = None
    code: str | None = None
    problem: dict[str, Any] | None = None


class SpendBatchBody(BaseModel):
    """An answer for each spend, in their order."""

    data: list[BatchAnswer]


class PurchaseLineBody(BaseModel):
    """One line of a purchase; `package_id` is null for a collected outstanding amount."""

    kind: str
    package_id: str | None
    name: str | None
    quantity: int
    credits: int
    chatbots: int
    amount_minor: int


class PurchaseBody(BaseModel):
    """A purchase; `status` is delivered, failed or pending."""

    id: str
    status: str
    reason: str | None
    origin: str = Field(description="by_hand, auto_billing or renewal")
    amount_minor: int
    currency: str
    credits: int
    chatbots: int
    planned_at: datetime
    lines: list[PurchaseLineBody]


class PurchasePage(BaseModel):
    """A page of purchases; `next` is the `after` of the page that follows, null on the last."""

    data: list[PurchaseBody]
    next: str | None


def account(found: Account, platform: Platform, supplies: bool) -> AccountBody:
    """``supplies``: its parent is the platform's place, shown as the platform."""
    parent = platform.platform_id if supplies else found.parent_id
    return AccountBody(
        id=show("acc", found.account_id),
        parent_id=None if parent is None else show("acc", parent),
        name=found.name,
        external_id=found.external_id,
        sells=found.sells,
        currency=found.currency,
        zone=found.zone,
        owner_name=found.owner_name,
        owner_email=found.owner_email,
        state=found.state,
        moves_at=found.moves_at,
        gateway_disconnected_at=found.disconnected_at,
    )


def package(found: Package) -> PackageBody:
    """A package on offer."""
    return PackageBody(
        id=show("pkg", found.package_id),
        kind=found.kind,
        version=found.version,
        name=found.name,
        price_minor=found.price_minor,
        currency=found.currency,
        credits=found.credits,
        chatbots=found.chatbots,
        interval=found.billing_interval,
        expires_after_days=found.expires_after_days,
        rolls_over=found.rolls_over,
    )


def hold(row: Mapping[str, Any]) -> HoldBody:
    """A hold of credits, or a credit lease."""
    shown = {name: value for name, value in row.items() if name != "hold_id"}
    return HoldBody(id=show("hld", row["hold_id"]), **shown)


def lease(shown: HoldBody, real_at: datetime) -> LeaseBody:
    """A credit lease as it is at ``real_at``, the clock by which it ends."""
    left = timedelta(0)
    if shown.status == "held" and shown.ends_at is not None:
        left = shown.ends_at - real_at
    return LeaseBody(**shown.model_dump(), lasts_ms=max(0, left // timedelta(milliseconds=1)))


# The prefix of each id that an answer may name; other UUIDs of a row are not shown.
_PREFIXES = {
    "purchase_id": "pur",
    "package_id": "pkg",
    "next_package_id": "pkg",
    "charge_id": "chg",
    "account_id": "acc",
}


def page(rows: Sequence[Mapping[str, Any]], prefix: str, id_name: str, limit: int) -> Page:
    """A page of rows, each with its own id first, under a prefix, and the ids it refers to. ``rows``
    has one more than ``limit`` when there is a page after it."""
    data = [_row(row, prefix, id_name) for row in rows[:limit]]
    return Page(data=data, next=data[-1]["id"] if len(rows) > limit else None)


def _row(row: Mapping[str, Any], prefix: str, id_name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": show(prefix, row[id_name])}
    for name, value in row.items():
        if not isinstance(value, UUID):
            shown[name] = value
        elif name in _PREFIXES and name != id_name:
            shown[name] = show(_PREFIXES[name], value)
    return shown


# What an entry's operation is, by the entry's kind; a reservation's may be of any.
_OPERATIONS = {
    "spend": "spd",
    "purchase": "pur",
    "allotment": "alt",
    "chatbot": "bot",
    "release": "bot",
    "lapse": "lot",
    "pause": "bot",
    "resume": "bot",
    "freeze": "pur",
    "unfreeze": "pur",
    "restore": "pur",
    "hold": "hld",
    "capture": "hld",
    "report": "hld",
    "unhold": "hld",
}


def entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the statement, with the operation that moved the units."""
    shown = {name: value for name, value in row.items() if not isinstance(value, UUID)}
    prefix = _OPERATIONS.get(row["kind"])
    shown["operation_id"] = None if prefix is None else show(prefix, row["operation_id"])
    return shown


def purchase_status(state: str) -> str:
    """What a caller has to know of a purchase's state: while it is being cancelled, its charge may
    turn out to have been taken, so it is pending like any other that goes on."""
    return state if state in ("delivered", "failed") else "pending"


def purchase(found: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> PurchaseBody:
    """A purchase with its lines; how its seller furnished it is not its buyer's to see (R18)."""
    return PurchaseBody(
        id=show("pur", found["purchase_id"]),
        status=purchase_status(found["state"]),
        reason=found["reason"],
        origin=found["origin"],
        amount_minor=found["amount_minor"],
        currency=found["currency"],
        credits=found["credits"],
        chatbots=found["chatbots"],
        planned_at=found["planned_at"],
        lines=[
            PurchaseLineBody(
                kind=line["kind"],
                package_id=None if line["package_id"] is None else show("pkg", line["package_id"]),
                name=line["name"],
                quantity=line["quantity"],
                credits=line["credits"],
                chatbots=line["chatbots"],
                amount_minor=line["amount_minor"],
            )
            for line in lines
        ],
    )
