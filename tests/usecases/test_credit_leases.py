"""R39, R2: credits that a client spends by itself, reports and returns; the rest is charged at the end."""

import asyncio
from datetime import timedelta
from uuid import UUID

from brimful.domain.reason import Reason
from brimful.ledger import usage
from brimful.usecases.answers import SpendDone
from brimful.usecases.end_hold import HoldChanged
from tests.builders.holds import (
    capture,
    give_back,
    held,
    is_over,
    places,
    release,
    report,
    state,
)
from tests.builders.world import World, small_world
from tests.usecases.test_holds import client, refused


async def leased(world: World, credits: int = 60) -> UUID:
    """A lease of so many of a client's 100 credits."""
    await client(world, 100)
    return await held(world, "Client 1", credits, held_as="lease", ttl_s=60)


async def test_r39_what_is_reported_is_charged_and_the_rest_comes_back(world: World) -> None:
    """In all, not each time: 10, then 25, then 40 at its return."""
    lease = await leased(world)
    for credits in (10, 25):
        assert isinstance(await report(world, "Client 1", lease, credits), HoldChanged)
        assert await places(world, "Client 1") == (40, 60 - credits, credits, 0)
    assert isinstance(await give_back(world, "Client 1", lease, 40), HoldChanged)
    assert await places(world, "Client 1") == (60, 0, 40, 0)
    assert await state(world, lease) == ("captured", 0, 40)


async def test_r39_a_report_that_comes_twice_or_late_changes_nothing(world: World) -> None:
    """Reports are cumulative: an older one, a doubled one, ten at once, one after its return."""
    lease = await leased(world)
    await report(world, "Client 1", lease, 25)
    for credits in (25, 10, 0):
        assert await report(world, "Client 1", lease, credits, 30) is not None
        assert (await state(world, lease))[2] == 25
    await asyncio.gather(*(report(world, "Client 1", lease, 30) for _ in range(10)))
    assert await places(world, "Client 1") == (40, 30, 30, 0)
    for _ in range(2):
        assert isinstance(await give_back(world, "Client 1", lease, 35), HoldChanged)
        assert isinstance(await report(world, "Client 1", lease, 30), HoldChanged)
    assert await places(world, "Client 1") == (65, 0, 35, 0)
    assert refused(await give_back(world, "Client 1", lease, 36)) is Reason.hold_captured
    assert refused(await report(world, "Client 1", lease, 36)) is Reason.hold_captured


async def test_r2_no_more_is_charged_than_it_is_of(world: World) -> None:
    """Whoever says that it spent more is refused; so is a return of less than was reported."""
    lease = await leased(world)
    assert refused(await report(world, "Client 1", lease, 61)) is Reason.lease_exceeded
    assert refused(await give_back(world, "Client 1", lease, 61)) is Reason.lease_exceeded
    await report(world, "Client 1", lease, 25)
    assert refused(await give_back(world, "Client 1", lease, 24)) is Reason.lease_reported
    assert await state(world, lease) == ("standing", 35, 25)


async def test_r39_what_a_crashed_client_did_not_report_is_charged_at_the_end(world: World) -> None:
    """Of 60, 25 were reported; the other 35 may have been spent, so they are charged."""
    lease = await leased(world)
    await report(world, "Client 1", lease, 25)
    await is_over(world, lease)
    await world.engine.take_up_due_work()
    assert await state(world, lease) == ("expired", 0, 60)
    assert await places(world, "Client 1") == (40, 0, 60, 0)
    for late in (report, give_back):
        assert refused(await late(world, "Client 1", lease, 30)) is Reason.hold_expired
    assert await places(world, "Client 1") == (40, 0, 60, 0)


async def test_r39_a_report_after_the_end_is_refused_though_no_worker_came_by(world: World) -> None:
    """It is charged whole then, whatever is reported; a spend that is short finds nothing of it."""
    lease = await leased(world)
    await is_over(world, lease)
    assert refused(await give_back(world, "Client 1", lease, 0)) is Reason.hold_expired
    assert await state(world, lease) == ("expired", 0, 60)
    other = await held(world, "Client 1", 30, held_as="lease", ttl_s=60)
    await is_over(world, other)
    assert refused(await world.spend("Client 1", 11)) is Reason.insufficient_credits
    assert isinstance(await world.spend("Client 1", 10), SpendDone)
    assert await places(world, "Client 1") == (0, 0, 100, 0)


async def test_r36_a_lease_is_made_to_last_longer_for_a_day_at_most(world: World) -> None:
    """Each report may ask for more time, never for less, and an old one gets none."""
    lease = await leased(world)

    async def lasts() -> timedelta:
        row = await world.db.fetchrow("select placed_real_at, ends_real_at from credit_hold")
        return row["ends_real_at"] - row["placed_real_at"]

    told = await lasts()
    assert timedelta(seconds=60) <= told < timedelta(seconds=160)
    await report(world, "Client 1", lease, 10, 1)
    assert await lasts() == told
    await report(world, "Client 1", lease, 5, 3_600)
    assert await lasts() == told
    await report(world, "Client 1", lease, 10, 3_600)
    assert timedelta(seconds=3_600) < await lasts() < timedelta(seconds=3_700)
    await world.db.execute(
        "update credit_hold set placed_real_at = placed_real_at - interval '23 h 30 min', "
        "ends_real_at = now() + interval '1 min'"
    )
    await report(world, "Client 1", lease, 10, 3_600)
    assert await lasts() == timedelta(days=1)


async def test_r39_a_lease_is_no_hold_and_a_hold_no_lease(world: World) -> None:
    """Each ends in its own ways."""
    lease = await leased(world)
    hold = await held(world, "Client 1", 10)
    assert refused(await capture(world, "Client 1", lease, 5)) is Reason.hold_leased
    assert refused(await release(world, "Client 1", lease)) is Reason.hold_leased
    assert refused(await report(world, "Client 1", hold, 5)) is Reason.not_leased
    assert refused(await give_back(world, "Client 1", hold, 5)) is Reason.not_leased
    assert await places(world, "Client 1") == (30, 70, 0, 0)


async def test_r16_a_short_lease_is_bought_for_as_a_spend_is(world: World) -> None:
    """It is a spend with another ending, too."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    lease = await held(world, "Client 1", 2_000, held_as="lease", ttl_s=60)
    assert await places(world, "Client 1") == (1_000, 2_000, 0, 0)
    await give_back(world, "Client 1", lease, 500)
    assert await places(world, "Client 1") == (2_500, 0, 500, 0)


async def test_r33_a_report_is_no_burst_and_no_query(world: World) -> None:
    """50 of a lease, told at once, count in their hour; a forecast of the next minutes is of the 10 that
    one query used. Carried into sums or not."""
    lease = await leased(world)
    await world.spend("Client 1", 10)
    await give_back(world, "Client 1", lease, 50)
    account, at = await world.account("Client 1"), world.engine.now()
    ids, when = (account.tenant_id, account.account_id), {"since": account.created_at, "at": at.at}
    seen = [await usage.read_usage(world.db, *ids, **when)]
    await usage.carry_usage(world.db, *ids, at)
    seen.append(await usage.read_usage(world.db, *ids, **when))
    for one in seen:
        assert sum(one.hours.values()) == 60
        assert (list(one.minutes.values()), one.largest) == ([10], 10)
