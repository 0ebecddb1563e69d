"""Renewals: many subscriptions due in one hour, a third of their agencies short (R35).

The rival is the same engine with one renewal a transaction, on the same database.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
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
from brimful.gateways.testbank.adapter import Testbank
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.runtime import calm_collector
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

Effect = dict[str, Any]


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
    gateway = MemoryTestbank()

    async def taken_in_memory() -> list[Effect]:
        return list(gateway.journal.effects)

    ours, rival = await _measured(gateway, taken_in_memory, AGENCIES, with_rival=True)
    assert rival is not None
    async with _bank_beside() as url:
        beside = Testbank(url)

        async def taken_beside() -> list[Effect]:
            async with httpx.AsyncClient(trust_env=False) as client:
                effects: list[Effect] = (await client.get(f"{url}/journal", timeout=60)).json()
                return effects

        apart, _ = await _measured(beside, taken_beside, max(3, AGENCIES // 10), with_rival=False)
        await beside.close()
    return [
        _figure("renewals", ours, "one renewal a transaction", 1000 / rival.per_second),
        _figure("renewals against a limit of 1,000 a second", ours, "limit", 1.0),
        _figure("renewals, testbank in a process of its own", apart, "", None),
        Figure(
            name="renewals, processor of the worker",
            value=1000 * ours.cpu_seconds / ours.renewed,
            unit="ms each",
            rival="one renewal a transaction",
            rival_value=1000 * rival.cpu_seconds / rival.renewed,
        ),
    ]


def _figure(name: str, run: _Run, rival: str, rival_value: float | None) -> Figure:
    value = 1000 / run.per_second
    return Figure(name=name, value=value, unit="ms each", rival=rival, rival_value=rival_value)


@asynccontextmanager
async def _bank_beside() -> AsyncIterator[str]:
    """The address of a testbank that runs in a process of its own and keeps its journal in memory."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "brimful_testbank", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().split()[-1]
    finally:
        process.terminate()
        await process.wait()


async def _measured(
    gateway: Testbank,
    effects: Callable[[], Awaitable[list[Effect]]],
    agencies: int,
    *,
    with_rival: bool,
) -> tuple[_Run, _Run | None]:
    """A world of so many agencies on a database of its own, all due at once: its renewals, and before
    them, if wanted, those of the rival. Raises SystemExit when a charge or the books are wrong."""
    with tempfile.TemporaryDirectory(prefix="brimful-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with embedded(folder / "db") as dsn:
            await migrate(dsn)
            db = await connect(dsn)
            clock = _Clock()
            engine = Engine(
                db=db,
                gateway=gateway,
                gateway_name="testbank",
                clock=clock,
                mailer=FolderMailer(folder / "mail"),
                settings=Settings(),
            )
            try:
                await _prepare(engine, dsn, agencies)
                clock.at = DUE
                calm_collector()
                before = len(await effects())
                rival = await _one_by_one(engine) if with_rival else None
                ours = await _together(engine)
                await _check(db, (await effects())[before:], agencies)
                return ours, rival
            finally:
                await engine.stop()
                await db.close()


async def _prepare(engine: Engine, dsn: str, agencies: int) -> None:
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
        task = progress.add_task("agencies", total=agencies - 1)
        await copy_agency(dsn, world.names["Agency"], agencies - 1, lambda: progress.advance(task))
    # Stock that was never bought has no business in the books, so the short ones give theirs away.
    sellers = await engine.ctx.db.fetch(
        "select account_id, tenant_id from account where sells and not supply order by account_id"
    )
    for number, row in enumerate(sellers):
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


async def _check(db: Database, effects: list[Effect], agencies: int) -> None:
    """One charge for each short agency, one for each client; and the books are right."""
    taken = [effect for effect in effects if effect["kind"] == "captured"]
    clients = sum(effect["amount"] == 900 for effect in taken)
    found, expected = (clients, len(taken) - clients), (agencies * CLIENTS, -(-agencies // 3))
    if found != expected:
        raise SystemExit(f"clients and agencies charged: {found}, not {expected}")
    findings = await audit(db)
    if findings:
        raise SystemExit(f"the books are wrong: {findings[:3]}")
