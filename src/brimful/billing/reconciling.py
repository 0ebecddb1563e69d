"""Our charges at a gateway account, to compare with its own records (R24)."""

from datetime import datetime
from functools import partial

from brimful.db.sqlfile import load
from brimful.db.transaction import Database
from brimful.domain.reconciling import OurCharge

# The platform's own account at every gateway.
PLATFORM = "platform"

_sql = partial(load, "brimful.billing")


async def list_gateway_accounts(db: Database, gateway: str) -> list[str]:
    """The accounts at a gateway that anything was ever charged on, and the platform's own: a database
    that was restored to its beginning knows of no charge."""
    rows = await db.fetch(_sql("list_gateway_accounts"), gateway, PLATFORM)
    return [row["gateway_account"] for row in rows]


async def list_charges_at(
    db: Database, gateway: str, gateway_account: str, *, since: datetime, before: datetime
) -> list[OurCharge]:
    """The charges made at a gateway account from ``since`` on and earlier than ``before``, and those
    that are still under way, of all tenants."""
    rows = await db.fetch(_sql("list_charges_at"), gateway, gateway_account, since, before)
    return [OurCharge(**{**row, "disputes": tuple(row["disputes"])}) for row in rows]
