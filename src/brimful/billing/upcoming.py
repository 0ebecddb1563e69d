"""What is to come that an owner should know of: renewals that are short or unpayable, cards that
expire (R42)."""

from datetime import datetime
from functools import partial
from typing import Any

from brimful.db.sqlfile import load
from brimful.db.transaction import Database

_sql = partial(load, "brimful.billing")


async def find_short_sellers(db: Database, at: datetime, until: datetime) -> list[dict[str, Any]]:
    """Sellers whose pool at ``at`` does not cover what its buyers are due before ``until``, with the
    credits needed and how many clients need them."""
    return [dict(row) for row in await db.fetch(_sql("find_short_sellers"), at, until)]


async def find_unpayable_renewals(
    db: Database, at: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Buyers with a renewal to pay for after ``at`` and before ``until``, who have no card for it."""
    return [dict(row) for row in await db.fetch(_sql("find_unpayable_renewals"), at, until)]


async def find_expiring_cards(db: Database, year: int, month: int) -> list[dict[str, Any]]:
    """Cards on file that are valid to the end of that month or less, where something is charged."""
    return [dict(row) for row in await db.fetch(_sql("find_expiring_cards"), year, month)]
