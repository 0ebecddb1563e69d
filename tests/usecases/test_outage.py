"""R29: a gateway that gives no answer for a day: nothing paused, no burst, told once, all done after."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.effects import drive
from brimful.usecases.answers import SpendDone
from brimful_testbank.faults import Rule
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.held import until
from tests.builders.world import World, small_world

TEN_MINUTES = timedelta(minutes=10)


@contextlib.asynccontextmanager
async def working(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A worker beside the callers; a call without an answer is tried again soon."""
    monkeypatch.setattr(drive, "RETRY_AFTER_S", (0.01,))

    async def work() -> None:
        while True:
            await world.engine.take_up_due_work()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await world.settle()


async def nothing_open(world: World) -> bool:
    """Every purchase has ended."""
    question = "select count(*) from purchase where state not in ('delivered', 'failed')"
    return not await world.db.fetchval(question)


async def kinds(world: World, name: str) -> Counter[str]:
    """How often an account's owner was told what."""
    return Counter(notice["kind"] for notice in await world.notices(name))


async def test_r29_a_day_without_the_gateway(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three clients renew in it, and something is short every ten minutes, of the agency and of a
    client."""
    world, clock = calendar.world, calendar.clock
    await subscribers(calendar, "One", "Two", "Three")
    due_at = (await calendar.subscription("One"))["due_at"]
    await calendar.go_to(due_at - 2 * HOUR)
    taken = len(world.taken())
    world.desk.faults.rules.append(Rule("lost_before", times=10**9))
    async with working(world, monkeypatch):
        for _ in range(144):
            clock.at += TEN_MINUTES
            for name in ("Agency", "One"):
                answer = await world.spend(name, 10_500, wait_ms=300)
                assert not isinstance(answer, SpendDone)
        began = await world.db.fetchval("select count(*) from purchase where state = 'failed'")
        assert began < 300, "asked after now and then, not at every shortage"
        world.desk.faults.rules.clear()
        await world.db.execute(
            "update purchase set wake_real_at = now() where wake_real_at > now()"
        )
        await until(lambda: nothing_open(world))
        clock.at += TEN_MINUTES
        assert isinstance(await world.spend("Agency", 10_500), SpendDone)
        clock.at += HOUR
    await calendar.work()
    assert (await world.credits("Agency")).overdrawn == 0
    for name in ("One", "Two", "Three"):
        plan = await calendar.subscription(name)
        assert (plan["state"], plan["months_done"]) == ("active", 2)
    # One charge for each renewal, one for the agency's query, and the agency's for its clients.
    assert len(world.taken()) - taken <= 3 + 1 + 2
    assert await world.db.fetchval("select count(*) from breaker") == 0
    told = await kinds(world, "Agency")
    assert told["auto_billing_failed"] == 1
    assert told["client_waiting"] <= 1
    assert (await kinds(world, "One"))["auto_billing_failed"] <= 1
    for name in ("Agency", "One", "Two", "Three"):
        assert not {"paused", "past_due", "suspended"} & set(await kinds(world, name))


async def test_r29_while_it_lasts_a_shortage_is_refused_at_once(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second purchase without an answer shuts the gateway off for ten seconds; one that is
    answered ends it."""
    world, clock = calendar.world, calendar.clock
    await subscribers(calendar, "One")
    world.desk.faults.rules.append(Rule("http_500_before", verb="create", times=10**9))
    async with working(world, monkeypatch):
        for _ in range(2):
            clock.at += timedelta(seconds=1)
            first = await world.spend("Agency", 10)
            assert isinstance(first, Refuse) and first.reason is Reason.gateway_unavailable
            await until(lambda: nothing_open(world))
        begun = len(await world.purchases("Agency"))
        clock.at += timedelta(seconds=5)
        second = await world.spend("Agency", 10)
        assert isinstance(second, Refuse) and second.reason is Reason.gateway_unavailable
        assert len(await world.purchases("Agency")) == begun
        clock.at += timedelta(seconds=6)
        world.desk.faults.rules.clear()
        assert isinstance(await world.spend("Agency", 10), SpendDone)
        assert isinstance(await world.spend("Agency", 5_000), SpendDone)
    assert (await kinds(world, "Agency"))["auto_billing_failed"] == 1


async def no_answer_to(world: World, *verbs: str) -> None:
    """The bank breaks down at each of these, for as long as its rules stand."""
    for verb in verbs:
        world.desk.faults.rules.append(Rule("http_500_before", verb=verb, times=10**9))


async def given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker comes by until a purchase is given up; none does afterwards."""
    monkeypatch.setattr(drive, "RETRY_AFTER_S", (0.01,))

    async def is_canceling() -> bool:
        await world.engine.take_up_due_work()
        return bool(
            await world.db.fetchval("select count(*) from purchase where state = 'canceling'")
        )

    await until(is_canceling)
    monkeypatch.setattr(drive, "RETRY_AFTER_S", (1_000.0,))
    await world.settle()


async def test_r20_r29_while_a_cancel_has_no_answer_a_shortage_is_refused_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payment was made, and neither confirming nor cancelling it is answered: nothing can be bought beside
    it, so nobody is kept waiting for it."""
    await small_world(world, clients=0)
    await no_answer_to(world, "confirm", "look_up", "cancel")
    begun = asyncio.create_task(world.spend("Agency", 10))
    await given_up(world, monkeypatch)
    assert await world.db.fetchval("select payment_id is not null from charge")
    again = await world.spend("Agency", 10, wait_ms=5_000)
    for refused in (await begun, again):
        assert isinstance(refused, Refuse) and refused.reason is Reason.gateway_unavailable
    assert len(await world.purchases("Agency")) == 1
    assert (await kinds(world, "Agency"))["auto_billing_failed"] == 1
    world.desk.faults.rules.clear()
    await world.db.execute("update purchase set wake_real_at = now()")
    await until(lambda: _taken_up(world))
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert world.taken() == [1_000]


async def _taken_up(world: World) -> bool:
    await world.engine.take_up_due_work()
    await world.settle()
    return await nothing_open(world)
