"""Entries are kept by month, so that what is old is out of the way of what is new."""

from datetime import datetime
from functools import partial

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction

_sql = partial(load, "brimful.ledger")


async def open_entry_month(tx: Transaction, at: datetime) -> bool:
    """Open the partition of the month (UTC) that ``at`` is in; False when it is there already, or has
    entries in the default partition. Raises LockNotAvailableError when others have that for long."""
    return bool(await tx.fetchval(_sql("open_entry_month"), at))
