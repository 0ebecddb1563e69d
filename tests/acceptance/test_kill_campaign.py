"""kill -9 of the server at random instants while it buys under load (R17, R22 to R24, R39).

The server and the bank are processes of their own. Customers repeat every request under its key
until it is answered for good; then the books, the bank's journal and the keys are compared.
"""

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from brimful.db.transaction import Database
from brimful.ledger.audit import audit
from tests.acceptance.kill_checks import (
    ENDS_WITHIN_S,
    LOADED_WITHIN_S,
    OPEN,
    UNDER_LOAD,
    UNENDED,
    build,
    check_bank,
    check_keys_again,
    check_pools,
    check_requests,
    slowest_to_end_s,
)
from tests.builders.load import Load
from tests.builders.processes import Server, started
from tests.within import as_time_allows

SEED = 20_240_607
# So many kills in every run; the variable asks for more.
KILLS = int(os.environ.get("BRIMFUL_KILLS", "100"))
LEASE_S = 1.0


@dataclass(slots=True)
class Campaign:
    """What happened: the kills, what each of them hit, how long its work took to end."""

    server: Server
    db: Database
    rng: random.Random
    hits: list[int] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    restarted_at: float = 0.0
    auto_billings: int = 0
    killed_at: dict[UUID, float] = field(default_factory=dict)

    async def kill_once(self, begun: int) -> None:
        """Wait until this life of the server has begun so many auto-billings and some are open, let
        a random instant pass, kill it, start it again."""
        async with asyncio.timeout(LOADED_WITHIN_S):
            while not await self.db.fetchval(UNDER_LOAD, self.auto_billings + begun):
                self.server.program.assert_running()
                await asyncio.sleep(0.03)
        await asyncio.sleep(self.rng.uniform(0, 0.3))
        await self.server.program.kill()
        rows = await self.db.fetch(OPEN)
        self.auto_billings = await self.db.fetchval("select count(*) from purchase where automatic")
        self.hits.append(sum(row["automatic"] for row in rows))
        self.states.update(row["state"] for row in rows if row["automatic"])
        await self.start()
        # Of what was killed more than once, the last time counts: its work began anew there.
        self.killed_at.update({row["purchase_id"]: time.time() for row in rows})

    async def start(self) -> None:
        """Start the server, noting when."""
        await self.server.program.start()
        self.restarted_at = time.monotonic()

    async def all_ended(self) -> float:
        """Wait until nothing is open, once nobody asks any more; the seconds since the restart."""
        asked_until = time.monotonic()
        while await self.db.fetchval(UNENDED):
            assert time.monotonic() - asked_until < ENDS_WITHIN_S, await self._left()
            await asyncio.sleep(0.1)
        return time.monotonic() - self.restarted_at

    async def _left(self) -> str:
        rows = [*await self.db.fetch(OPEN)]
        rows += await self.db.fetch("select * from demand where state in ('waiting', 'met')")
        rows += await self.db.fetch("select * from mail where state = 'due'")
        return "\n".join(str(dict(row)) for row in rows)


@pytest.mark.timeout(120 + 10 * KILLS)
async def test_r24_kill_9_at_random_instants_loses_and_doubles_nothing(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """All ends within 60 s, the bank's journal agrees to the cent, each key has one effect."""
    began = time.monotonic()
    async with started(dsn, tmp_path, lease_s=LEASE_S) as (server, bank):
        world, clients = await build(db, bank, tmp_path / "mail")
        campaign = Campaign(server, db, random.Random(SEED))
        load = Load(server.url, SEED)
        await campaign.start()
        await server.ready()
        load.start(clients, 2)
        try:
            for _ in as_time_allows(KILLS):
                await campaign.kill_once(begun=3)
            await load.drain(LOADED_WITHIN_S)
        finally:
            await load.cancel()
        settled_s = await campaign.all_ended()
        slowest_s = await slowest_to_end_s(db, campaign.killed_at)
        took_s = time.monotonic() - began
        report(campaign, load, settled_s, slowest_s, took_s)
        await check_keys_again(db, load, clients)
        await bank.program.stop()
        kills = len(campaign.hits)
        await check_bank(db, bank, kills)
    await check_requests(db, world, load.requests)
    await check_pools(db, world, load.requests)
    assert await audit(db) == []
    assert slowest_s < ENDS_WITHIN_S
    # It was a real test: nearly every kill hit auto-billings, in several of their states.
    assert sum(hit > 0 for hit in campaign.hits) >= kills * 4 // 5
    assert len(campaign.states) >= min(3, kills)
    assert sum(request.interrupted for request in load.requests) >= kills
    assert "Traceback" not in server.program.said()


def report(
    campaign: Campaign, load: Load, settled_s: float, slowest_s: float, took_s: float
) -> None:
    """The figures of the campaign, shown with pytest -s."""
    accepted = sum(request.accepted is not None for request in load.requests)
    print(
        f"\n{len(campaign.hits)} kills in {took_s:.1f} s; open auto-billings hit: {campaign.hits}, "
        f"states {dict(campaign.states)}; {len(load.requests)} requests, {accepted} accepted, "
        f"{sum(r.interrupted for r in load.requests)} interruptions; all ended {settled_s:.1f} s "
        f"after the last restart, slowest {slowest_s:.1f} s; answers {dict(load.statuses)}"
    )
