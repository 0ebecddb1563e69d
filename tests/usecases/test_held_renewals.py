"""R24, R35: renewals of which others keep a pool stay due, and hold up neither others nor connections."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from brimful.billing import payments
from brimful.domain.effect import Drive, DriveRenewals, Renew
from brimful.effects.drive_many import HELD_PAUSE, drive_many
from brimful.usecases.renew import renew_due
from tests.builders.calendar import Calendar, subscribers
from tests.builders.kept import POOL, kept
from tests.usecases.test_renewals import NEXT

CLIENTS = ("Anna", "Ben", "Cleo", "Dora")
PATIENT_MS = 60_000


async def test_r24_buyers_of_a_seller_that_is_held_are_not_each_waited_for(
    calendar: Calendar, dsn: str
) -> None:
    """Two of four are tried by themselves, and all stay due."""
    world = calendar.world
    await subscribers(calendar, *CLIENTS, stock=40_000)
    calendar.clock.at = NEXT
    agency = await world.account("Agency")
    with capture_logs() as told:
        async with kept(world, dsn, "Agency", only=POOL) as ctx:
            renewing = replace(world.engine.renewing, ctx=ctx)
            await renewing.renew(Renew(agency.tenant_id, agency.account_id))
    assert [one["event"] for one in told] == ["renewals_held_up", *["renewal_held_up"] * 2]
    await calendar.work()
    assert [(await world.credits(name)).received for name in CLIENTS] == [20_000] * 4


async def test_r35_who_buys_does_not_pass_what_is_due_and_held(
    calendar: Calendar, dsn: str
) -> None:
    """Nothing is decided before the renewal that others hold up; it is as soon as they let go. One that
    is put off for a fault of ours holds up no buyer."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", stock=20_000)
    await world.db.execute(
        "update subscription set anchor_at = anchor_at + interval '40 years' where account_id = $1",
        world.names["Ben"],
    )
    calendar.clock.at = NEXT
    anna, ben = await world.account("Anna"), await world.account("Ben")
    for name in ("Agency", "Anna"):
        async with kept(world, dsn, name, only=POOL) as ctx:
            renewing = replace(world.engine.renewing, ctx=ctx)
            assert not await renewing.renew_first(anna.tenant_id, anna.account_id, 0)
    renewing = world.engine.renewing
    await world.db.execute(
        "update subscription set wake_at = $2 where account_id = $1", ben.account_id, NEXT
    )
    assert await renewing.renew_first(ben.tenant_id, ben.account_id, 0)
    assert await renewing.renew_first(anna.tenant_id, anna.account_id, PATIENT_MS)
    received = [(await world.credits(name)).received for name in ("Anna", "Ben")]
    assert received == [20_000, 10_000]
    await world.settle()


@pytest.mark.parametrize(
    ("name", "renewed"), [("Agency", ()), ("Anna", ("Ben", "Cleo", "Dora"))], ids=["all", "one"]
)
async def test_r24_renewals_that_cannot_be_recorded_together_are_due_again_later(
    calendar: Calendar, dsn: str, name: str, renewed: tuple[str, ...]
) -> None:
    """Others keep a pool when the gateway has answered: none is driven by itself, which would wait as
    long again; those whose pools nobody keeps go on. Each is charged once in the end."""
    world = calendar.world
    await subscribers(calendar, *CLIENTS, stock=40_000)
    calendar.clock.at = NEXT
    agency = await world.account("Agency")
    tenant_id, moment = agency.tenant_id, world.engine.now()
    begun = await renew_due(
        world.engine.ctx, tenant_id=tenant_id, seller_id=agency.account_id, moment=moment
    )
    [group] = [one for one in begun.effects if isinstance(one, DriveRenewals)]
    async with kept(world, dsn, name, only=POOL) as ctx:
        driver = replace(world.engine.driver, ctx=ctx)
        ids = group.purchase_ids
        follows = await drive_many(driver, tenant_id=tenant_id, purchase_ids=ids)
    assert not [one for one in follows if isinstance(one, Drive)]
    done = [one for one in CLIENTS if (await world.credits(one)).received == 20_000]
    assert tuple(done) == renewed
    real_at = world.engine.now().real_at
    assert await payments.find_due(world.db, real_at, 10) == []
    found = await payments.find_due(world.db, real_at + HELD_PAUSE, 10)
    assert len(found) == len(CLIENTS) - len(renewed)
    await world.db.execute("update purchase set wake_real_at = $1 where wake_real_at > $1", real_at)
    await calendar.work()
    assert world.taken() == [4_900] * 8
