"""The database is there and takes nothing: callers are told to ask again, as when it is away (R39)."""

from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from httpx import AsyncClient, Response

from brimful.db.transaction import Database, connect
from brimful.ledger.audit import audit
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import running_world


async def make_read_only(dsn: str, db: Database, setting: str) -> None:
    """What a copy is until it is promoted, and what whoever runs a server can set; for the connections
    that are made from now on."""
    admin = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "off"})
    name = urlsplit(dsn).path.lstrip("/")
    await admin.execute(f'alter database "{name}" set default_transaction_read_only = {setting}')
    await admin.close()
    await db._pool.expire_connections()


async def test_r39_while_the_database_is_read_only_callers_are_told_to_ask_again(
    dsn: str, tmp_path: Path
) -> None:
    """503 with a time to come back and the reason, for a spend and for whoever asks after our health;
    then the same key is served, once."""
    db = await connect(dsn, size_max=3)
    async with running_world(db, tmp_path) as world:
        await world.open("Agency", sells=True)
        await world.stock("Agency", credits=100)
        await world.settle()
        secret, path = await key_for(world, "Agency"), f"/v1/accounts/{acc(world, 'Agency')}"
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
        async with (
            serving_api(world, with_worker=False) as url,
            AsyncClient(base_url=url, headers=headers, timeout=60) as http,
        ):

            async def spend() -> Response:
                return await http.post(f"{path}/spends", json={"credits": 25})

            await make_read_only(dsn, db, "on")
            for answer in [await spend(), await http.get("/healthz")]:
                told = answer.json()
                assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1")
                assert told["code"] == "try_again"
                assert "takes nothing at present" in told["detail"]
            await make_read_only(dsn, db, "off")
            assert (await http.get("/healthz")).json() == {"status": "ok"}
            answers = [await spend() for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert (await world.credits("Agency")).used == 25
    assert await audit(db) == []
    await db.close()
