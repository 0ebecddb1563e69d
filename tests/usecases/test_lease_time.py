"""R38, R39: a credit lease lasts from when its client is told of it, however long its grant took."""

from asyncio import create_task
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from uuid import UUID

from brimful.db.ids import new_id
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.ledger.spends import NewHold
from brimful.usecases.allot import Allotted, allot
from brimful.usecases.answers import SpendDone
from brimful.usecases.end_hold import HoldChanged
from tests.builders.held import blocked, until
from tests.builders.holds import give_back, held, is_over, place, places, report, state
from tests.builders.world import World, small_world
from tests.usecases.test_holds import client, refused

TTL = timedelta(seconds=5)
LATE = timedelta(seconds=7)


class StandingClock:
    """Real time stands where a test puts it, and business time with it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def moment(self) -> Moment:
        """Now, on both clocks."""
        return Moment(at=self.now, real_at=self.now)


async def lasts_until(world: World) -> datetime:
    """When the only hold ends."""
    ends_at: datetime = await world.db.fetchval("select ends_real_at from credit_hold")
    return ends_at


async def untold(world: World) -> UUID:
    """A lease of 60 of a client's 100 credits whose server died before it could answer; its key is "one"."""
    await client(world, 100)
    account = await world.account("Client 1")
    new = NewHold(
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        key="one",
        body_hash=b"lease 60",
        spend_id=new_id(),
        credits=60,
        held_as="lease",
        hold_s=5,
    )
    done = await world.engine.spending.spend(new, 0)
    assert isinstance(done, SpendDone)
    return done.spend_id


async def test_r38_a_lease_lasts_from_its_grant_though_others_kept_its_credits(
    world: World,
) -> None:
    """Asked for five seconds, it is granted after seven: it lasts five more, and what was not spent of
    it by then is not charged."""
    await client(world, 100)
    clock, outside = StandingClock(), copy_context()
    world.engine.clock = clock
    async with world.db.transaction() as tx:
        await tx.fetch(
            "select from balance where account_id = $1 for update", world.names["Client 1"]
        )
        asked = held(world, "Client 1", 60, held_as="lease", ttl_s=5)
        taking = create_task(asked, context=outside)
        await until(lambda: blocked(tx, 1))
        clock.now += LATE
    lease = await taking
    assert await lasts_until(world) == clock.now + TTL
    assert isinstance(await give_back(world, "Client 1", lease, 0), HoldChanged)
    assert await places(world, "Client 1") == (100, 0, 0, 0)


async def test_r38_a_lease_lasts_from_its_answer_though_it_was_long_in_being_told(
    world: World,
) -> None:
    """Whoever writes down that it is told waits for seven seconds, too."""
    lease = await untold(world)
    clock, outside = StandingClock(), copy_context()
    world.engine.clock = clock
    async with world.db.transaction() as tx:
        await tx.fetch("select from credit_hold for update")
        asked = held(world, "Client 1", 60, key="one", held_as="lease", ttl_s=5)
        taking = create_task(asked, context=outside)
        await until(lambda: blocked(tx, 1))
        clock.now += LATE
    assert await taking == lease
    assert await lasts_until(world) == clock.now + TTL


async def test_r38_a_lease_that_others_grant_late_lasts_no_less(world: World) -> None:
    """It waits for credits, and is granted by an allotment that was asked for a while ago."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    clock = world.engine.clock = StandingClock()
    world.desk.faults.close_gate("create")
    taking = create_task(place(world, "Client 1", 60, held_as="lease", ttl_s=5))
    await world.desk.faults.wait_for("create", 1)
    asked = clock.moment()
    clock.now += LATE
    given = await allot(
        world.engine.ctx,
        seller=await world.account("Agency"),
        child=await world.account("Client 1"),
        credits=100,
        chatbots=0,
        key="gift",
        body_hash=b"",
        moment=asked,
    )
    assert isinstance(given, Allotted) and isinstance(await taking, SpendDone)
    world.desk.faults.open_gate("create")
    assert await lasts_until(world) == clock.now + TTL


async def test_r38_taken_again_under_its_key_it_lasts_no_longer(world: World) -> None:
    """Its time runs from when it was told first: an answer that was lost may have come."""
    await client(world, 100)
    clock = world.engine.clock = StandingClock()
    first = await held(world, "Client 1", 60, key="one", held_as="lease", ttl_s=5)
    ends_at = await lasts_until(world)
    clock.now += timedelta(seconds=2)
    assert await held(world, "Client 1", 60, key="one", held_as="lease", ttl_s=5) == first
    assert await lasts_until(world) == ends_at == clock.now + timedelta(seconds=3)


async def test_r38_a_lease_that_nobody_was_told_of_is_given_back(world: World) -> None:
    """At its end, whoever ends it; asked for again it has ended, and its return is no mistake."""
    lease = await untold(world)
    await is_over(world, lease)
    await world.engine.take_up_due_work()
    assert await state(world, lease) == ("expired", 0, 0)
    assert await places(world, "Client 1") == (100, 0, 0, 0)
    assert await held(world, "Client 1", 60, key="one", held_as="lease", ttl_s=5) == lease
    assert isinstance(await give_back(world, "Client 1", lease, 0), HoldChanged)
    for late in (report, give_back):
        assert refused(await late(world, "Client 1", lease, 1)) is Reason.hold_expired
    assert await places(world, "Client 1") == (100, 0, 0, 0)


async def test_r39_whoever_reports_of_a_lease_was_told_of_it(world: World) -> None:
    """However it came to know: what it may have spent is charged."""
    lease = await untold(world)
    assert isinstance(await report(world, "Client 1", lease, 10), HoldChanged)
    await is_over(world, lease)
    await world.engine.take_up_due_work()
    assert await state(world, lease) == ("expired", 0, 60)
