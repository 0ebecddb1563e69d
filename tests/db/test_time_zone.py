"""R36: a day has twenty-four hours, wherever the database server stands."""

from datetime import UTC, datetime, timedelta

import asyncpg

from brimful.db.transaction import connect


async def test_r36_an_end_in_days_does_not_depend_on_the_servers_zone(dsn: str) -> None:
    """Its clocks are put forward in between."""
    admin = await asyncpg.connect(dsn)
    name = await admin.fetchval("select current_database()")
    await admin.execute(f"alter database {name} set timezone = 'Europe/Berlin'")
    await admin.close()
    bought_at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    db = await connect(dsn)
    ends_at = await db.fetchval("select $1::timestamptz + make_interval(days => 30)", bought_at)
    await db.close()
    assert ends_at - bought_at == timedelta(days=30)
