"""How PostgreSQL looks up what spends need: by whole keys, though the plan is made while all is empty."""

import re

import asyncpg
import pytest

from brimful.billing import keys
from brimful.db.transaction import Database
from brimful.ledger import spends
from tests.builders.http import key_for
from tests.builders.spends import new_spend
from tests.builders.world import World

_EXPLAINED = (
    "load 'auto_explain'",
    "set auto_explain.log_min_duration = 0",
    "set auto_explain.log_nested_statements = on",
    "set client_min_messages = log",
)
_CHANGED = "select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relname = 'balance'"
_SCAN = re.compile(r"(Seq Scan|Index Scan|Index Only Scan|Bitmap Index Scan)(?: using| on) (\w+)")
_BY_INDEX = re.compile(r"Index (?:Only )?Scan using (\w+) on [^\n]*\n\s*(\S+ \S+)")


async def plans_of_a_batch(db: Database, world: World, secret: str | None) -> str:
    """The plans of every statement that settles a batch, which whoever has a secret asks for, if any."""
    told: list[str] = []

    def listen(_: object, message: asyncpg.PostgresLogMessage) -> None:
        told.append(message.message)

    moment = world.engine.now()
    async with db._pool.acquire() as connection:
        connection.add_log_listener(listen)
        for statement in _EXPLAINED:
            await connection.execute(statement)
        tenant = world.names["Agency"]
        # The first time the driver asks for types as well.
        for _ in range(2):
            told.clear()
            # The second lacks credits, so that it matters what it may overdraw.
            asked = (("Agency", 1), ("Client 1", 6))
            news = [new_spend(tenant, world.names[name], credits) for name, credits in asked]
            if secret is not None:
                news = [one._replace(secret_hash=keys.hash_of(secret)) for one in news]
            tried = await spends.spend_many(connection, news, moment, wait=False)
            assert [one.outcome for one in tried] == ["done", "short"]
        await connection.execute("select 1")
        connection.remove_log_listener(listen)
    return "\n".join(told)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("with_keys", [False, True])
async def test_r39_keys_are_looked_up_whole_on_tables_that_were_empty(
    world: World, with_keys: bool, known: bool
) -> None:
    """A plan that is kept while the tables grow: no scan of a table, no index but primary keys and that
    of API keys by their hash, and of those no more than is asked for. By another index a key was once looked for among all the spends
    of its tenant; by its own, in a join, among all there are."""
    await world.open("Agency", sells=True)
    await world.open("Client 1", "Agency")
    await world.stock("Agency", credits=10)
    await world.stock("Client 1", credits=5)
    secret = await key_for(world, "Agency") if with_keys else None
    if known:
        # From now on they are known to be empty, not only new.
        await world.db.execute("vacuum analyze")
    plans = await plans_of_a_batch(world.db, world, secret)
    scans = set(_SCAN.findall(plans))
    assert {index for _, index in scans if index.startswith("spend_")} == {
        f"spend_{part}_pkey" for part in range(4)
    }
    others = {index for _, index in scans if not index.endswith("_pkey")}
    assert others == ({"api_key_secret_hash_key"} if with_keys else set()), scans
    assert ("account_route_pkey" in {index for _, index in scans}) == with_keys
    assert "overdraft_pkey" in {index for _, index in scans}
    found = _BY_INDEX.findall(plans)
    assert {index for index, what in found if what != "Index Cond:"} == set()
    assert len(found) >= (10 if with_keys else 7)
    # What is only asked is a part of the statement that asks it, not a call.
    assert re.findall(r"Function Scan on (\w+_v1)", plans) == ["spend_many_v1"]


async def test_r39_spends_change_their_balance_in_place(world: World) -> None:
    """No index of balances is written by a spend: the reason why none covers what is read of them."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=100)
    tenant = world.names["Agency"]
    moment = world.engine.now()
    async with world.db.transaction() as tx:
        before = await tx.fetchrow(_CHANGED)
        for _ in range(10):
            [tried] = await spends.spend_many(tx, [new_spend(tenant, tenant, 1)], moment, wait=True)
            assert tried.outcome == "done"
        after = await tx.fetchrow(_CHANGED)
    assert [after[0] - before[0], after[1] - before[1]] == [10, 10]
