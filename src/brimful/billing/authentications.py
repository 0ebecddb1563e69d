"""One-time links by which an owner confirms a charge that the bank wants to see confirmed (R29).

What opens the link is kept as a hash, and in the notice that brings it to the owner. It names its
tenant, so that it is found without looking elsewhere.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")

# A link can be opened for so long.
LASTS = timedelta(days=7)
_PREFIX = "bra_"
_SECRET_BYTES = 32
_TOKENS = re.compile(_PREFIX + "[0-9A-Za-z_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as it is given out, once, and until when it can be opened."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """What is to be confirmed: the purchase that failed for it, and the one made instead, if any."""

    authentication_id: UUID
    account_id: UUID
    failed_id: UUID
    expires_at: datetime
    purchase_id: UUID | None
    action_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """An owner who comes back from the bank: the purchase, where its bank asks, and the address that
    whoever opened the link wants them led on to, if any."""

    tenant_id: UUID
    purchase_id: UUID
    action_url: str | None
    return_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A line of the purchase that failed: what was to be bought, and the subscription that it was to
    begin, or to change where that one ``has_begun``."""

    package_id: UUID
    quantity: int
    subscription_id: UUID | None
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Since:
    """Whether any of what a failed auto-billing was to buy was ``bought`` since, by itself or by hand, or
    is being bought (``under_way``). Of no other purchase either is said."""

    bought: bool
    under_way: bool


def tenant_of(token: str) -> UUID | None:
    """The tenant that a link's token names; None for a text that is no token."""
    head = token[len(_PREFIX) : len(_PREFIX) + 32]
    if not (token.isascii() and token.startswith(_PREFIX) and len(token) <= 200):
        return None
    try:
        return UUID(hex=head)
    except ValueError:
        return None


def without_tokens(text: str) -> str:
    """A text in which no link opens anything, for whoever may read and not command: to open one begins
    a charge."""
    return _TOKENS.sub(f"{_PREFIX}…", text)


def _make(tenant_id: UUID) -> str:
    return f"{_PREFIX}{tenant_id.hex}{secrets.token_urlsafe(_SECRET_BYTES)}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def issue(
    tx: Transaction, *, tenant_id: UUID, account_id: UUID, failed_id: UUID, moment: Moment
) -> Link:
    """A link for a purchase whose bank wants the owner present; shown this once."""
    link = Link(token=_make(tenant_id), expires_at=moment.at + LASTS)
    await tx.execute(
        _sql("open_authentication"),
        tenant_id,
        new_id(),
        account_id,
        failed_id,
        _hash(link.token),
        moment.at,
        link.expires_at,
    )
    return link


async def issue_again(
    tx: Transaction, tenant_id: UUID, authentication_id: UUID, moment: Moment
) -> Link:
    """Another link in the place of the one given out before, which opens nothing any more."""
    link = Link(token=_make(tenant_id), expires_at=moment.at + LASTS)
    await tx.execute(
        _sql("set_authentication_token"),
        tenant_id,
        authentication_id,
        _hash(link.token),
        link.expires_at,
    )
    return link


async def read_by_token(
    db: Transaction | Database, tenant_id: UUID, token: str
) -> Authentication | None:
    """What a token stands for, None for nothing."""
    row = await db.fetchrow(_sql("read_authentication"), tenant_id, _hash(token))
    return None if row is None else Authentication(**dict(row))


async def read_last(tx: Transaction, tenant_id: UUID, account_id: UUID) -> Authentication | None:
    """The last of an account that is not completed, None when there is none."""
    row = await tx.fetchrow(_sql("read_last_authentication"), tenant_id, account_id)
    return None if row is None else Authentication(**dict(row))


async def read_return(db: Database, tenant_id: UUID, purchase_id: UUID) -> Return | None:
    """Who comes back from the bank by a purchase; None when no link led to it."""
    row = await db.fetchrow(_sql("read_return"), tenant_id, purchase_id)
    return None if row is None else Return(**dict(row))


async def note_purchase(
    tx: Transaction, tenant_id: UUID, authentication_id: UUID, purchase_id: UUID
) -> None:
    """The owner is there: this purchase is made instead."""
    await tx.execute(_sql("set_authentication_purchase"), tenant_id, authentication_id, purchase_id)


async def note_return(
    tx: Transaction, tenant_id: UUID, authentication_id: UUID, return_url: str
) -> None:
    """Where the owner is led on to after the bank."""
    await tx.execute(_sql("set_authentication_return"), tenant_id, authentication_id, return_url)


async def note_action(
    tx: Transaction, tenant_id: UUID, purchase_id: UUID, action_url: str | None, until: datetime
) -> None:
    """A purchase waits for its owner at the bank, until an instant of real time."""
    await tx.execute(_sql("await_owner"), tenant_id, purchase_id, action_url, until)


async def read_since(tx: Transaction, tenant_id: UUID, failed_id: UUID) -> Since:
    """What became since of the shortage that a purchase was for, whose buyer's pool is locked."""
    row = await tx.fetchrow(_sql("read_since_failed"), tenant_id, failed_id)
    assert row is not None
    return Since(row["bought"], row["under_way"])


async def read_wanted(tx: Transaction, tenant_id: UUID, failed_id: UUID) -> list[Wanted]:
    """What a purchase that failed was to buy, line by line; what it was to collect is left out."""
    rows = await tx.fetch(_sql("read_wanted"), tenant_id, failed_id)
    return [Wanted(**dict(row)) for row in rows]
