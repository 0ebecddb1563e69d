"""Accounts as records: the platform, its place in each tenant, the tree below."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Account:
    """A node of the tree. ``ancestors`` run from the supply down to the account itself."""

    tenant_id: UUID
    account_id: UUID
    parent_id: UUID | None
    supply: bool
    seller_ref: UUID
    ancestors: list[UUID]
    sells: bool
    name: str
    external_id: str | None
    currency: str
    zone: str
    owner_name: str
    owner_email: str
    merchant_ref: str
    state: str
    created_at: datetime
    closed_at: datetime | None = None
    moves_to: UUID | None = None
    moves_at: datetime | None = None
    moves_by: str | None = None
    # Since when its gateway account is closed to us, so that its clients cannot be charged (R10).
    disconnected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """The root of every tree."""

    platform_id: UUID
    name: str
    currency: str
    owner_email: str
    zone: str


async def read_platform(db: Transaction | Database) -> Platform | None:
    """The platform, once it is opened."""
    row = await db.fetchrow(_sql("read_platform"))
    return None if row is None else Platform(**dict(row))


async def open_platform(tx: Transaction, platform: Platform, moment: Moment) -> None:
    """Write the platform and its empty catalogue."""
    await tx.execute(
        _sql("open_platform"),
        platform.platform_id,
        platform.name,
        platform.currency,
        platform.owner_email,
        platform.zone,
        moment.at,
    )
    await open_catalogue(tx, platform.platform_id)


async def open_catalogue(tx: Transaction, seller_ref: UUID) -> None:
    """The empty catalogue of a seller."""
    await tx.execute(_sql("open_catalogue"), seller_ref)


async def open_account(tx: Transaction, account: Account) -> None:
    """Write an account, its pool, and the way to its tenant."""
    await tx.execute(
        _sql("open_account"),
        account.tenant_id,
        account.account_id,
        account.parent_id,
        account.supply,
        account.seller_ref,
        account.ancestors,
        account.sells,
        account.name,
        account.external_id,
        account.currency,
        account.zone,
        account.owner_name,
        account.owner_email,
        account.merchant_ref,
        account.created_at,
    )
    await tx.execute(_sql("open_pool"), account.tenant_id, account.account_id)
    agency_external_id = account.external_id if account.account_id == account.tenant_id else None
    await tx.execute(_sql("open_route"), account.account_id, account.tenant_id, agency_external_id)


async def find_account(db: Transaction | Database, account_id: UUID) -> Account | None:
    """An account by its id alone."""
    return (await find_accounts(db, [account_id])).get(account_id)


async def find_accounts(
    db: Transaction | Database, account_ids: Collection[UUID]
) -> dict[UUID, Account]:
    """Accounts by their ids alone; what is not there is not in it."""
    rows = await db.fetch(_sql("find_accounts"), list(account_ids))
    return {row["account_id"]: Account(**dict(row)) for row in rows}


async def share_account(
    tx: Transaction, tenant_id: UUID, account_id: UUID, scope_id: UUID | None
) -> str | None:
    """The state of an account, which neither closes nor moves until the transaction ends; None when it
    is not within the scope of an account (None: anywhere)."""
    state: str | None = await tx.fetchval(_sql("share_account"), tenant_id, account_id, scope_id)
    return state


async def read_account(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> Account | None:
    """An account of a known tenant."""
    row = await db.fetchrow(_sql("read_account"), tenant_id, account_id)
    return None if row is None else Account(**dict(row))


async def connect_seller(
    tx: Transaction, tenant_id: UUID, account_id: UUID, merchant_ref: str
) -> None:
    """Name the gateway account on which a seller charges its clients, in the place of the one made up
    for it; one that it has already stays."""
    await tx.execute(
        _sql("connect_seller"), tenant_id, account_id, merchant_ref, unconnected_ref(account_id)
    )


def unconnected_ref(account_id: UUID) -> str:
    """What stands for a seller's gateway account until it has connected one."""
    return f"acct_{account_id.hex}"


async def close_account(tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment) -> bool:
    """Close an account, whose pool is locked, for all commands; False when it was closed before."""
    closed = await tx.fetchval(_sql("close_account"), tenant_id, account_id, moment.at)
    return closed is not None


async def count_unclosed_children(tx: Transaction, tenant_id: UUID, account_id: UUID) -> int:
    """The accounts below a seller that are open, or closed and not yet emptied."""
    return int(await tx.fetchval(_sql("count_unclosed_children"), tenant_id, account_id))


async def note_emptied(
    tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime | None
) -> None:
    """Note that a closed account is empty; None when something came back to it."""
    await tx.execute(_sql("note_emptied"), tenant_id, account_id, at)


async def find_to_empty(db: Database, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those closed that are yet to be emptied, and can be."""
    rows = await db.fetch(_sql("find_to_empty"), limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def read_children(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID, after: UUID | None, limit: int
) -> list[Account]:
    """The accounts that an account sells to, by id."""
    rows = await db.fetch(_sql("read_children"), tenant_id, account_id, after, limit)
    return [Account(**dict(row)) for row in rows]


async def read_agencies(
    db: Transaction | Database, after: UUID | None, limit: int
) -> list[Account]:
    """The accounts directly under the platform, by id."""
    rows = await db.fetch(_sql("read_agencies"), after, limit)
    return [Account(**dict(row)) for row in rows]
