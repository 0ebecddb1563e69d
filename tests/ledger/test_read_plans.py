"""How PostgreSQL reads what is asked often, on tables of some size: by whole keys, a page at a time, never
a table from one end to the other; with the arguments known, and with a plan that is kept for all (R39)."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, connect
from brimful.domain.period import month_at
from brimful.usecases.answers import Bought
from tests.builders.calendar import StandingClock
from tests.builders.world import World, running_world, small_world
from tests.conftest import fresh_database

ROWS = 20_000
MONTHS = 6
_COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'
"""
_ARCHIVED = f"""
    with m as (
        insert into archived_month select '2020-01-01Z', '2020-02-01Z', 1, now(), 'kept' returning starts_at
    )
    insert into archived_run
    select a.tenant_id, case g % 10 when 0 then $1 else md5((g % 500)::text)::uuid end, 'credits', m.starts_at, g, g, 0, 0
    from m, generate_series(1, {ROWS}) g, (select tenant_id from account limit 1) a
"""
SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan")


@dataclass(frozen=True, slots=True)
class Large:
    """A database of some size, and whose rows are looked for in it."""

    dsn: str
    tenant_id: UUID
    account_id: UUID
    spend_id: UUID


async def multiply(db: Database, table: str, count: int, **other: str) -> None:
    """Add so many rows like the first of a table, with other values in some columns; ``g`` counts."""
    columns = [row["column_name"] for row in await db.fetch(_COLUMNS, table)]
    values = ", ".join(other.get(column, f"t.{column}") for column in columns)
    await db.execute(
        f"insert into {table} ({', '.join(columns)}) select {values} "
        f"from (select * from {table} limit 1) t, generate_series(1, {count}) g"
    )


async def fill(db: Database, world: World) -> tuple[UUID, UUID, UUID]:
    """One account with a long statement, and many others beside it."""
    await small_world(world)
    await world.stock("Agency", credits=5_000)
    pack = await world.package("Agency", 100, credits=100, name="Pack")
    assert isinstance(await world.buy("Client 1", pack), Bought)
    await world.settle()
    moment = world.engine.now()
    for back in range(MONTHS, -1, -1):
        at = month_at(moment.at, -back)
        await db.fetchval("select open_entry_month_v1($1)", at)
    done = await world.spend("Client 1", 1)
    long_ago = f"t.at - ({ROWS} - g) * interval '{MONTHS * 29 * 1_440 // ROWS} minutes'"
    others = "md5((g % 500)::text)::uuid"
    fresh = "gen_random_uuid()"
    await multiply(
        db, "account", 2_000, account_id="md5((g % 2000)::text)::uuid", external_id="null"
    )
    await multiply(db, "balance", 2_000, account_id="md5((g % 2000)::text)::uuid")
    await multiply(db, "pool", 2_000, account_id="md5((g % 2000)::text)::uuid")
    await multiply(db, "entry", ROWS, seq="1000 + g", at=long_ago)
    await multiply(db, "entry", ROWS, account_id=others, seq="1000 + g", at=long_ago)
    await multiply(db, "spend", ROWS, key="'key ' || g", spend_id=fresh)
    await multiply(db, "spend", ROWS, account_id=others, key="'key ' || g", spend_id=fresh)
    await multiply(db, "lot", ROWS, lot_id=fresh, account_id=others, free="0", pinned="0")
    await multiply(db, "demand", ROWS, demand_id=fresh, account_id=others, seq="1000 + g")
    await multiply(db, "purchase", ROWS, purchase_id=fresh, buyer_id=others, wake_real_at="null")
    await db.execute(_ARCHIVED, world.names["Client 1"])
    account = await world.account("Client 1")
    return account.tenant_id, account.account_id, done.spend_id


@pytest.fixture(scope="module")
def large(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    """Filled once, vacuumed and analysed as a database that runs for long is."""
    folder = tmp_path_factory.mktemp("mail")

    async def build(dsn: str) -> Large:
        db = await connect(dsn)
        async with running_world(db, folder) as world:
            found = await fill(db, world)
        await db.execute("vacuum analyze")
        await db.close()
        return Large(dsn, *found)

    with asyncio.Runner() as runner:
        database = fresh_database(server, template)
        dsn = runner.run(database.__aenter__())
        try:
            yield runner.run(build(dsn))
        finally:
            runner.run(database.__aexit__(None, None, None))


@pytest.fixture
async def db(large: Large) -> AsyncIterator[Database]:
    """A connection to it; its rows are no books, so nothing is audited."""
    database = await connect(large.dsn, size_max=1)
    yield database
    await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def literal(value: Any) -> str:
    """A value in the text of a statement."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "'{" + ",".join(str(one) for one in value) + "}'"
    return "'" + str(value) + "'"


async def plans(db: Database, sql: str, *args: Any) -> list[list[dict[str, Any]]]:
    """The nodes of both plans: with the arguments known, and kept for all arguments."""
    found = []
    async with db._pool.acquire() as connection:
        await connection.execute("prepare asked as " + sql.strip().removesuffix(";"))
        words = f"({', '.join(literal(arg) for arg in args)})" if args else ""
        for mode in ("force_custom_plan", "force_generic_plan"):
            await connection.execute(f"set plan_cache_mode = {mode}")
            told = await connection.fetchval(f"explain (format json) execute asked{words}")
            found.append(list(nodes(json.loads(told)[0]["Plan"])))
        await connection.execute("deallocate asked")
    return found


def relations(plan: list[dict[str, Any]], kinds: tuple[str, ...] = SCANS) -> set[str]:
    """The indexes that a plan scans."""
    return {node["Index Name"] for node in plan if node["Node Type"] in kinds}


def check_no_scan(plan: list[dict[str, Any]]) -> None:
    """No table, and no index, is read from one end to the other: each has a condition, or an end."""
    scans = [node for node in plan if node["Node Type"] in ("Seq Scan", "Parallel Seq Scan")]
    assert scans == []


async def test_r39_a_balance_is_two_rows_of_its_primary_key(db: Database, large: Large) -> None:
    """By the whole key but its last column."""
    for sql in (load("brimful.ledger", "read_stock"), load("brimful.ledger", "is_overdrawn")):
        for plan in await plans(db, sql, large.tenant_id, large.account_id):
            check_no_scan(plan)
            [scan] = [node for node in plan if node["Node Type"].endswith("Scan")]
            assert scan["Index Name"] in ("balance_pkey", "balance_overdrawn")
            assert scan["Plan Rows"] <= 2


@pytest.mark.parametrize("before", [None, 1_000 + ROWS // 2])
async def test_r39_a_page_of_the_statement_is_read_in_its_order(
    db: Database, large: Large, before: int | None
) -> None:
    """In each month by the primary key, backwards from where the page begins; nothing is sorted, and no
    more is read than the page from any month."""
    sql = load("brimful.billing", "list_entries")
    for plan in await plans(db, sql, large.tenant_id, large.account_id, "credits", before, 51):
        check_no_scan(plan)
        kinds = {node["Node Type"] for node in plan}
        assert kinds <= {"Limit", "Merge Append", "Append", "Index Scan"}, kinds
        scans = [node for node in plan if node["Node Type"] == "Index Scan"]
        assert len(scans) >= MONTHS
        for scan in scans:
            assert scan["Index Name"].endswith("_pkey") and scan["Scan Direction"] == "Backward"
            assert all(name in scan["Index Cond"] for name in ("tenant_id", "account_id", "seq"))
            assert "Filter" not in scan


async def test_r39_the_end_of_a_statement_is_one_row(db: Database, large: Large) -> None:
    """Of the runs that were archived, the last."""
    sql = load("brimful.ledger", "read_archived_end")
    for plan in await plans(db, sql, large.tenant_id, large.account_id, "credits"):
        assert "archived_run_pkey" in relations(plan)
        assert "Sort" not in {node["Node Type"] for node in plan}


async def test_r39_the_key_of_a_spend_is_looked_for_in_one_partition(
    db: Database, large: Large
) -> None:
    """By the whole primary key, of one in four."""
    sql = load("brimful.billing", "is_spend_key")
    for plan in await plans(db, sql, large.tenant_id, large.account_id, "key 77"):
        check_no_scan(plan)
        [scan] = [node for node in plan if node["Node Type"] in SCANS]
        assert scan["Index Name"].startswith("spend_") and scan["Index Name"].endswith("_pkey")
        assert all(name in scan["Index Cond"] for name in ("tenant_id", "account_id", "key"))


async def test_r39_spends_are_read_by_their_ids(db: Database, large: Large) -> None:
    """By the index of ids of each partition."""
    sql = load("brimful.ledger", "read_spends")
    for plan in await plans(db, sql, large.tenant_id, [large.spend_id]):
        check_no_scan(plan)
        assert len(relations(plan)) == 4
        assert all("spend_id" in node["Index Cond"] for node in plan if "Index Cond" in node)


async def test_r39_old_keys_are_found_a_page_at_a_time(db: Database, large: Large) -> None:
    """In the order of the ids of a tenant's spends, which nothing is sorted for."""
    sql = load("brimful.ledger", "forget_spends")
    moment = StandingClock().moment().at
    for plan in await plans(db, sql, large.tenant_id, UUID(int=0), moment, 1_000):
        kinds = {node["Node Type"] for node in plan}
        [merged] = [node for node in plan if node["Node Type"] == "Merge Append"]
        assert {part["Node Type"] for part in merged["Plans"]} <= {"Index Scan"}, kinds


# What is read for each kind of due work, and the partial indexes that it may be found by.
DUE = {
    ("brimful.billing", "find_due_purchases"): ("purchase_due", "purchase_open_of_buyer"),
    ("brimful.usecases", "find_overdue_demands"): ("demand_open", "demand_waiting"),
}


@pytest.mark.parametrize(("package", "name"), DUE)
async def test_what_is_due_is_found_by_what_is_open(
    db: Database, large: Large, package: str, name: str
) -> None:
    """By a partial index of what is open, however much is over."""
    at = StandingClock().moment().real_at
    args = (at, 100) if name == "find_due_purchases" else (at, at - timedelta(minutes=15), 100)
    for plan in await plans(db, load(package, name), *args):
        check_no_scan(plan)
        assert relations(plan) & set(DUE[package, name]), relations(plan)


async def test_what_ends_is_found_by_when_it_ends(db: Database, large: Large) -> None:
    """Of many balances those of which credits have ended."""
    sql = load("brimful.ledger", "lapse_due")
    for plan in await plans(db, sql, StandingClock().moment().at, 100):
        assert "balance" not in [
            node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"
        ]


@pytest.mark.parametrize("listing", ["list_lots", "list_purchases", "list_charges"])
async def test_r39_lists_read_rows_of_their_account_alone(
    db: Database, large: Large, listing: str
) -> None:
    """Whatever others of the tenant have."""
    sql = load("brimful.billing", listing)
    for plan in await plans(db, sql, large.tenant_id, large.account_id, None, 51):
        if listing != "list_charges":
            check_no_scan(plan)
        if listing == "list_lots":
            # A later page begins where it begins.
            [scan] = [node for node in plan if node["Node Type"] in SCANS]
            assert "lot_id" in scan["Index Cond"]
        for node in plan:
            if node["Node Type"] in SCANS:
                assert any(name in node["Index Cond"] for name in ("account_id", "buyer_id")), node[
                    "Index Cond"
                ]
