"""kill -9 of the server at random instants while it buys under load (R17, R22 to R24, R39).

The server and the bank are processes of their own. Customers repeat every request under its key
until it is answered for good; then the books, the bank's journal and the keys are compared.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.gateways.testbank.adapter import Testbank
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from tests.builders.http import acc, key_for
from tests.builders.load import Client, Load, Request
from tests.builders.processes import Bank, Server, started
from tests.builders.world import World

SEED = 20_240_607
KILLS = 30
HITS_MIN = 24
ENDS_WITHIN_S = 60
LEASE_S = 1.0
DECLINED = "Client 7"
CARDS = {"Client 5": "tok_slow", "Client 6": "tok_lost_reply", DECLINED: "tok_declined"}
CLIENTS = tuple(f"Client {number}" for number in range(1, 8))

_OPEN = (
    "select purchase_id, automatic, state, tries from purchase "
    "where state not in ('delivered', 'failed')"
)
_UNDER_LOAD = """
    select count(*) >= $1 and count(*) filter (where state not in ('delivered', 'failed')) >= 2
    from purchase where automatic
"""
_UNENDED = """
    select (select count(*) from purchase where state not in ('delivered', 'failed'))
         + (select count(*) from demand where state in ('waiting', 'met'))
         + (select count(*) from spend where state = 'waiting')
         + (select count(*) from reservation)
         + (select count(*) from balance where reserved > 0 or held > 0)
         + (select count(*) from charge where state in ('open', 'held'))
         + (select count(*) from mail where state = 'due')
"""


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
    open_at_kill: list[tuple[float, list[UUID]]] = field(default_factory=list)

    async def kill_once(self, begun: int) -> None:
        """Wait until this life of the server has begun so many auto-billings and some are open, let
        a random instant pass, kill it, start it again."""
        async with asyncio.timeout(ENDS_WITHIN_S):
            while not await self.db.fetchval(_UNDER_LOAD, self.auto_billings + begun):
                self.server.program.assert_running()
                await asyncio.sleep(0.03)
        await asyncio.sleep(self.rng.uniform(0, 0.3))
        await self.server.program.kill()
        rows = await self.db.fetch(_OPEN)
        self.auto_billings = await self.db.fetchval("select count(*) from purchase where automatic")
        self.hits.append(sum(row["automatic"] for row in rows))
        self.states.update(row["state"] for row in rows if row["automatic"])
        await self.start()
        self.open_at_kill.append((time.time(), [row["purchase_id"] for row in rows]))

    async def start(self) -> None:
        """Start the server, noting when."""
        await self.server.program.start()
        self.restarted_at = time.monotonic()

    async def all_ended(self) -> float:
        """Wait until nothing is open; the seconds since the last restart."""
        while await self.db.fetchval(_UNENDED):
            assert time.monotonic() - self.restarted_at < ENDS_WITHIN_S, await self._left()
            await asyncio.sleep(0.1)
        return time.monotonic() - self.restarted_at

    async def slowest_s(self) -> float:
        """The longest that anything open at a kill took to end after that kill's restart."""
        slowest = 0.0
        for at, purchases in self.open_at_kill:
            last = await self.db.fetchval(
                "select extract(epoch from max(ended_at))::float8 from purchase "
                "where purchase_id = any ($1)",
                purchases,
            )
            slowest = max(slowest, (last or at) - at)
        return slowest

    async def _left(self) -> str:
        rows = [*await self.db.fetch(_OPEN)]
        rows += await self.db.fetch("select * from demand where state in ('waiting', 'met')")
        rows += await self.db.fetch("select * from mail where state = 'due'")
        return "\n".join(str(dict(row)) for row in rows)


async def build(db: Database, server: Server, bank: Bank, mail: Path) -> tuple[World, list[Client]]:
    """An agency that resells to clients, all of them short from the first query on."""
    gateway = Testbank(bank.url, timeout_s=5)
    engine = Engine(
        db=db, gateway=gateway, gateway_name="testbank", clock=SystemClock(),
        mailer=FolderMailer(mail), settings=Settings(),
    )  # fmt: skip
    world = World(engine, (await open_sandbox(engine)).platform)
    try:
        await world.open("Agency", sells=True)
        await world.card("Agency")
        await world.auto_billing("Agency")
        packages = [
            f"pkg_{(await world.package('Agency', price, credits=credits)).hex}"
            for credits, price in ((400, 499), (1_000, 999))
        ]
        agency = Client(
            "Agency", await key_for(world, "Agency"), acc(world, "Agency"), (), (1, 600)
        )
        clients = [agency]
        for name in CLIENTS:
            await world.open(name, "Agency")
            await world.card(name, CARDS.get(name, "tok_success"))
            await world.auto_billing(name)
            secret = await key_for(world, name)
            clients.append(Client(name, secret, acc(world, name), packages, (1, 900)))
        await world.settle()
    finally:
        await engine.stop()
        await gateway.close()
    return world, clients


async def test_r24_kill_9_at_thirty_instants_loses_and_doubles_nothing(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """All ends within 60 s, the bank's journal agrees to the cent, each key has one effect."""
    began = time.monotonic()
    async with started(dsn, tmp_path, lease_s=LEASE_S) as (server, bank):
        world, clients = await build(db, server, bank, tmp_path / "mail")
        campaign = Campaign(server, db, random.Random(SEED))
        load = Load(server.url, SEED)
        await campaign.start()
        await server.ready()
        load.start(clients, 2)
        try:
            for _ in range(KILLS):
                await campaign.kill_once(begun=3)
            await load.drain(ENDS_WITHIN_S)
        finally:
            await load.cancel()
        settled_s = await campaign.all_ended()
        slowest_s = await campaign.slowest_s()
        took_s = time.monotonic() - began
        report(campaign, load, settled_s, slowest_s, took_s)
        await check_keys_again(db, load, clients)
        await bank.program.stop()
        await check_bank(db, bank)
    await check_requests(db, world, load.requests)
    await check_pools(db, world, load.requests)
    assert await audit(db) == []
    assert slowest_s < ENDS_WITHIN_S
    # It was a real test: nearly every kill hit auto-billings, in several of their states.
    assert sum(hit > 0 for hit in campaign.hits) >= HITS_MIN
    assert len(campaign.states) >= 3
    assert sum(request.interrupted for request in load.requests) >= KILLS
    assert "Traceback" not in server.program.said()


async def check_keys_again(db: Database, load: Load, clients: list[Client]) -> None:
    """Every accepted key once more: the same answer, and nothing moves."""

    async def send(client: Client) -> None:
        async with load.http(client) as http:
            for request in load.requests:
                if request.client == client.name and request.accepted is not None:
                    reply = await load.again(request, http)
                    assert reply.is_success
                    assert reply.json()["id"] == request.accepted["id"]

    before = await _figures(db)
    await asyncio.gather(*(send(client) for client in clients))
    assert await _figures(db) == before


async def _figures(db: Database) -> list[Any]:
    return [
        *await db.fetch("select * from balance order by account_id, resource"),
        *await db.fetch("select purchase_id, state from purchase order by purchase_id"),
        *await db.fetch("select spend_id, state from spend order by spend_id"),
    ]


async def check_bank(db: Database, bank: Bank) -> None:
    """One to one, to the cent: what the bank took and what our books say it took; no hold is left."""
    rows = await db.fetch(
        "select c.payment_id, c.gateway_account, c.currency, c.amount_minor, p.state "
        "from charge c join purchase p using (tenant_id, purchase_id) where c.state = 'captured'"
    )
    ours = {
        row["payment_id"]: [(row["gateway_account"], row["currency"], row["amount_minor"])]
        for row in rows
    }
    assert len(ours) == len(rows) > KILLS
    assert bank.captured() == ours
    assert {row["state"] for row in rows} == {"delivered"}
    assert set(bank.last_state().values()) <= {"captured", "canceled"}


async def check_requests(db: Database, world: World, requests: list[Request]) -> None:
    """One debit for each accepted spend, one delivery for each accepted purchase, and no other."""
    for request in requests:
        if request.client == DECLINED:
            assert {status for status, _ in request.answers} == {402}
        else:
            done = 200 if request.spends else 201
            assert {status for status, _ in request.answers} == {done}, request
        assert len({body.get("id") for _, body in request.answers}) == 1
    accepted = [request for request in requests if request.accepted is not None]
    assert len({(request.client, request.key) for request in accepted}) == len(accepted)
    debits = await db.fetch(
        "select s.account_id, s.key, s.spend_id, e.amount from entry e "
        "left join spend s on s.tenant_id = e.tenant_id and s.spend_id = e.operation_id "
        "where e.target = 'used' and e.resource = 'credits'"
    )
    assert sorted((row["account_id"], row["key"], row["amount"]) for row in debits) == sorted(
        (world.names[r.client], r.key, r.body["credits"]) for r in accepted if r.spends
    )
    deliveries = await db.fetch(
        "select c.account_id, c.key, c.object_id, sum(l.quantity)::bigint as quantity "
        "from purchase p join purchase_line l using (tenant_id, purchase_id) "
        "left join command c on c.tenant_id = p.tenant_id and c.object_id = p.purchase_id "
        "where not p.automatic and p.state = 'delivered' group by 1, 2, 3"
    )
    assert sorted((row["account_id"], row["key"], row["quantity"]) for row in deliveries) == sorted(
        (world.names[r.client], r.key, r.body["quantity"]) for r in accepted if not r.spends
    )
    told = {r.accepted["id"].split("_")[1] for r in accepted if r.accepted is not None}
    kept = {row["spend_id"].hex for row in debits} | {row["object_id"].hex for row in deliveries}
    assert told == kept


async def check_pools(db: Database, world: World, requests: list[Request]) -> None:
    """The sum of the pools: all that was issued was bought by someone and is free, or was used."""
    rows = await db.fetch("select * from balance where resource = 'credits'")
    of = {row["account_id"]: row for row in rows}
    agency = of[world.names["Agency"]]
    clients = [of[world.names[name]] for name in CLIENTS]
    assert sum(row["issued"] for row in rows) == agency["received"]
    assert agency["sold"] == sum(row["received"] for row in clients)
    assert of[world.names[DECLINED]]["received"] == 0
    used = sum(r.body["credits"] for r in requests if r.accepted is not None and r.spends)
    assert sum(row["used"] for row in rows) == used
    assert sum(row["free"] for row in rows) == agency["received"] - used


def report(
    campaign: Campaign, load: Load, settled_s: float, slowest_s: float, took_s: float
) -> None:
    """The figures of the campaign, shown with pytest -s."""
    accepted = sum(request.accepted is not None for request in load.requests)
    print(
        f"\n{KILLS} kills in {took_s:.1f} s; open auto-billings hit: {campaign.hits}, "
        f"states {dict(campaign.states)}; {len(load.requests)} requests, {accepted} accepted, "
        f"{sum(r.interrupted for r in load.requests)} interruptions; all ended {settled_s:.1f} s "
        f"after the last restart, slowest {slowest_s:.1f} s; answers {dict(load.statuses)}"
    )
