"""Chains of accounts to disturb, built once by depth, and slots where every case finds them as new.

A copy of a whole database costs a third of a second of a core; its few rows cost a twentieth of that,
so a slot empties its database and fills it again, once nobody else is connected to it.
"""

import asyncio
import contextlib
import graphlib
import hashlib
import io
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from brimful.billing.accounts import Platform
from brimful.db.transaction import Database, connect
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.app import Desk
from brimful_testbank.bank import Bank
from brimful_testbank.faults import Faults
from brimful_testbank.journal import Journal
from brimful_testbank.server import serving
from tests.builders.world import World, running_world

# What a seller's package of credits brings and costs: a cent a credit. A tiny plan is sold as well.
SELLERS = ("Agency", "Branch", "Office", "Shop")
PACKS = {"Agency": 1_500, "Branch": 500, "Office": 500, "Shop": 500}
TINY_PLAN = 40
# What the agency has at first.
GIFT = 600
CLIENTS = ("Client", "Sibling", "Saver")

_TABLES = """
    select c.relname as name, coalesce(array_agg(f.confrelid::regclass::text)
        filter (where f.confrelid <> c.oid), '{}') as needs
    from pg_class c left join pg_constraint f on f.conrelid = c.oid and f.contype = 'f'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition and c.relname <> 'alembic_version'
    group by c.relname
"""
_OTHERS = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain below "Agency", with "Client", "Sibling" and "Saver" at its bottom, before anything
    happens: the rows of its database and the journal of its bank."""

    depth: int
    rows: dict[str, bytes]
    journal: Path
    platform: Platform
    names: dict[str, UUID]
    packages: dict[str, UUID]
    merchants: dict[str, str]

    @property
    def seller(self) -> str:
        """Who sells to the bottom."""
        return SELLERS[self.depth - 2]

    def fingerprint(self, name: str) -> str:
        """What the bank calls an account's card."""
        return hashlib.sha256(f"tok_success#{name}".encode()).hexdigest()[:16]

    def payer(self, fingerprint: str) -> str:
        """Whose card it is."""
        return next(name for name in self.names if self.fingerprint(name) == fingerprint)


async def build_chain(depth: int, dsn: str, folder: Path) -> Chain:
    """Open the accounts through the real use cases, on an empty database."""
    db = await connect(dsn)
    journal = folder / "bank.db"
    async with running_world(db, folder / "mail", journal=journal) as world:
        packages = await _open(world, depth)
        merchants = {(await world.account(name)).merchant_ref: name for name in world.names}
    await db.close()
    return Chain(
        depth=depth,
        rows=await _dump(dsn),
        journal=journal,
        platform=world.platform,
        names=dict(world.names),
        packages=packages,
        merchants={**merchants, "platform": "platform"},
    )


async def _open(world: World, depth: int) -> dict[str, UUID]:
    below = None
    for name in SELLERS[: depth - 1]:
        await world.open(name, below, sells=True)
        await world.card(name)
        await world.auto_billing(name)
        credits = await world.package(name, PACKS[name], credits=PACKS[name])
        plan = await world.package(name, TINY_PLAN, credits=TINY_PLAN, interval="month")
        below = name
    await world.stock("Agency", credits=GIFT)
    for name in CLIENTS:
        await world.open(name, below)
        await world.card(name)
        await world.auto_billing(name)
    return {"credits": credits, "plan": plan}


async def _dump(dsn: str) -> dict[str, bytes]:
    """Every table's rows, those first that others refer to."""
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch(_TABLES)
    order = graphlib.TopologicalSorter({row["name"]: row["needs"] for row in found})
    rows: dict[str, bytes] = {}
    for table in order.static_order():
        into = io.BytesIO()
        await connection.copy_from_query(f"select * from {table}", output=into, format="binary")
        rows[table] = into.getvalue()
    await connection.close()
    return rows


@dataclass(slots=True)
class Slot:
    """A database and a bank on which one case after another is played, each as if on new ones."""

    dsn: str
    folder: Path
    desk: Desk
    bank: Testbank
    watch: Database

    async def refill(self, chain: Chain) -> None:
        """Everything as the chain was built, and nobody connected but us."""
        while await self.watch.fetchval(_OTHERS):
            await asyncio.sleep(0.005)
        async with self.watch.transaction() as tx:
            for table in reversed(chain.rows):
                await tx.execute(f"delete from {table}")
            for table, rows in chain.rows.items():
                await tx.copy_to_table(table, source=io.BytesIO(rows), format="binary")
        self.desk.journal.close()
        shutil.copy(chain.journal, self.folder / "bank.db")
        self.desk.journal = Journal(self.folder / "bank.db")
        self.desk.bank = Bank(self.desk.journal)
        self.desk.bank.changed = self.desk.events.send
        self.desk.faults = Faults()


@contextlib.asynccontextmanager
async def slot_on(dsn: str, folder: Path) -> AsyncIterator[Slot]:
    """A slot on a migrated database of its own."""
    folder.mkdir()
    async with serving() as (url, desk):
        bank = Testbank(url, timeout_s=5)
        watch = await connect(dsn, size_max=1)
        try:
            yield Slot(dsn, folder, desk, bank, watch)
        finally:
            await watch.close()
            await bank.close()
