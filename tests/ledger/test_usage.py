"""R33: what forecasts are made of is what the entries say, whenever and by whomever it is summed."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import brimful
from brimful.db.sqlfile import load
from brimful.domain.buy_ahead import RECENT
from brimful.domain.forecast import HISTORY, Usage
from brimful.domain.moment import Moment
from brimful.ledger import usage
from brimful.ledger.audit import audit
from brimful.usecases.spend_credits import spend_credits
from tests.builders.clock import put_clock
from tests.builders.spends import new_spend
from tests.builders.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


async def agency(world: World, at: datetime) -> tuple[UUID, UUID]:
    """An agency with credits, opened at an instant."""
    put_clock(world, at)
    account = await world.open("Agency", sells=True)
    await world.stock("Agency", credits=1_000_000)
    return account.tenant_id, account.account_id


async def use(world: World, ids: tuple[UUID, UUID], credits: int, at: datetime) -> None:
    """One query at an instant."""
    await spend_credits(
        world.engine.ctx,
        world.engine.gatherer.spend,
        new_spend(*ids, credits),
        wait_ms=0,
        moment=moment(at),
    )


def moment(at: datetime) -> Moment:
    """An instant of business time."""
    return Moment(at=at, real_at=datetime.now(UTC))


async def seen(world: World, ids: tuple[UUID, UUID], at: datetime) -> Usage:
    """What is read of an account's use."""
    return await usage.read_usage(world.db, *ids, since=START, at=at)


async def test_r33_sums_are_the_entries_however_they_were_carried(world: World) -> None:
    """300 queries over a month, carried at random times or never: read alike before and after, by hour
    and by the last minutes; the hours are those that plain arithmetic makes."""
    ids = await agency(world, START)
    random = Random(7)
    expected: dict[datetime, int] = {}
    at = START
    for _ in range(300):
        at += timedelta(minutes=random.randint(1, 280))
        credits = random.choice((1, 10, 25))
        await use(world, ids, credits, at)
        hour = at.replace(minute=0)
        expected[hour] = expected.get(hour, 0) + credits
        if random.random() < 0.05:
            await usage.carry_usage(world.db, *ids, moment(at))
    before = await seen(world, ids, at)
    await usage.carry_usage(world.db, *ids, moment(at))
    after = await seen(world, ids, at)

    oldest = at - timedelta(days=28, hours=1)
    assert before == after
    assert before.hours == {hour: used for hour, used in expected.items() if hour > oldest}
    assert before.largest == 25
    assert before.minutes == {at: credits}
    assert await usage.find_uncarried(world.db, (UUID(int=0), UUID(int=0)), 9) == []


async def test_r33_what_was_sold_or_given_is_no_use(world: World) -> None:
    """Only the account's own queries count; of a minute and an hour all of them, of every lot."""
    ids = await agency(world, START)
    await world.open("Client", "Agency")
    await world.stock("Client", credits=4_000)
    for credits in (3, 4):
        await use(world, ids, credits, START + timedelta(minutes=5, seconds=credits))
    found = await seen(world, ids, START + HOUR / 6)
    assert found.hours == {START: 7}
    assert found.minutes == {START + timedelta(minutes=5): 7}
    assert (await seen(world, ids, START + HOUR)).minutes == {}


async def test_r33_carried_at_once_by_many_each_entry_counts_once(world: World) -> None:
    """Eight processes carry while queries are served."""
    ids = await agency(world, START)
    await asyncio.gather(
        *(use(world, ids, 2, START + timedelta(minutes=n)) for n in range(60)),
        *(usage.carry_usage(world.db, *ids, moment(START + HOUR)) for _ in range(8)),
    )
    await usage.carry_usage(world.db, *ids, moment(START + HOUR))
    assert (await seen(world, ids, START + HOUR)).hours == {START: 120}
    assert await audit(world.db) == []


async def test_r33_what_is_old_is_dropped(world: World) -> None:
    """29 days by hour, one hour by minute: the table does not grow with an account's age."""
    ids = await agency(world, START)
    for day in range(40):
        await use(world, ids, 1, START + timedelta(days=day))
        await usage.carry_usage(world.db, *ids, moment(START + timedelta(days=day)))
    rows = await world.db.fetch(
        "select grain, count(*) as n from usage_sum group by grain order by 1"
    )
    assert [tuple(row) for row in rows] == [("hour", 30), ("minute", 1)]


def test_r33_statements_look_back_as_far_as_forecasts_do() -> None:
    """The audit compares all that forecasts look at, and more than that is kept."""
    check = load("brimful.ledger", "checks/usage_matches_entries")
    assert set(re.findall(r"interval '([^']*)'", check)) == {f"{HISTORY.days} days"}
    migration = Path(brimful.__file__).parent / "db/migrations/0001_ground/160_usage.sql"
    kept = re.findall(r"interval '(\d+) (days?|hours?)'", migration.read_text(encoding="utf-8"))
    spans = {timedelta(**{unit.rstrip("s") + "s": int(number)}) for number, unit in kept}
    minutes, hours = sorted(spans)
    assert minutes > RECENT and hours >= HISTORY + HOUR
