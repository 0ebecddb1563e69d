"""Entries by month: partitions that are opened before they are needed, and hide nothing from readers."""

import asyncio
import contextvars
import re
from datetime import UTC, datetime
from typing import Any

from brimful.billing.listings import list_entries
from brimful.domain.moment import Moment
from brimful.usecases.open_months import AHEAD, open_months
from tests.builders.world import World

AN_INSTANT = re.compile(r"'([^']+)'")
_WHERE = "select tableoid::regclass::text as place, at from entry order by at, seq"


async def agency(world: World) -> None:
    """An agency that has used some of its credits."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=100)
    await world.spend("Agency", 30)


async def places(world: World) -> set[str]:
    """In which partitions entries lie."""
    return {row["place"] for row in await world.db.fetch(_WHERE)}


async def statement(world: World) -> list[dict[str, Any]]:
    """What the agency sees of its credits."""
    account = await world.account("Agency")
    return await list_entries(
        world.db,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        resource="credits",
        before_seq=None,
        limit=50,
    )


async def test_entries_of_an_open_month_lie_in_it(frozen_world: World) -> None:
    """The next month is open before it begins (31 January, 23:00); the statement runs through both."""
    world = frozen_world
    ctx = world.engine.ctx
    assert await open_months(ctx, moment=world.engine.now(), present=True) == 1 + AHEAD
    await agency(world)
    assert await places(world) == {"entry_2027_01"}
    await world.advance(hours=2)
    await world.spend("Agency", 5)
    assert await places(world) == {"entry_2027_01", "entry_2027_02"}
    assert [row["free_after"] for row in await statement(world)][:2] == [65, 70]
    assert await open_months(ctx, moment=world.engine.now(), present=False) == 1


async def test_entries_that_are_there_already_stay_where_they_are(world: World) -> None:
    """Nobody who reads misses one: the month they are of stays in the default partition."""
    await agency(world)
    before = await statement(world)
    moment = world.engine.now()
    assert await open_months(world.engine.ctx, moment=moment, present=True) == AHEAD
    await world.spend("Agency", 5)
    assert await places(world) == {"entry_default"}
    assert (await statement(world))[1:] == before


async def test_several_processes_open_a_month_once(world: World) -> None:
    """All at once, as when they start together."""
    ctx, moment = world.engine.ctx, world.engine.now()
    tries = [open_months(ctx, moment=moment, present=True) for _ in range(4)]
    assert sum(await asyncio.gather(*tries)) == 1 + AHEAD
    await agency(world)
    assert await places(world) == {f"entry_{moment.at:%Y_%m}"}


async def test_a_month_is_opened_the_next_time_when_somebody_reads(world: World) -> None:
    """Nobody waits for a long reader."""
    ctx, moment = world.engine.ctx, world.engine.now()
    async with world.db.transaction() as tx:
        await tx.fetch(_WHERE)
        opening = open_months(ctx, moment=moment, present=False)
        assert await asyncio.create_task(opening, context=contextvars.Context()) == 0
    assert await open_months(ctx, moment=moment, present=False) == AHEAD


async def test_months_are_those_of_utc(world: World) -> None:
    """The last instant of a year and the first of the next, wherever the database thinks it is."""
    ctx = world.engine.ctx
    last = datetime(2031, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert await open_months(ctx, moment=Moment(at=last, real_at=last), present=True) == 1 + AHEAD
    rows = await world.db.fetch(
        "select relname, pg_get_expr(relpartbound, oid) as bound from pg_class"
        " where relispartition and relname like 'entry_2%' and relkind = 'r' order by 1"
    )
    bounds = {row["relname"]: AN_INSTANT.findall(row["bound"]) for row in rows}
    starts = {name: datetime.fromisoformat(of[0]).astimezone(UTC) for name, of in bounds.items()}
    assert starts == {
        "entry_2031_12": datetime(2031, 12, 1, tzinfo=UTC),
        "entry_2032_01": datetime(2032, 1, 1, tzinfo=UTC),
        "entry_2032_02": datetime(2032, 2, 1, tzinfo=UTC),
    }
