"""kill -9 of workers while hundreds of subscriptions renew: nothing twice, nothing skipped (R34, R35).

Two workers compete, the bank is a process of its own with a journal of its own. With
``BRIMFUL_RENEWAL_KILLS=500`` it is 500 agencies with 100 clients each (add ``-o timeout=3600``).
"""

import asyncio
import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.copies import copy_agency

from brimful.db.transaction import Database
from brimful.gateways.testbank.adapter import Testbank
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from brimful_testbank.journal import read_journal
from tests.builders.calendar import StandingClock
from tests.builders.processes import Bank, Program, free_port
from tests.builders.worker import worker
from tests.builders.world import World, open_sandbox

SEED = 20_270_215
KILLS = 20
LEASE_S = 3.0
LARGE = int(os.environ.get("BRIMFUL_RENEWAL_KILLS", "0"))
AGENCIES, CLIENTS = (LARGE, 100) if LARGE else (30, 25)
ENDS_WITHIN_S = 1_800 if LARGE else 900
# So many steps, of three that each renewal takes, are done between two kills.
STEPS_BETWEEN = AGENCIES * CLIENTS // KILLS
CREDITS = 100
PRICE_MINOR = 900

_LEFT = "select count(*) from subscription where due_at <= now()"
# Steps of charges that are known: the payment's id, the hold, the capture.
_DONE = """
    select count(payment_id) + count(*) filter (where state in ('held', 'captured'))
         + count(*) filter (where state = 'captured')
    from charge
"""
_OPEN = "select count(*) from purchase where state not in ('delivered', 'failed')"
_RENEWED = """
    select count(*) filter (where p.renewals = 1) as once, count(*) as clients
    from account a
    cross join lateral (
        select count(*) as renewals from purchase p
        where p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.origin = 'renewal' and p.state = 'delivered'
    ) p
    where not a.sells
"""
_BOUGHT = """
    select p.buyer_id, count(*) as charges from purchase p
    where p.automatic and p.state = 'delivered' group by p.buyer_id
"""


async def build(db: Database, dsn: str, bank_url: str, folder: Path) -> int:
    """Agencies whose clients' month is over by now, every third of them short; how many are."""
    gateway = Testbank(bank_url, timeout_s=60)
    clock = StandingClock(datetime.now(UTC) - timedelta(days=32))
    engine = Engine(
        db=db, gateway=gateway, gateway_name="testbank", clock=clock,
        mailer=FolderMailer(folder / "mail"), settings=Settings(),
    )  # fmt: skip
    world = World(engine, (await open_sandbox(engine)).platform)
    try:
        await world.open("Agency", sells=True)
        await world.card("Agency", "tok_slow")
        await world.auto_billing("Agency")
        await world.package("Agency", 2_500, credits=3_000)
        plan = await world.package("Agency", PRICE_MINOR, credits=CREDITS, interval="month")
        await world.stock("Agency", credits=2 * CREDITS * CLIENTS)
        for number in range(CLIENTS):
            await world.open(f"Client {number}", "Agency")
            # Few renewals take their time, so that kills hit them; many do so by themselves.
            slow = number % 4 == 0 and not LARGE
            await world.card(f"Client {number}", "tok_slow" if slow else "tok_success")
            await world.buy(f"Client {number}", plan)
        await world.settle()
        await copy_agency(dsn, world.names["Agency"], AGENCIES - 1, lambda: None)
        agencies = await db.fetch("select * from account where sells and not supply")
        short = agencies[::3]
        for row in short:
            await engine.spend(
                tenant_id=row["tenant_id"], account_id=row["account_id"], wait_ms=0, key="used up",
                body_hash=b"", credits=CREDITS * CLIENTS - 50, model=None, messages=None,
            )  # fmt: skip
    finally:
        await engine.stop()
        await gateway.close()
    return len(short)


async def kill_some(db: Database, workers: list[Program], rng: random.Random) -> list[int]:
    """Kill one worker after the other in the middle of its work; how much was open each time."""
    open_at_kill = []
    done = await db.fetchval(_DONE)
    for number in range(KILLS):
        # Something of each step is done between two kills, so that they hit all of the way.
        async with asyncio.timeout(ENDS_WITHIN_S):
            while (now := await db.fetchval(_DONE)) < done + STEPS_BETWEEN:
                await asyncio.sleep(0.02)
        done = now
        await asyncio.sleep(rng.uniform(0, 0.1))
        open_now = await db.fetchval(_OPEN)
        victim = workers[number % 2]
        await victim.kill()
        open_at_kill.append(open_now)
        await victim.start()
    return open_at_kill


async def _left_over(db: Database) -> str:
    rows = await db.fetch(
        "select origin, mode, state, reason, tries, count(*), min(wake_real_at), now() from purchase "
        "where state not in ('delivered', 'failed') group by 1, 2, 3, 4, 5"
    )
    rows += await db.fetch(
        "select state, reason, count(*), min(wake_at) from subscription where due_at <= now() "
        "group by 1, 2"
    )
    rows += await db.fetch("select state, kind, count(*) from demand group by 1, 2")
    return "\n".join(str(dict(row)) for row in rows)


async def test_r35_workers_killed_twenty_times_renew_each_client_once(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """Each client is charged and granted once, each short agency charged once, by the journal."""
    bank = Bank(free_port(), tmp_path)
    workers = [worker(dsn, bank.url, tmp_path, f"worker-{n}", LEASE_S) for n in (1, 2)]
    try:
        await bank.program.start()
        await bank.ready()
        short = await build(db, dsn, bank.url, tmp_path)
        before = len(read_journal(bank.journal))
        for one in workers:
            await one.start()
        open_at_kill = await kill_some(db, workers, random.Random(SEED))
        restarted = time.monotonic()
        while await db.fetchval(_LEFT) or await db.fetchval(_OPEN):
            assert time.monotonic() - restarted < ENDS_WITHIN_S, await _left_over(db)
            await asyncio.sleep(0.1)
    finally:
        for one in (*workers, bank.program):
            await one.stop()
    taken = [e for e in read_journal(bank.journal)[before:] if e["kind"] == "captured"]
    row = await db.fetchrow(_RENEWED)
    assert row["once"] == row["clients"] == AGENCIES * CLIENTS
    assert [r["charges"] for r in await db.fetch(_BOUGHT)] == [1] * short
    assert sum(e["amount"] == PRICE_MINOR for e in taken) == AGENCIES * CLIENTS
    assert len(taken) == AGENCIES * CLIENTS + short
    assert len({e["payment"] for e in taken}) == len(taken)
    assert await audit(db) == []
    # It was a real test: most kills hit renewals under way.
    print(f"open at each kill: {open_at_kill}")
    assert sum(hit > 0 for hit in open_at_kill) >= KILLS // 2
