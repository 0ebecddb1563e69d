"""Everything that is written down, to compare before and after."""

import json

from brimful.db.transaction import Database
from tests.builders.world import World

# But what the worker's scans keep for themselves, at any time. A partition is in its table.
_TABLES = """
select format('%I.%I', table_schema, table_name) as name
from information_schema.tables
where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
  and table_name not in ('turn', 'usage_mark', 'usage_sum')
  and not (select relispartition from pg_class where oid = format('%I.%I', table_schema, table_name)::regclass)
order by 1
"""


async def dump(db: Database) -> dict[str, str]:
    """Every table of the database with a digest of all its rows."""
    names = [row["name"] for row in await db.fetch(_TABLES)]
    assert len(names) > 30, names
    parts = " union all ".join(
        f"select '{name}', md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {name} t"
        for name in names
    )
    return {row[0]: row[1] for row in await db.fetch(parts)}


async def digest(db: Database, *, but: str = "") -> str:
    """The same in one value, but for one table."""
    kept = {name: rows for name, rows in (await dump(db)).items() if name != f"public.{but}"}
    return json.dumps(kept, sort_keys=True)


async def everything(world: World) -> dict[str, str]:
    """Every table, and what the bank has: its payments, cards, customers and journal."""
    bank = world.desk.bank
    kept = [bank.customers, bank.methods, bank.payments, world.desk.journal.effects()]
    return {**await dump(world.db), "bank": json.dumps(kept, sort_keys=True, default=str)}
