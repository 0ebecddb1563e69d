"""A server that is told to stop leaves nobody who waits without an answer (R20, R39)."""

import asyncio
from pathlib import Path

import httpx

from brimful.cli.running import ENDED_BY_SIGTERM
from brimful.db.transaction import Database
from tests.builders.http import acc, key_for
from tests.builders.processes import started
from tests.cli.test_worker import LEASE_S, agency

# Beside the seconds that what is under way has; a machine with much else to do takes far longer.
ENDS_WITHIN_S = 60
# As long as a caller may wait at most.
WAIT_MS = 60_000


async def test_r20_r39_who_waits_hears_pending_when_the_server_is_told_to_stop(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """The bank has not answered, and its answer would take longer than the server has: the spends are
    answered 202, on either way, and what was answered so is debited by nobody any more."""
    async with (
        started(dsn, tmp_path, lease_s=LEASE_S) as (server, bank),
        agency(db, bank, tmp_path) as world,
        httpx.AsyncClient(timeout=120, verify=False, trust_env=False) as http,
    ):
        await server.program.start()
        await server.ready()
        secret = await key_for(world, "Agency")
        await http.post(f"{bank.url}/control/close", json={"verb": "confirm"})

        async def spend(key: str, kind: str) -> httpx.Response:
            return await http.post(
                f"{server.url}/v1/accounts/{acc(world, 'Agency')}/spends",
                content=b'{"credits": 25, "wait_ms": %d}' % WAIT_MS,
                headers={
                    "Authorization": f"Bearer {secret}",
                    "Idempotency-Key": key,
                    "Content-Type": kind,
                },
            )

        # The second is none of the plain ones, that are answered at the connection.
        kinds = {"one": "application/json", "two": "application/json; charset=utf-8"}
        asked = [asyncio.create_task(spend(*one)) for one in kinds.items()]
        await http.post(f"{bank.url}/control/await", json={"verb": "confirm", "count": 1})
        async with asyncio.timeout(ENDS_WITHIN_S):
            while await db.fetchval("select count(*) from spend where state = 'waiting'") < 2:
                await asyncio.sleep(0.02)
        await server.program.told_to_stop()
        answers = await asyncio.wait_for(asyncio.gather(*asked), ENDS_WITHIN_S)
        for answer in answers:
            assert answer.status_code == 202, answer.text
            assert answer.json()["code"] == "auto_billing_pending"
            assert "Retry-After" in answer.headers
        states = await db.fetch("select state, reason from spend")
        assert [tuple(one) for one in states] == [("abandoned", "auto_billing_pending")] * 2
        assert await db.fetchval("select count(*) from entry where kind = 'spend'") == 0
        assert await asyncio.wait_for(server.program.ended(), ENDS_WITHIN_S) == ENDED_BY_SIGTERM
        assert "Traceback" not in server.program.said()
