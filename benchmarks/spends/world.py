"""Accounts to spend from: one with a large stock, many with smaller ones, some with nothing."""

import sys
from dataclasses import dataclass
from uuid import UUID

from rich.progress import Progress

from benchmarks.copies import copy_agency
from benchmarks.spends.stage import Stage
from brimful.api import ids
from brimful.billing import keys
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.wiring import Engine

CLIENTS = 100
POOR = 10
STOCK = 10**8
HOT_STOCK = 10**11


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Accounts as the API shows their ids, the platform, and a key of it, which may name them all."""

    key: str
    platform: str
    hot: str
    many: list[str]
    poor: list[str]


async def make_world(stage: Stage, engine: Engine, accounts: int) -> tuple[World, Sandbox]:
    """One agency with its clients the usual way, the others as copies: ``accounts`` clients, in
    agencies of ``CLIENTS``; the hot one and the poor ones are further clients of the first."""
    sandbox = await open_sandbox(engine)
    await sandbox.open("Agency", sells=True)
    await sandbox.stock("Agency", credits=2 * CLIENTS * STOCK)
    for number in range(min(CLIENTS, accounts)):
        await sandbox.open(f"Client {number}", "Agency")
        await sandbox.stock(f"Client {number}", credits=STOCK)
    await sandbox.settle()
    copies = max(0, -(-accounts // CLIENTS) - 1)
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("accounts", total=copies)
        if copies:
            agency_id = sandbox.names["Agency"]
            await copy_agency(stage.dsn, agency_id, copies, lambda: progress.advance(task))
    many = await stage.connection.fetch(
        "select account_id from account where not sells and not supply order by account_id"
    )
    await sandbox.stock("Agency", credits=2 * HOT_STOCK)
    await sandbox.open("Hot", "Agency")
    await sandbox.stock("Hot", credits=HOT_STOCK)
    for number in range(POOR):
        await sandbox.open(f"Poor {number}", "Agency")
    await sandbox.settle()
    world = World(
        key=await platform_key(sandbox),
        platform=shown(sandbox.platform.platform_id),
        hot=shown(sandbox.names["Hot"]),
        many=[shown(row["account_id"]) for row in many],
        poor=[shown(sandbox.names[f"Poor {number}"]) for number in range(POOR)],
    )
    return world, sandbox


def shown(account_id: UUID) -> str:
    """The id of an account as the API shows it."""
    return ids.show("acc", account_id)


async def platform_key(sandbox: Sandbox) -> str:
    """A fresh key of the platform."""
    _, secret = await keys.issue(
        sandbox.db,
        account_id=sandbox.platform.platform_id,
        tenant_id=None,
        read_only=False,
        label="benchmark",
        moment=sandbox.engine.clock.moment(),
    )
    return secret
