"""Many agencies like one: its rows under other ids, so that a large world takes seconds to make."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg

# All that an agency and its clients leave in the tables, in no particular order.
TABLES = (
    "account_route", "catalogue", "package", "package_version", "account", "pool",
    "auto_billing_setting", "consent", "payment_method", "balance", "entry", "lot", "transfer",
    "transfer_lot", "demand", "purchase", "purchase_line", "charge", "subscription",
)  # fmt: skip
_COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'
    order by ordinal_position
"""


async def copy_agency(dsn: str, agency_id: UUID, copies: int, tick: Callable[[], None]) -> None:
    """Add ``copies`` agencies with the same rows as one that was opened the usual way."""
    connection = await asyncpg.connect(dsn)
    await connection.set_type_codec(
        "jsonb",
        # The binary form, which copying needs, is the text behind a version number.
        encoder=lambda text: b"\x01" + text,
        decoder=lambda data: data[1:],
        schema="pg_catalog",
        format="binary",
    )
    tenant_id = await connection.fetchval(
        "select tenant_id from account where account_id = $1", agency_id
    )
    tables = {table: await _read(connection, table, tenant_id, agency_id) for table in TABLES}
    kept = {
        row["platform_id"] for row in await connection.fetch("select platform_id from platform")
    }
    kept |= {row["package_id"] for row in await connection.fetch(
        "select package_id from package where seller_ref = any ($1::uuid[])", list(kept)
    )}  # fmt: skip
    for number in range(1, copies + 1):
        async with connection.transaction():
            for table, (columns, rows) in tables.items():
                await connection.copy_records_to_table(
                    table,
                    columns=columns,
                    records=[tuple(_other(value, number, kept) for value in row) for row in rows],
                )
        tick()
    await connection.execute("analyze")
    await connection.close()


async def _read(
    connection: Any, table: str, tenant_id: UUID, agency_id: UUID
) -> tuple[list[str], list[Any]]:
    columns = [row["column_name"] for row in await connection.fetch(_COLUMNS, table)]
    where = "tenant_id = $1"
    if "tenant_id" not in columns:
        where = "seller_ref = $1"
        if "seller_ref" not in columns:
            where = "package_id in (select package_id from package where seller_ref = $1)"
        tenant_id = agency_id
    names = ", ".join(columns)
    return columns, await connection.fetch(f"select {names} from {table} where {where}", tenant_id)


def _other(value: Any, number: int, kept: set[UUID]) -> Any:
    """The value in another agency: ids become others, and all else stays."""
    if isinstance(value, UUID):
        return value if value in kept else UUID(int=value.int ^ (number << 20))
    if isinstance(value, list):
        return [_other(one, number, kept) for one in value]
    return value
