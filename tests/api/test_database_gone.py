"""The database goes away and comes back: callers are told to ask again, and nothing is done twice."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import asyncpg
from httpx import AsyncClient, Response

from brimful.db.limits import Limits
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from brimful.ledger.audit import audit
from tests.builders.cluster import Cluster
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import running_world, small_world


async def test_r39_while_the_database_is_away_callers_are_told_to_ask_again(
    tmp_path: Path,
) -> None:
    """503 with a time to come back, the same for reading and for buying; then the same key is served,
    once."""
    async with Cluster() as cluster:
        await migrate(cluster.admin)
        db = await connect(cluster.admin, size_max=5)
        async with running_world(db, tmp_path) as world:
            await small_world(world)
            await world.settle()
            secret, path = await key_for(world, "Agency"), f"/v1/accounts/{acc(world, 'Agency')}"
            headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
            async with (
                serving_api(world, with_worker=False) as url,
                AsyncClient(base_url=url, headers=headers, timeout=60) as http,
            ):

                async def spend() -> Response:
                    return await http.post(f"{path}/spends", json={"credits": 25})

                await cluster.kill()
                for answer in [await spend(), await http.get(path), await http.get("/healthz")]:
                    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
                    assert answer.json()["code"] == "try_again"
                await cluster.start()
                answers = [await spend() for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 200]
            assert answers[0].json() == answers[1].json()
            assert world.taken() == [1_000]
        assert await audit(db) == []
        await db.close()


async def test_r17_whoever_is_held_up_for_long_is_told_to_ask_again(
    dsn: str, tmp_path: Path
) -> None:
    """Others keep the balance, then all connections: 503 in time, and nothing is done; then the same key
    is served, once."""
    limits = Limits(lock_s=2)
    db = await connect(dsn, size_max=3, limits=limits)
    async with running_world(db, tmp_path) as world:
        agency = await world.open("Agency", sells=True)
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

            def is_put_off(answer: Response, why: str) -> bool:
                told = answer.json()
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
                assert (told["code"], why in told["detail"]) == ("try_again", True)
                return True

            other = await asyncpg.connect(dsn)
            async with other.transaction():
                await other.execute(
                    "select from balance where account_id = $1 for update", agency.account_id
                )
                assert is_put_off(await spend(), "takes too long")
            await other.close()
            async with AsyncExitStack() as stack:
                for _ in range(3):
                    await stack.enter_async_context(db._pool.acquire())
                db._limits = replace(limits, connection_s=2)
                assert is_put_off(await spend(), "cannot be reached")
                assert is_put_off(await http.get(path), "cannot be reached")
                db._limits = limits
            answers = [await spend() for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert (await world.credits("Agency")).used == 25
    assert await audit(db) == []
    await db.close()
