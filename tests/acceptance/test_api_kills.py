"""kill -9 of one of two API processes at random instants, under a load of spends one by one and in
batches: nothing that was acknowledged is lost, and each key has one effect (R24, R39)."""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.gateways.testbank.adapter import Testbank
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from tests.acceptance.kill_checks import ENDS_WITHIN_S, LOADED_WITHIN_S
from tests.builders.http import acc, key_for
from tests.builders.processes import Bank, Server, free_port, started
from tests.builders.world import World

SEED = 20_261_127
# So many kills in every run; the variable asks for more.
KILLS = int(os.environ.get("BRIMFUL_API_KILLS", "3"))
NAMES = ("Client 1", "Client 2", "Client 3")
STOCK = 50_000_000
CALLERS = 6
BATCH_MAX = 40
PAUSE_S = 0.2


@dataclass(slots=True)
class Sent:
    """A spend as it was sent; acknowledged with an id, or nothing is known of it."""

    name: str
    key: str
    credits: int
    spend_id: UUID | None = None
    at: float = 0.0
    by: int = -1

    def heard(self, answer: dict[str, Any], by: int) -> None:
        """It was acknowledged, by one of the servers."""
        assert answer["status"] == "done" and answer["credits"] == self.credits, answer
        told = UUID(answer["id"].split("_")[1])
        assert self.spend_id in (None, told)
        self.spend_id, self.at, self.by = told, time.monotonic(), by


@dataclass(slots=True)
class Crowd:
    """Callers of both servers, by turns; whose server is gone goes on with other keys."""

    urls: Sequence[str]
    world: World
    secret: str
    sent: list[Sent] = field(default_factory=list)
    interrupted: int = 0
    stopped: bool = False

    async def call(self, number: int) -> None:
        """One caller: a spend, or a batch of them, and again."""
        rng = random.Random(f"{SEED}/{number}")
        async with self.http() as http:
            for turn in range(1_000_000):
                if self.stopped:
                    return
                count = rng.choice((1, 1, rng.randint(2, BATCH_MAX)))
                spends = [
                    Sent(rng.choice(NAMES), f"{number}-{turn}-{part}", rng.randint(1, 30))
                    for part in range(count)
                ]
                self.sent += spends
                by = rng.randrange(len(self.urls))
                if not await self.send(http, by, spends):
                    await asyncio.sleep(PAUSE_S)

    def http(self) -> httpx.AsyncClient:
        """Connections with the agency's key."""
        return httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=httpx.Timeout(20),
            verify=False,
            trust_env=False,
        )

    async def send(self, http: httpx.AsyncClient, by: int, spends: Sequence[Sent]) -> bool:
        """Send spends to a server; False when it gave no answer, or said that it cannot now."""
        try:
            if len(spends) == 1:
                reply = await self._one(http, by, spends[0])
                answers = [{**reply.json(), "status": "done"}]
            else:
                reply = await self._batch(http, by, spends)
                answers = reply.json().get("data", [])
        except httpx.HTTPError as problem:
            # Nobody listened, or what was sent had no answer: it may be on the books.
            self.interrupted += 0 if isinstance(problem, httpx.ConnectError) else len(spends)
            return False
        if reply.status_code == 503:
            return False
        assert reply.status_code == 200, reply.text
        for spend, answer in zip(spends, answers, strict=True):
            if answer["status"] == "done":
                spend.heard(answer, by)
            else:
                # The server stops, or the database had no place: it says so of each, and it is sent again.
                assert answer["code"] in ("overloaded", "try_again"), answer
        return True

    async def _one(self, http: httpx.AsyncClient, by: int, spend: Sent) -> httpx.Response:
        path = f"/v1/accounts/{acc(self.world, spend.name)}/spends"
        return await http.post(
            self.urls[by] + path,
            json={"credits": spend.credits},
            headers={"Idempotency-Key": spend.key},
        )

    async def _batch(
        self, http: httpx.AsyncClient, by: int, spends: Sequence[Sent]
    ) -> httpx.Response:
        path = f"/v1/accounts/{acc(self.world, 'Agency')}/spends/batch"
        asked = [
            {"key": s.key, "credits": s.credits, "account_id": acc(self.world, s.name)}
            for s in spends
        ]
        return await http.post(self.urls[by] + path, json={"spends": asked})

    async def resend(self) -> int:
        """Send every key again of which nothing is known, until it is acknowledged; how many."""
        lost = [spend for spend in self.sent if spend.spend_id is None]
        async with asyncio.timeout(ENDS_WITHIN_S):
            await asyncio.gather(*(self._again(lost[n::CALLERS], n) for n in range(CALLERS)))
        return len(lost)

    async def _again(self, lost: Sequence[Sent], number: int) -> None:
        async with self.http() as http:
            for spend in lost:
                while spend.spend_id is None:
                    await self.send(http, number % len(self.urls), [spend])


async def opened_world(db: Database, bank: Bank, mail: Path) -> tuple[World, str]:
    """An agency with clients that have enough for all that is sent; the agency's key."""
    gateway = Testbank(bank.url, timeout_s=60)
    engine = Engine(
        db=db, gateway=gateway, gateway_name="testbank", clock=SystemClock(),
        mailer=FolderMailer(mail), settings=Settings(),
    )  # fmt: skip
    world = World(engine, (await open_sandbox(engine)).platform)
    try:
        await world.open("Agency", sells=True)
        await world.stock("Agency", credits=STOCK * len(NAMES))
        for name in NAMES:
            await world.open(name, "Agency")
            await world.stock(name, credits=STOCK)
        return world, await key_for(world, "Agency")
    finally:
        await engine.stop()
        await gateway.close()


async def kill(server: Server, other: int, crowd: Crowd, rng: random.Random) -> int:
    """Kill a server at a random instant and start it again; how many spends the other one acknowledged
    before it answered."""
    heard = sum(spend.spend_id is not None for spend in crowd.sent)
    async with asyncio.timeout(LOADED_WITHIN_S):
        while sum(spend.spend_id is not None for spend in crowd.sent) < heard + 50:
            await asyncio.sleep(0.02)
    await asyncio.sleep(rng.uniform(0, 0.2))
    await server.program.kill()
    killed_at = time.monotonic()
    await server.program.start()
    await server.ready()
    return sum(spend.at > killed_at and spend.by == other for spend in crowd.sent)


async def check_books(db: Database, world: World, sent: Sequence[Sent]) -> None:
    """Every key is on the books once, with what was acknowledged; the balances say the same."""
    rows = await db.fetch(
        "select s.account_id, s.key, s.state, s.spend_id, sum(e.amount)::bigint as debited "
        "from spend s left join entry e on e.tenant_id = s.tenant_id and e.operation_id = s.spend_id "
        "and e.kind = 'spend' and e.target = 'used' group by 1, 2, 3, 4"
    )
    on_books = {(r["account_id"], r["key"], r["state"], r["spend_id"], r["debited"]) for r in rows}
    assert len(on_books) == len(rows)
    assert on_books == {(world.names[s.name], s.key, "done", s.spend_id, s.credits) for s in sent}
    entries = await db.fetchval("select count(*) from entry where kind = 'spend'")
    assert entries == len(sent)
    for name in NAMES:
        used = sum(spend.credits for spend in sent if spend.name == name)
        stock = await world.credits(name)
        assert (stock.used, stock.free) == (used, STOCK - used)
    assert await audit(db) == []


@pytest.mark.timeout(120 + 10 * KILLS)
async def test_r24_r39_kill_9_of_one_of_two_servers_loses_nothing_acknowledged(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """The other one goes on meanwhile; every key that got no answer is sent again and debited once."""
    rng = random.Random(SEED)
    (tmp_path / "second").mkdir()
    async with started(dsn, tmp_path, lease_s=1.0) as (first, bank):
        second = Server(dsn, bank.url, free_port(), tmp_path / "second", 1.0)
        servers = (first, second)
        try:
            world, secret = await opened_world(db, bank, tmp_path / "mail")
            for server in servers:
                await server.program.start()
            for server in servers:
                await server.ready()
            crowd = Crowd([server.url for server in servers], world, secret)
            callers = [asyncio.create_task(crowd.call(number)) for number in range(CALLERS)]
            meanwhile = []
            for _ in range(KILLS):
                victim = rng.randrange(2)
                meanwhile.append(await kill(servers[victim], 1 - victim, crowd, rng))
            crowd.stopped = True
            async with asyncio.timeout(ENDS_WITHIN_S):
                await asyncio.gather(*callers)
            acknowledged = [(spend.key, spend.spend_id) for spend in crowd.sent if spend.spend_id]
            resent = await crowd.resend()
        finally:
            await second.program.stop()
    print(
        f"\n{KILLS} kills, {len(crowd.sent)} spends, {crowd.interrupted} interrupted, {resent} sent "
        f"again, {meanwhile} acknowledged by the other server meanwhile"
    )
    now = {spend.key: spend.spend_id for spend in crowd.sent}
    assert all(now[key] == spend_id for key, spend_id in acknowledged)
    await check_books(db, world, crowd.sent)
    # It was a real test: kills hit spends under way, and the other server was at work.
    assert KILLS <= crowd.interrupted <= resent
    assert min(meanwhile) > 0
    assert "Traceback" not in first.program.said() + second.program.said()
