"""What an account's own queries used, by hour, as forecasts need it (R33): from its entries, of which
the sums are kept so that none is read twice."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.buy_ahead import RECENT
from brimful.domain.forecast import HISTORY, HOUR, Usage
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")


async def read_usage(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID, *, since: datetime, at: datetime
) -> Usage:
    """What an account used up to ``at``. ``since`` is when it was opened. Writes nothing."""
    # The first hour counts as a whole, whenever in the running one it is asked.
    back = (HISTORY + HOUR, RECENT)
    rows = await db.fetch(_sql("read_usage"), tenant_id, account_id, at, *back)
    return Usage(
        since=since,
        hours={row["starts_at"]: row["credits"] for row in rows if row["grain"] == "hour"},
        minutes={row["starts_at"]: row["credits"] for row in rows if row["grain"] == "minute"},
        largest=max((row["largest"] for row in rows), default=0),
    )


async def carry_usage(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID, moment: Moment
) -> None:
    """Add what was used since the last time to an account's sums."""
    await db.execute(_sql("carry_usage"), tenant_id, account_id, moment.at)


async def find_uncarried(
    db: Database, after: tuple[UUID, UUID], limit: int
) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those whose entries are not all in their sums, in the order of ids."""
    rows = await db.fetch(_sql("find_uncarried"), *after, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def find_running_low(
    db: Database, at: datetime, after: tuple[UUID, UUID], limit: int
) -> list[tuple[UUID, UUID]]:
    """(tenant, account) of those whose credits may run out within days, in the order of ids."""
    rows = await db.fetch(_sql("find_running_low"), at, *after, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]
