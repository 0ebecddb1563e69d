"""A world in which business time goes where a test puts it."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from tests.builders.held import until
from tests.builders.world import World, running_world

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
START = datetime(2027, 1, 15, 9, tzinfo=UTC)


class StandingClock:
    """Business time stands where it was put; leases and waits run on real time (R38)."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def moment(self) -> Moment:
        """Where business time stands, and what the real time is."""
        return Moment(at=self.at, real_at=datetime.now(UTC))


class Calendar:
    """A world and its clock."""

    def __init__(self, world: World, clock: StandingClock) -> None:
        self.world, self.clock = world, clock

    async def work(self) -> None:
        """Do what is due now, until nothing is due and nothing is open."""
        world = self.world

        async def idle() -> bool:
            begun = await world.engine.take_up_due_work()
            await world.settle()
            open_now = await world.db.fetchval(
                "select count(*) from purchase where state not in ('delivered', 'failed')"
            )
            return not begun and not open_now

        await until(idle)

    async def go(self, span: timedelta) -> None:
        """Move business time on, and do what has become due."""
        await self.go_to(self.clock.at + span)

    async def go_to(self, at: datetime) -> None:
        """Move business time on to an instant, and do what has become due."""
        self.clock.at = at
        await self.work()

    async def subscription(self, name: str) -> dict[str, Any]:
        """The plan of an account."""
        row = await self.world.db.fetchrow(
            "select * from subscription where account_id = $1 and kind = 'subscription'",
            self.world.names[name],
        )
        return dict(row)


@contextlib.asynccontextmanager
async def timed_world(db: Database, mail: Path, at: datetime = START) -> AsyncIterator[Calendar]:
    """A world whose business time stands at ``at`` until it is moved."""
    clock = StandingClock(at)
    async with running_world(db, mail, clock=clock) as world:
        yield Calendar(world, clock)


async def subscribers(
    calendar: Calendar, *names: str, credits: int = 10_000, stock: int | None = None
) -> None:
    """An agency that buys automatically and sells a plan for $49.00 a month, and clients of it that
    bought it out of its stock, of which ``stock`` credits (by default none) are left."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency")
    await world.package("Agency", 2_500, credits=3_000, name="3,000 credits")
    plan = await world.package("Agency", 4_900, credits=credits, interval="month", name="Plan")
    await world.stock("Agency", credits=credits * len(names) + (stock or 0))
    for name in names:
        await world.open(name, "Agency")
        await world.card(name)
        await world.buy(name, plan)
    await calendar.work()
