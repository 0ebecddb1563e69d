"""What is under load in the campaigns of kills, and what must be true when they are over: the books,
the bank's journal and the answers to every key are compared (R22 to R24, R39)."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.gateways.testbank.adapter import Testbank
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from tests.builders.http import acc, key_for
from tests.builders.load import Client, Load, Request
from tests.builders.processes import Bank
from tests.builders.world import World

# All work ends within so many seconds of the last restart: a promise.
ENDS_WITHIN_S = 60
# The campaign's own load is there by then, and answered, on however slow a machine.
LOADED_WITHIN_S = 900
DECLINED = "Client 7"
CARDS = {"Client 5": "tok_slow", "Client 6": "tok_lost_reply", DECLINED: "tok_declined"}
CLIENTS = tuple(f"Client {number}" for number in range(1, 8))

OPEN = (
    "select purchase_id, automatic, state, tries from purchase "
    "where state not in ('delivered', 'failed')"
)
ENDED = (
    "select purchase_id, extract(epoch from ended_at)::float8 as ended_s from purchase "
    "where purchase_id = any ($1)"
)
UNDER_LOAD = """
    select count(*) >= $1 and count(*) filter (where state not in ('delivered', 'failed')) >= 2
    from purchase where automatic
"""
UNENDED = """
    select (select count(*) from purchase where state not in ('delivered', 'failed'))
         + (select count(*) from demand where state in ('waiting', 'met'))
         + (select count(*) from spend where state = 'waiting')
         + (select count(*) from reservation)
         + (select count(*) from balance where reserved > 0 or held > 0)
         + (select count(*) from charge where state in ('open', 'held'))
         + (select count(*) from mail where state = 'due')
"""


async def build(db: Database, bank: Bank, mail: Path) -> tuple[World, list[Client]]:
    """An agency that resells to clients, all of them short from the first query on."""
    gateway = Testbank(bank.url, timeout_s=60)
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


async def slowest_to_end_s(db: Database, killed_at: dict[UUID, float]) -> float:
    """The longest that any purchase took to end after the last kill that it was open at, in seconds;
    `killed_at` has that kill's restart, in seconds since 1970."""
    rows = await db.fetch(ENDED, list(killed_at))
    return max((row["ended_s"] - killed_at[row["purchase_id"]] for row in rows), default=0.0)


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


async def check_bank(db: Database, bank: Bank, charges_min: int) -> None:
    """One to one, to the cent: what the bank took and what our books say it took; no hold is left."""
    rows = await db.fetch(
        "select c.payment_id, c.gateway_account, c.currency, c.amount_minor, p.state "
        "from charge c join purchase p using (tenant_id, purchase_id) where c.state = 'captured'"
    )
    ours = {
        row["payment_id"]: [(row["gateway_account"], row["currency"], row["amount_minor"])]
        for row in rows
    }
    assert len(ours) == len(rows) > charges_min
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
