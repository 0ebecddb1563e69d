"""Events of the gateway that could not be handled, for whoever runs the server to look at (R45)."""

from typing import Any

from brimful.billing import events
from brimful.cli.database import kept_database, opened
from brimful.effects.clocks import SystemClock
from brimful.settings import Settings

# So many are shown, the oldest.
SHOWN = 1_000


async def list_parked(settings: Settings) -> list[dict[str, Any]]:
    """The parked events as plain values, oldest first."""
    async with kept_database(settings) as dsn, opened(dsn) as db:
        rows = await events.list_parked(db, SHOWN)
    return [{**row, "received_real_at": row["received_real_at"].isoformat()} for row in rows]


async def retry_parked(settings: Settings) -> int:
    """Let the parked events be handled anew by the next scan; how many there were."""
    async with kept_database(settings) as dsn, opened(dsn) as db:
        return await events.retry_parked(db, SystemClock().moment())
