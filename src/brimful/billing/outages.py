"""Outages of gateway accounts as records: when they were noticed, and when they were over (R29)."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.outage import PAUSES, Outage, without_answer

_sql = partial(load, "brimful.billing")


async def read(tx: Transaction, tenant_id: UUID, gateway_account: str) -> Outage | None:
    """The last outage of a gateway account, None when there was none."""
    row = await tx.fetchrow(_sql("read_outage"), tenant_id, gateway_account)
    return None if row is None else Outage(**dict(row))


async def note(
    tx: Transaction, tenant_id: UUID, gateway_account: str, *, planned_at: datetime, at: datetime
) -> None:
    """A purchase planned at an instant got no answer at ``at``."""
    before = await read(tx, tenant_id, gateway_account)
    now = without_answer(before, planned_at, at)
    if now != before:
        await tx.execute(
            _sql("write_outage"),
            tenant_id,
            gateway_account,
            now.since_at,
            now.tries,
            now.noted_at,
            now.until_at,
        )


async def take_try(tx: Transaction, tenant_id: UUID, gateway_account: str, at: datetime) -> None:
    """A purchase is about to find out whether an outage is over: no other does meanwhile."""
    outage = await read(tx, tenant_id, gateway_account)
    if outage is not None and outage.ended_at is None and outage.tries > 1:
        pause = PAUSES[min(outage.tries, len(PAUSES)) - 1]
        await tx.execute(_sql("shut_outage"), tenant_id, gateway_account, at + pause)


async def end(
    tx: Transaction, tenant_id: UUID, gateway_accounts: Collection[str], at: datetime
) -> bool:
    """Gateway accounts answer; True when that ends an outage."""
    rows = await tx.fetch(_sql("end_outages"), tenant_id, list(gateway_accounts), at)
    return bool(rows)
