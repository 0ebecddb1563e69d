"""Renewals: many subscriptions due in one hour, a third of their agencies short (R35).

The rival is the same engine with one renewal a transaction, on the same database.
"""

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from rich.progress import Progress
from tests.builders.memory_bank import MemoryTestbank

from benchmarks.copies import copy_agency
from benchmarks.figure import Figure
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from brimful.db.transaction import Database, connect
from brimful.domain.moment import Moment
from brimful.effects.drive import drive
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.usecases.renew import renew_due
from brimful.wiring import Engine

AGENCIES = int(os.environ.get("BRIMFUL_RENEWALS_AGENCIES", "500"))
CLIENTS = 100
CREDITS = 100
START = datetime(2027, 1, 15, 9, tzinfo=UTC)
DUE = datetime(2027, 2, 15, 9, tzinfo=UTC)
# The rival renews so many, one after the other on some connections at once.
RIVAL = 2_000
RIVAL_AT_ONCE = 8


class _Clock:
    at = START

    def moment(self) -> Moment:
        return Moment(at=self.at, real_at=datetime.now(UTC))


@dataclass(slots=True)
class _Run:
    renewed: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.renewed / self.seconds


def run() -> list[Figure]:
    """Renewals per second, with the rival's."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="brimful-bench-") as folder:
        Path(folder).chmod(0o755)
        async with embedded(Path(folder) / "db") as dsn:
            await migrate(dsn)
            db = await connect(dsn)
            try:
                return await _measure(db, dsn, Path(folder))
            finally:
                await db.close()


async def _measure(db: Database, dsn: str, folder: Path) -> list[Figure]:
    clock, gateway = _Clock(), MemoryTestbank()
    engine = Engine(
        db=db,
        gateway=gateway,
        gateway_name="testbank",
        clock=clock,
        mailer=FolderMailer(folder / "mail"),
        settings=Settings(),
    )
    await _prepare(engine, dsn)
    clock.at = DUE
    before = len(gateway.journal.effects)
    rival = await _one_by_one(engine)
    ours = await _together(engine)
    await _check(db, gateway, before)
    await engine.stop()
    return [
        Figure(
            name="renewals",
            value=1000 / ours.per_second,
            unit="ms each",
            rival="one renewal a transaction",
            rival_value=1000 / rival.per_second,
        ),
        Figure(
            name="renewals against a limit of 1,000 a second",
            value=1000 / ours.per_second,
            unit="ms each",
            rival="limit",
            rival_value=1.0,
        ),
        Figure(
            name="renewals, processor of the worker",
            value=1000 * ours.cpu_seconds / ours.renewed,
            unit="ms each",
            rival="one renewal a transaction",
            rival_value=1000 * rival.cpu_seconds / rival.renewed,
        ),
    ]


async def _prepare(engine: Engine, dsn: str) -> None:
    """One agency with its clients the usual way, the others as copies; every third is short."""
    world = await open_sandbox(engine)
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency")
    await world.package("Agency", 2_500, credits=3_000)
    plan = await world.package("Agency", 900, credits=CREDITS, interval="month", name="Plan")
    await world.stock("Agency", credits=2 * CREDITS * CLIENTS)
    for number in range(CLIENTS):
        await _client(world, plan, f"Client {number}")
    await world.settle()
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("agencies", total=AGENCIES - 1)
        await copy_agency(dsn, world.names["Agency"], AGENCIES - 1, lambda: progress.advance(task))
    # Stock that was never bought has no business in the books, so the short ones give theirs away.
    agencies = await engine.ctx.db.fetch(
        "select account_id, tenant_id from account where sells and not supply order by account_id"
    )
    for number, row in enumerate(agencies):
        if number % 3 == 0:
            await _use_up(engine, row["tenant_id"], row["account_id"])


async def _client(world: Sandbox, plan: UUID, name: str) -> None:
    await world.open(name, "Agency")
    await world.card(name)
    await world.buy(name, plan)


async def _use_up(engine: Engine, tenant_id: UUID, account_id: UUID) -> None:
    await engine.spend(
        tenant_id=tenant_id,
        account_id=account_id,
        wait_ms=0,
        key="used up",
        body_hash=b"",
        credits=CREDITS * CLIENTS - 50,
        model=None,
        messages=None,
    )


async def _left(db: Database) -> int:
    return int(await db.fetchval("select count(*) from subscription where due_at <= $1", DUE))


async def _together(engine: Engine) -> _Run:
    """As the worker does."""
    db = engine.ctx.db
    due = await _left(db)
    started, cpu = time.perf_counter(), time.process_time()
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("renewals", total=due)
        while left := await _left(db):
            progress.update(task, completed=due - left)
            await engine.take_up_due_work()
            await engine.runner.idle()
    return _Run(due, time.perf_counter() - started, time.process_time() - cpu)


async def _one_by_one(engine: Engine) -> _Run:
    """One renewal a transaction, one commit for each step of it, of agencies that are not short."""
    db = engine.ctx.db
    rows = await db.fetch(
        "select s.tenant_id, s.seller_id from subscription s "
        "join balance b on b.tenant_id = s.tenant_id and b.account_id = s.seller_id "
        "and b.resource = 'credits' and b.free >= $1 limit $2",
        CREDITS * CLIENTS,
        RIVAL,
    )
    before = await _left(db)
    started, cpu = time.perf_counter(), time.process_time()
    queue = iter(rows)

    async def renew_some() -> None:
        for row in queue:
            begun = await renew_due(
                engine.ctx, tenant_id=row["tenant_id"], seller_id=row["seller_id"],
                moment=engine.clock.moment(), limit=1,
            )  # fmt: skip
            for effect in begun.effects:
                purchase_id = getattr(effect, "purchase_id", None)
                if purchase_id is not None:
                    await drive(engine.driver, tenant_id=row["tenant_id"], purchase_id=purchase_id)

    await asyncio.gather(*(renew_some() for _ in range(RIVAL_AT_ONCE)))
    renewed = before - await _left(db)
    return _Run(renewed, time.perf_counter() - started, time.process_time() - cpu)


async def _check(db: Database, gateway: MemoryTestbank, before: int) -> None:
    """One charge for each short agency, one for each client; and the books are right."""
    taken = [e for e in gateway.journal.effects[before:] if e["kind"] == "captured"]
    clients = sum(effect["amount"] == 900 for effect in taken)
    agencies = len(taken) - clients
    short = -(-AGENCIES // 3)
    if (clients, agencies) != (AGENCIES * CLIENTS, short):
        raise SystemExit(
            f"{clients} clients and {agencies} agencies were charged, not "
            f"{AGENCIES * CLIENTS} and {short}"
        )
    findings = await audit(db)
    if findings:
        raise SystemExit(f"the books are wrong: {findings[:3]}")
