"""Whatever grows is looked up by its keys, in every statement that we have (R39)."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import brimful
from brimful.db.transaction import connect
from tests.builders.world import running_world
from tests.conftest import fresh_database
from tests.ledger.conftest import sign_up

# What grows with the work that is done; most other tables grow with the accounts.
GROWING = {
    "balance", "charge", "chatbot", "command", "credit_hold", "credit_hold_lot", "demand", "dispute", "entry",
    "lot", "notice", "pool",
    "purchase", "purchase_demand", "purchase_line", "refund", "reversal", "spend", "subscription",
    "transfer", "transfer_lot", "usage_sum",
}  # fmt: skip
# These read all there is, for a person, the test clock, or once after an outage.
WHOLE = {
    "billing.list_charges_at", "billing.list_gateway_accounts", "billing.wake_after_outage",
    "ledger.count_old_spends", "usecases.next_due",
}  # fmt: skip
COPIES = 500
_COLUMNS = """
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position
"""
_SCAN = re.compile(r"Seq Scan on (\w+)")
# A scan by an index with its condition; where only bits are made of it, the table is in the line above.
_LOOKUP = re.compile(
    r"(?:Index (?:Only )?Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)[^\n]*\n\s+Index Cond: ([^\n]*)"
)
_COLUMN = re.compile(r"\b(\w+) (?:=|<|>|<=|>=|IS)")
# Indices of all rows of a table, by name: those of a few are of what is open, which is little.
_OF_ALL = """
    select i.relname as index, coalesce(p.inhparent::regclass::text, t.relname) as table from pg_index x
    join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    left join pg_inherits p on p.inhrelid = t.oid
    where t.relnamespace = 'public'::regnamespace and x.indpred is null
"""


def statements() -> Iterator[tuple[str, str]]:
    """Every statement of the product, by its name."""
    for path in sorted(Path(str(files(brimful))).glob("*/sql/*.sql")):
        yield f"{path.parent.parent.name}.{path.stem}", path.read_text(encoding="utf-8")


@pytest.fixture
async def grown(server: str, template: str, tmp_path: Path) -> AsyncIterator[Any]:
    """A connection to a database in which one tenant has many rows of all that grows."""
    async with fresh_database(server, template) as dsn:
        db = await connect(dsn)
        async with running_world(db, tmp_path) as world:
            await sign_up(world)
        await db.close()
        connection = await asyncpg.connect(dsn)
        # The rows are like others, not right: no reference of theirs leads anywhere.
        await connection.execute("set session_replication_role = replica")
        for table in sorted(GROWING):
            await _multiply(connection, table)
        await connection.execute("analyze; set plan_cache_mode = force_generic_plan")
        await connection.execute("set enable_seqscan = off")
        yield connection
        await connection.close()


async def _multiply(connection: Any, table: str) -> None:
    columns = await connection.fetch(_COLUMNS, table)
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    values = ", ".join(_value(column["name"], column["type"]) for column in columns)
    await connection.execute(
        f"insert into {table} ({names}) select {values} "
        f"from {table} s, generate_series(1, {COPIES}) g on conflict do nothing"
    )


def _value(name: str, kind: str) -> str:
    """As in the row that is copied, or another for what tells rows apart."""
    if kind == "uuid" and name != "tenant_id":
        return "gen_random_uuid()"
    return f's."{name}" || g' if name in ("key", "payment_id") else f's."{name}"'


async def plan_of(connection: Any, sql: str) -> str:
    """How a statement is done, whatever its arguments are."""
    count = max((int(number) for number in re.findall(r"\$(\d+)", sql)), default=0)
    arguments = f"({', '.join(['null'] * count)})" if count else ""
    await connection.execute(f"prepare asked as {sql}")
    rows = await connection.fetch(f"explain (costs off) execute asked{arguments}")
    await connection.execute("deallocate asked")
    return "\n".join(row[0] for row in rows)


def scanned(plan: str, of_all: Mapping[str, str]) -> set[str]:
    """Which growing tables a plan reads as a whole, or all of a tenant's rows of them; a part of a
    table counts as the table."""
    whole = {re.sub(r"_(\d+|default)$", "", table) for table in _SCAN.findall(plan)}
    for index, condition in _LOOKUP.findall(plan):
        if set(_COLUMN.findall(condition)) == {"tenant_id"}:
            whole.add(of_all.get(index, ""))
    return whole & GROWING


async def test_r39_no_statement_reads_all_of_what_grows(grown: Any) -> None:
    """With scans forbidden, one is left only where no index would do; without the index by which a
    charge is looked up, the same is said of it."""
    of_all = dict(await grown.fetch(_OF_ALL))
    found = {}
    for name, sql in statements():
        if name not in WHOLE and (tables := scanned(await plan_of(grown, sql), of_all)):
            found[name] = tables
    assert found == {}
    await grown.execute("drop index charge_of_purchase")
    plan = await plan_of(grown, dict(statements())["billing.read_purchases"])
    assert scanned(plan, of_all) == {"charge"}
