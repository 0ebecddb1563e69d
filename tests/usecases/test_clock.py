"""The test clock (R38): business time stands until it is advanced, and then goes through all that is
due; leases, waits and time-outs stay on real time."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from brimful.db.transaction import Database
from brimful.domain.effect import AdvanceClock
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.effects.advance_clock import advance_clock, watch_clock
from brimful.effects.clocks import DatabaseClock, SystemClock, clock_of
from brimful.settings import Settings, WrongSettings, read_settings
from brimful.usecases.answers import Bought, Pending, SpendDone
from brimful.usecases.move_clock import (
    ClockState,
    NotMoved,
    arrive,
    begin_advance,
    claim,
    halt_advance,
    read_clock,
    start_clock,
)
from brimful_testbank.cards import Behaviour
from tests.builders.world import World, small_world
from tests.conftest import FROZEN_AT

DAY = timedelta(days=1)
LEASE_S = 0.2


def real() -> Moment:
    """Now, for real."""
    return SystemClock().moment()


async def lots(world: World, *expiries: datetime) -> None:
    """One lot for the agency that ends at each of these instants."""
    for at in expiries:
        await world.stock("Agency", credits=1)
        await world.db.execute(
            "update lot set expires_at = $1 where lot_id = (select max(lot_id::text)::uuid from lot)",
            at,
        )
    await world.db.execute(
        "update balance set next_expiry_at = $1 where account_id = $2 and resource = 'credits'",
        min(expiries),
        world.names["Agency"],
    )


async def test_r38_a_month_passes_in_a_test(frozen_world: World) -> None:
    """A limit of the month is open again, credits have lapsed, and what happened is dated so."""
    world = frozen_world
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=1_000)
    assert isinstance(await world.spend("Agency", 2_000), SpendDone)
    refused = await world.spend("Agency", 1)
    assert isinstance(refused, Refuse) and refused.reason is Reason.cap_per_month
    monthly = await world.package(None, 900, credits=50, expires_after_days=28)
    assert isinstance(await world.buy("Agency", monthly), Bought)
    state = await world.advance(days=28, hours=1)
    assert state.frozen_at == FROZEN_AT + 28 * DAY + timedelta(hours=1)
    assert world.engine.clock.moment().at == state.frozen_at
    assert isinstance(await world.spend("Agency", 60), SpendDone)
    stock = await world.credits("Agency")
    assert (stock.lapsed, stock.free) == (50, 1_940)
    planned = [p["planned_at"] for p in await world.purchases("Agency")]
    assert planned == [FROZEN_AT, FROZEN_AT, state.frozen_at]
    entries = await world.db.fetch("select distinct at from entry order by at")
    lapsed_at = FROZEN_AT + 28 * DAY
    assert [row["at"] for row in entries] == [FROZEN_AT, lapsed_at, state.frozen_at]


async def test_r38_the_clock_stands_until_it_is_advanced(frozen_world: World) -> None:
    """Whatever is done meanwhile happens at one instant of business time, real time runs on."""
    first = frozen_world.engine.clock.moment()
    await small_world(frozen_world)
    await frozen_world.engine.take_up_due_work()
    later = frozen_world.engine.clock.moment()
    assert first.at == later.at == FROZEN_AT
    assert first.real_at < later.real_at < first.real_at + timedelta(minutes=5)
    opened = await frozen_world.db.fetch("select distinct created_at from account")
    assert [row["created_at"] for row in opened] == [FROZEN_AT]


async def test_r38_a_declined_card_may_be_tried_again_an_hour_of_business_time_later(
    frozen_world: World,
) -> None:
    """The gate of R29 is on business time, by the minute."""
    world = frozen_world
    await small_world(world, clients=0)
    [method] = world.desk.bank.methods.values()
    world.desk.bank.overrides = {method["fingerprint"]: Behaviour(decline="insufficient_funds")}
    assert isinstance(await world.spend("Agency", 10), Refuse)
    world.desk.bank.overrides = {}
    await world.advance(minutes=59)
    early = await world.spend("Agency", 10)
    assert isinstance(early, Refuse) and early.reason is Reason.retry_later
    await world.advance(minutes=1)
    assert isinstance(await world.spend("Agency", 10), SpendDone)


async def test_r38_an_advance_stops_at_all_that_is_due(frozen_world: World) -> None:
    """Each instant once, in order: renewals to be looked at, and warned of three days before, a
    suspension, lots that end, and the target; not what is due after it, nor what nobody waits for."""
    world = frozen_world
    await small_world(world)
    plan = await world.package("Agency", 900, credits=50, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    end = FROZEN_AT + 40 * DAY
    await lots(world, FROZEN_AT + 3 * DAY, end + DAY)
    await world.db.execute(
        "update subscription set state = 'past_due', past_due_since = $1, wake_at = $2",
        FROZEN_AT - 2 * DAY, FROZEN_AT + 9 * DAY,
    )  # fmt: skip
    seen: list[datetime] = []
    clock = DatabaseClock(world.db)
    await begin_advance(world.db, to=end, span=None, moment=real())

    async def work() -> int:
        await clock.refresh()
        if (at := clock.moment().at) not in seen:
            seen.append(at)
            return 1
        return 0

    await advance_clock(world.db, clock, work, world.engine.runner.rest, LEASE_S)
    assert [at - FROZEN_AT for at in seen] == [
        0 * DAY,
        3 * DAY,
        5 * DAY,
        9 * DAY,
        25 * DAY,
        28 * DAY,
        40 * DAY,
    ]
    assert await read_clock(world.db) == ClockState(frozen_at=end, target_at=None)
    await world.db.execute("update subscription set state = 'active', past_due_since = null")


async def test_r38_business_time_waits_for_what_is_under_way(frozen_world: World) -> None:
    """While a charge is at the gateway no time passes, whoever drives it."""
    world = frozen_world
    await small_world(world, clients=0)
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    await begin_advance(world.db, to=None, span=30 * DAY, moment=real())
    world.engine.run((AdvanceClock(),))
    held = await watch_clock(world.db, timeout_s=0.3, seen=lambda _: None)
    assert held == ClockState(frozen_at=FROZEN_AT, target_at=FROZEN_AT + 30 * DAY)
    world.desk.faults.open_gate("confirm")
    assert isinstance(await spend, SpendDone)
    arrived = await watch_clock(world.db, timeout_s=30, seen=lambda _: None)
    assert arrived == ClockState(frozen_at=FROZEN_AT + 30 * DAY, target_at=None)
    [purchase] = await world.purchases("Agency")
    assert purchase["ended_at"] == FROZEN_AT


async def test_r38_waits_and_leases_run_on_real_time(frozen_world: World) -> None:
    """A caller waits its milliseconds while the clock stands; a lease ends in seconds from now, not
    in another year."""
    world = frozen_world
    await small_world(world, clients=0)
    await world.advance(days=365)
    world.desk.faults.close_gate("confirm")
    before = real().real_at
    assert isinstance(await world.spend("Agency", 10, wait_ms=150), Pending)
    waited = real().real_at - before
    await world.desk.faults.wait_for("confirm", 1)
    driven = real().real_at - before
    [purchase] = await world.purchases("Agency")
    lease = purchase["lease_until"] - before
    world.desk.faults.open_gate("confirm")
    assert timedelta(milliseconds=150) <= waited < timedelta(seconds=10)
    assert timedelta() < lease <= timedelta(seconds=15) + driven
    assert purchase["planned_at"] == FROZEN_AT + 365 * DAY
    assert before <= purchase["planned_real_at"] <= before + waited


async def test_r38_business_time_never_runs_backward(frozen_world: World) -> None:
    """Nor over centuries; the refusal says where it is, and nothing has changed."""
    db = frozen_world.db
    stands = ClockState(frozen_at=FROZEN_AT, target_at=None)
    for to, span, reason in (
        (FROZEN_AT - timedelta(microseconds=1), None, Reason.clock_runs_forward),
        (None, -DAY, Reason.clock_runs_forward),
        (FROZEN_AT + 3_661 * DAY, None, Reason.clock_too_far),
    ):
        refused = await begin_advance(db, to=to, span=span, moment=real())
        assert refused == NotMoved(reason=reason, state=stands)
    again = await start_clock(db, at=FROZEN_AT + DAY, moment=real())
    assert again == NotMoved(reason=Reason.clock_started, state=stands)
    assert await read_clock(db) == stands


async def test_r38_there_is_one_advance_at_a_time(frozen_world: World) -> None:
    """Of many begun at once one is; the same target again is the same advance; a halted one leaves
    business time where it came to, and the way free for another."""
    db = frozen_world.db
    spans = [timedelta(days=n) for n in range(1, 9)]
    begun: list[Any] = await asyncio.gather(
        *(begin_advance(db, to=None, span=span, moment=real()) for span in spans)
    )
    [under_way] = [one for one in begun if isinstance(one, ClockState)]
    refused = [one for one in begun if isinstance(one, NotMoved)]
    assert {one.reason for one in refused} == {Reason.clock_advancing} and len(refused) == 7
    same = await begin_advance(db, to=under_way.target_at, span=None, moment=real())
    assert same == under_way
    stands = ClockState(frozen_at=FROZEN_AT, target_at=None)
    assert await halt_advance(db) == stands
    assert await halt_advance(db) is None
    assert (await frozen_world.advance(hours=1)).frozen_at == FROZEN_AT + timedelta(hours=1)


async def test_r38_the_first_advance_is_one_too(db: Database) -> None:
    """Where there was no clock, the one that starts it is the only one."""
    moment = real()
    begun: list[Any] = await asyncio.gather(
        *(begin_advance(db, to=None, span=n * DAY, moment=moment) for n in range(1, 9))
    )
    [under_way] = [one for one in begun if isinstance(one, ClockState)]
    assert under_way == await read_clock(db)
    assert under_way.frozen_at == moment.real_at


async def test_r38_who_is_not_there_yet_does_not_arrive(frozen_world: World) -> None:
    """An advance begun just after another was halted is not ended with it."""
    moment = real()
    begun = await begin_advance(frozen_world.db, to=None, span=DAY, moment=moment)
    fence = await claim(frozen_world.db, moment, moment.real_at + DAY)
    assert fence is not None
    await arrive(frozen_world.db, fence)
    assert await read_clock(frozen_world.db) == begun
    await halt_advance(frozen_world.db)


async def test_r38_an_advance_that_died_is_gone_on_with(frozen_world: World) -> None:
    """At the second of three instants its process is gone, with the lease. The clock stands there,
    nobody takes it over before the lease is over in real time, then another goes on: the same
    instants, none twice and none left out."""
    world = frozen_world
    await small_world(world, clients=0)
    await lots(world, FROZEN_AT + DAY, FROZEN_AT + 2 * DAY, FROZEN_AT + 3 * DAY)
    done: list[int] = []
    died = False
    clock = DatabaseClock(world.db)
    begun = await begin_advance(world.db, to=None, span=4 * DAY, moment=real())
    assert isinstance(begun, ClockState)

    async def work() -> int:
        nonlocal died
        await clock.refresh()
        days = (clock.moment().at - FROZEN_AT).days
        if days == 2 and not died:
            died = True
            raise KeyError("gone")
        if days in done[-1:]:
            return 0
        done.append(days)
        return 1

    with pytest.raises(KeyError):
        await advance_clock(world.db, clock, work, world.engine.runner.rest, LEASE_S)
    # Dead, it gave nothing back: its lease lasts.
    await world.db.execute(
        "update test_clock set lease_until = $1", real().real_at + timedelta(hours=1)
    )
    await advance_clock(world.db, clock, work, world.engine.runner.rest, LEASE_S)
    left = await read_clock(world.db)
    assert done == [0, 1]
    assert left == ClockState(frozen_at=FROZEN_AT + 2 * DAY, target_at=begun.target_at)
    await world.db.execute("update test_clock set lease_until = $1", real().real_at)
    await advance_clock(world.db, clock, work, world.engine.runner.rest, LEASE_S)
    assert done == [0, 1, 2, 3, 4]
    assert await read_clock(world.db) == ClockState(frozen_at=FROZEN_AT + 4 * DAY, target_at=None)


async def test_r38_who_lost_the_lease_moves_nothing(frozen_world: World) -> None:
    """A late process finds the fencing token changed and stops where it is."""
    world = frozen_world
    clock = DatabaseClock(world.db)
    await begin_advance(world.db, to=None, span=DAY, moment=real())
    asked = 0

    async def work() -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            await world.db.execute("update test_clock set fence = fence + 1")
        return 1

    await advance_clock(world.db, clock, work, world.engine.runner.rest, LEASE_S)
    assert asked == 2
    stands = ClockState(frozen_at=FROZEN_AT, target_at=FROZEN_AT + DAY)
    assert await read_clock(world.db) == stands
    await halt_advance(world.db)


async def test_r38_workers_go_on_with_an_advance_by_themselves(frozen_world: World) -> None:
    """The target is in the rows: a scan takes it up, without whoever began it."""
    world = frozen_world
    await begin_advance(world.db, to=None, span=30 * DAY, moment=real())
    await world.engine.take_up_due_work()
    await world.settle()
    state = await read_clock(world.db)
    assert state == ClockState(frozen_at=FROZEN_AT + 30 * DAY, target_at=None)


async def test_r38_without_a_test_clock_business_time_is_real_time(db: Database) -> None:
    """And nothing is asked of the database for it; where it is allowed and not yet started too."""
    assert isinstance(await clock_of(Settings(), db), SystemClock)
    allowed = await clock_of(Settings(test_clock=True), db)
    before, moment, after = real(), allowed.moment(), real()
    assert moment.at == moment.real_at
    assert before.at <= moment.at <= after.at


async def test_r38_a_clock_starts_in_the_past_only_where_nothing_is_written_down(
    world: World,
) -> None:
    """What was dated cannot lie in the future of business time."""
    past = datetime(2020, 2, 29, tzinfo=UTC)
    refused = await start_clock(world.db, at=past, moment=real())
    assert refused == NotMoved(reason=Reason.clock_runs_forward, state=None)
    future = real().real_at + DAY
    assert isinstance(await start_clock(world.db, at=future, moment=real()), ClockState)


async def test_r38_a_database_with_a_test_clock_is_refused_without_the_setting(
    db: Database,
) -> None:
    """Least of all in production: what was dated ahead would be due, and lapse, years too late."""
    await start_clock(db, at=FROZEN_AT, moment=real())
    for settings in (Settings(), Settings(production=True)):
        with pytest.raises(WrongSettings, match=r"test clock.*BRIMFUL_TEST_CLOCK"):
            await clock_of(settings, db)


def test_r38_production_refuses_the_test_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is to be run: one line, before anything is begun."""
    monkeypatch.setenv("BRIMFUL_TEST_CLOCK", "true")
    assert read_settings().test_clock
    monkeypatch.setenv("BRIMFUL_PRODUCTION", "true")
    with pytest.raises(WrongSettings, match="BRIMFUL_TEST_CLOCK is refused in production"):
        read_settings()


async def test_r44_holds_run_out_by_business_time(frozen_world: World, tmp_path: Path) -> None:
    """The bank hears the time with each call: a hold is there after four days, not after five."""
    world = frozen_world
    await small_world(world, clients=0)
    [method] = world.desk.bank.methods.values()
    gateway = world.engine.gateway
    states = []
    for number, days in ((1, 4), (2, 5)):
        made: Any = await gateway.create(
            account_ref="platform", customer_id=method["customer"], method_id=method["id"],
            amount_minor=1_000, currency="USD", capture="manual", idempotency_key=f"c{number}",
            description="", metadata={},
        )  # fmt: skip
        named = {"account_ref": "platform", "payment_id": made.payment_id}
        await gateway.confirm(**named, idempotency_key=f"h{number}", off_session=True)
        await world.advance(days=days)
        states.append(type(await gateway.look_up(**named)).__name__)
    assert states == ["Held", "Canceled"]
