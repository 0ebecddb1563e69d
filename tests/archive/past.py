"""A past of several months to archive, and what of it must be the same before and after."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from brimful.billing.listings import list_entries
from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.effects import archive
from brimful.effects.archive import Report
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.open_months import open_months
from tests.builders.calendar import Calendar

NAMES = ("Agency", "Client 1", "Client 2")
# All of whose entries are of the first month.
KEEPER = "Keeper"
EVERYBODY = (*NAMES, KEEPER)
# What archiving leaves as it is, to the last row.
UNTOUCHED = (
    "balance", "lot", "transfer", "transfer_lot", "purchase", "purchase_line", "charge", "subscription",
    "demand", "chatbot", "command", "overdraft", "reversal",
)  # fmt: skip


@dataclass
class Past:
    """What was done: the spends by key, with when and how many credits."""

    calendar: Calendar
    spends: dict[str, tuple[str, int, datetime, Any]] = field(default_factory=dict)

    @property
    def world(self) -> Any:
        """The world it happened in."""
        return self.calendar.world

    async def spend(self, name: str, credits: int) -> None:
        """A spend that is done, or not."""
        key = f"past-{len(self.spends)}"
        done = await self.world.spend(name, credits, key=key)
        if isinstance(done, SpendDone):
            self.spends[key] = (name, credits, self.calendar.clock.at, done.spend_id)

    async def pages(self, name: str, resource: str) -> list[dict[str, Any]]:
        """The statement of an account, by pages of seven."""
        account, rows, before = await self.world.account(name), [], None
        while True:
            page = await list_entries(
                self.world.db,
                tenant_id=account.tenant_id,
                account_id=account.account_id,
                resource=resource,
                before_seq=before,
                limit=7,
            )
            if not page:
                return rows
            rows += page
            before = page[-1]["seq"]


async def live(calendar: Calendar, seed: int, *, by_month: bool) -> Past:
    """Half a year: a plan that renews and lapses, packs that end and packs that do not, an overdraft,
    chatbots, a client that buys automatically, one that is short, and one that is heard of no more; spends all the while. ``by_month``:
    entries lie in partitions, else all of them in the default one."""
    world, rng, past = calendar.world, Random(seed), Past(calendar)
    moment = world.engine.now()
    if by_month:
        await open_months(world.engine.ctx, moment=moment, present=True)
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency")
    forever = await world.package("Agency", 2_500, credits=3_000, name="3,000 credits")
    ending = await world.package("Agency", 900, credits=600, name="600", expires_after_days=40)
    plan = await world.package("Agency", 4_900, credits=1_000, interval="month", name="Plan")
    await world.stock("Agency", credits=500, chatbots=3)
    for name in ("Client 1", "Client 2", KEEPER):
        await world.open(name, "Agency")
        await world.card(name)
    await world.auto_billing("Client 1")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    assert isinstance(await world.buy("Client 2", forever), Bought)
    assert isinstance(await world.buy(KEEPER, forever), Bought)
    await past.spend(KEEPER, 100)
    await world.create_chatbot("Agency", "bot")
    ends = calendar.clock.at + timedelta(days=170)
    while calendar.clock.at < ends:
        for _ in range(rng.randint(1, 4)):
            await past.spend(rng.choice(NAMES), rng.randint(1, 400))
        if rng.random() < 0.2:
            await world.buy(rng.choice(NAMES[1:]), rng.choice((forever, ending)))
        if by_month:
            await open_months(world.engine.ctx, moment=world.engine.now(), present=False)
        await calendar.go(timedelta(hours=rng.randint(1, 24 * 20)))
    # Spends of the last day, not yet taken from their lots.
    for name in NAMES:
        await past.spend(name, 3)
    await world.settle()
    return past


async def rows(db: Database, *tables: str) -> dict[str, list[str]]:
    """All rows of some tables."""
    return {
        table: [
            row[0]
            for row in await db.fetch(f"select t::text as row from {table} t order by t::text")
        ]
        for table in tables
    }


async def put_away(
    db: Database, clock: Clock, *, to: Path | None = None, key_days: int | None = None
) -> Report:
    """Archive all that may be."""
    return await archive.run(
        db, clock, months=2, key_days=key_days, to=to, seen=lambda what, done: None
    )
