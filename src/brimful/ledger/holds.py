"""Holds of credits: set aside before the work is done, then captured or released (R39)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.holding import Change, CreditHold
from brimful.domain.moment import Moment
from brimful.ledger.spends import NewHold, Tried

_sql = partial(load, "brimful.ledger")


async def place_hold(db: Transaction | Database, new: NewHold, moment: Moment) -> Tried:
    """Set aside what ``new`` asks for, once for its key, if it is free ("done"); short of it nothing
    is changed. It stands for ``new.hold_s`` seconds of real time."""
    row = await db.fetchrow(
        _sql("place_hold"),
        new.tenant_id,
        new.account_id,
        new.key,
        new.body_hash,
        new.spend_id,
        new.credits,
        new.held_as,
        new.hold_s,
        moment.at,
        moment.real_at,
    )
    assert row is not None
    return Tried(row["outcome"], row["spend_id"], row["credits"], row["balance_after"])


@dataclass(frozen=True, slots=True)
class Locked:
    """A hold that is locked until the transaction ends, with what more could be charged beside it:
    credits that are free, and those that may still be overdrawn (R33)."""

    hold: CreditHold
    beside: int


async def lock_hold(
    tx: Transaction, tenant_id: UUID, account_id: UUID, hold_id: UUID, moment: Moment
) -> Locked | None:
    """A hold of an account, whose pool is locked and settled with it; None when there is none such."""
    row = await tx.fetchrow(_sql("lock_hold"), tenant_id, account_id, hold_id, moment.at)
    if row is None:
        return None
    kept = {name: value for name, value in row.items() if name != "beside"}
    ids = {name: str(kept[name]) for name in ("hold_id", "account_id")}
    return Locked(CreditHold(**{**kept, **ids}), row["beside"])


async def lock_untold(tx: Transaction, tenant_id: UUID, account_id: UUID, hold_id: UUID) -> bool:
    """Lock a credit lease that stands and of which nobody was told yet; False for any other hold."""
    row = await tx.fetchrow(_sql("lock_untold"), tenant_id, account_id, hold_id)
    return row is not None


async def tell_lease(tx: Transaction, tenant_id: UUID, hold_id: UUID, real_at: datetime) -> None:
    """Whoever took a locked lease is told of it at ``real_at``: its time runs from then."""
    await tx.execute(_sql("tell_lease"), tenant_id, hold_id, real_at)


async def charge_hold(
    tx: Transaction, tenant_id: UUID, hold: CreditHold, change: Change, moment: Moment
) -> int:
    """Make a change of a locked hold; answers what is free after it, below zero when overdrawn."""
    return int(
        await tx.fetchval(
            _sql("charge_hold"),
            tenant_id,
            UUID(hold.hold_id),
            change.captured,
            change.state,
            change.ends_real_at,
            moment.at,
        )
    )


async def read_hold(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID, hold_id: UUID
) -> dict[str, Any] | None:
    """A hold of an account as it is shown, one that waits or was refused included; None for none."""
    row = await db.fetchrow(_sql("read_hold"), tenant_id, account_id, hold_id)
    return None if row is None else dict(row)


async def find_over(db: Database, real_at: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """The tenants, accounts and ids of up to ``limit`` holds whose time is over at ``real_at``: of
    each tenant and account in turn, the first to end first."""
    rows = await db.fetch(_sql("find_holds_over"), real_at, limit)
    return [(row["tenant_id"], row["account_id"], row["hold_id"]) for row in rows]


async def find_over_of(
    db: Database, tenant_id: UUID, account_id: UUID, real_at: datetime, limit: int
) -> list[UUID]:
    """The ids of up to ``limit`` of one account's holds whose time is over at ``real_at``, those that
    hold the most first."""
    rows = await db.fetch(_sql("find_holds_over_of"), tenant_id, account_id, real_at, limit)
    return [row["hold_id"] for row in rows]


async def has_standing(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether an account has a hold that stands."""
    return bool(await tx.fetchval(_sql("has_standing_hold"), tenant_id, account_id))
