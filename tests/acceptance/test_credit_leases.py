"""Processes that spend leases of one account, killed at random: never an overspend, and what a crashed one
did not report is charged at its end (R2, R39).

Six processes as a rule; BRIMFUL_LEASE_CLIENTS=20 is the size of the acceptance.
"""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from brimful.db.transaction import Database
from brimful.ledger.audit import audit
from tests.builders.held import until
from tests.builders.http import acc, key_for
from tests.builders.processes import ROOT, started
from tests.builders.world import running_world, small_world

CLIENTS = int(os.environ.get("BRIMFUL_LEASE_CLIENTS", "6"))
SEED = 20_261_126
GRANTED = 1_000_000
TTL_S = 4
KILLED_WITHIN_S = 3.0

_LEASES = """
select h.hold_id, h.state, h.credits, h.held, h.captured from credit_hold h where h.leased order by hold_id
"""


class Client:
    """One process, and the file that it writes its spends to."""

    def __init__(self, number: int, words: list[str], folder: Path) -> None:
        self.file = folder / f"client-{number}"
        self._words = [*words, str(self.file), str(folder / "stop"), str(SEED + number), str(TTL_S)]
        self.was_killed = False
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.builders.lease_client", *self._words, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        )  # fmt: skip

    async def has_begun(self) -> bool:
        """It has spent something."""
        return self.file.exists() and self.file.stat().st_size > 0

    async def kill_after(self, seconds: float) -> None:
        """kill -9, when so many seconds have passed."""
        assert self._process is not None
        await asyncio.sleep(seconds)
        assert self._process.returncode is None, "it ended by itself"
        self._process.kill()
        self.was_killed = True
        await self._process.wait()

    async def end(self) -> None:
        """Wait until it has ended by itself; killed it has."""
        assert self._process is not None
        code = await self._process.wait()
        assert code == (-9 if self.was_killed else 0), code

    def told(self) -> Counter[str]:
        """The credits that it spent, by lease."""
        told: Counter[str] = Counter()
        for line in self.file.read_text().splitlines():
            lease, credits = line.split()
            told[lease.removeprefix("hld_")] += int(credits)
        return told


@asynccontextmanager
async def serving(db: Database, dsn: str, folder: Path) -> AsyncIterator[list[str]]:
    """A server as a process before a client that has been granted credits; what its clients are told."""
    async with running_world(db, folder / "mail") as world:
        await small_world(world)
        await world.auto_billing("Client 1", enabled=False)
        await world.stock("Agency", credits=GRANTED)
        await world.stock("Client 1", credits=GRANTED)
        words = [await key_for(world, None), acc(world, "Client 1")]
    async with started(dsn, folder, lease_s=1.0) as (server, _):
        await server.program.start()
        await server.ready()
        yield [server.url, *words]


async def test_r2_r39_clients_killed_at_random_overspend_nothing(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """Half of them die; the others go on. When all leases have ended, each client was charged at least
    what it spent and told, a returned lease exactly that, and balance and used are what was granted."""
    rng = random.Random(SEED)
    async with serving(db, dsn, tmp_path) as words:
        clients = [Client(number, words, tmp_path) for number in range(CLIENTS)]
        await asyncio.gather(*(client.start() for client in clients))
        for client in clients:
            await until(client.has_begun)
        doomed = rng.sample(clients, CLIENTS // 2)
        await asyncio.gather(
            *(client.kill_after(rng.uniform(0, KILLED_WITHIN_S)) for client in doomed)
        )
        (tmp_path / "stop").touch()
        await asyncio.gather(*(client.end() for client in clients))
        await until(lambda: _none_stands(db))
    await check(db, clients)
    assert await audit(db) == []


async def _none_stands(db: Database) -> bool:
    return not await db.fetchval("select count(*) from credit_hold where state = 'standing'")


async def check(db: Database, clients: list[Client]) -> None:
    """The books against what the clients wrote down."""
    leases = {row["hold_id"].hex: row for row in await db.fetch(_LEASES)}
    told: Counter[str] = Counter()
    for client in clients:
        told.update(client.told())
    assert told.keys() <= leases.keys()
    for lease_id, row in leases.items():
        assert told[lease_id] <= row["captured"] <= row["credits"], (lease_id, told[lease_id], row)
        if row["state"] == "captured":
            assert told[lease_id] == row["captured"]
        else:
            assert (row["state"], row["captured"]) == ("expired", row["credits"])
    states = Counter(row["state"] for row in leases.values())
    assert states["captured"] >= CLIENTS // 2 and states["expired"] >= CLIENTS // 2, states
    used = sum(row["captured"] for row in leases.values())
    stock = await db.fetchrow(
        "select free, held, used, overdrawn, received from balance where resource = 'credits' "
        "and received > 0 and sold = 0"
    )
    assert tuple(stock) == (GRANTED - used, 0, used, 0, GRANTED)
    for client in clients:
        assert client.was_killed or client.told()
