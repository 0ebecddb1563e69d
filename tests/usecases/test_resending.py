"""A request for money is never sent again more than 23 hours after its first try (R22)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from brimful.domain.moment import Moment
from brimful.usecases.steps import Step
from brimful_testbank.faults import Rule
from tests.builders.held import held_at
from tests.builders.world import World, small_world

LATE = timedelta(hours=23, minutes=1)
IN_TIME = timedelta(hours=22, minutes=59)


class LaterClock:
    """Both clocks, put forward by hand."""

    def __init__(self) -> None:
        self.by = timedelta()

    def moment(self) -> Moment:
        """Now and so much later."""
        now = datetime.now(UTC) + self.by
        return Moment(at=now, real_at=now)


async def interrupted(
    world: World, step: Step, payer: str, merchant: str, by: timedelta, *, confirmed: bool = False
) -> Rule:
    """A spend of ``payer``, whose process dies as it asks for money at a gateway account; then the
    worker looks again when so much time has passed. ``confirmed``: the request had arrived. The rule
    returned counts what was asked for since."""
    clock = LaterClock()
    world.engine.clock = clock
    async with held_at(step, lambda purchase: purchase.gateway_account == merchant) as held:
        caller = asyncio.create_task(world.spend(payer, 25))
        await held.arrived.wait()
        await world.engine.runner.stop()
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    if confirmed:
        [payment_id] = world.desk.bank.payments
        world.desk.bank.confirm(merchant, payment_id)
    clock.by = by
    rule = Rule(fault="lost_before", verb=str(step).removeprefix("before_"), merchant=merchant)
    rule.nth = 100
    world.desk.faults.rules[:] = [rule]
    await world.engine.take_up_due_work()
    await world.settle()
    return rule


@pytest.mark.parametrize("step", [Step.before_create, Step.before_confirm])
async def test_r22_within_the_time_the_same_request_is_sent_again(world: World, step: Step) -> None:
    """Under its key it takes the money once, whether the first try had arrived or not."""
    await small_world(world)
    asked = await interrupted(world, step, "Agency", "platform", IN_TIME)
    assert asked.seen == 1
    assert world.taken() == [1_000]


@pytest.mark.parametrize("step", [Step.before_create, Step.before_confirm])
async def test_r22_a_late_request_is_not_sent_again_but_cancelled(world: World, step: Step) -> None:
    """Nobody knows whether the gateway still has the key, so that it is looked up and ended."""
    await small_world(world)
    asked = await interrupted(world, step, "Agency", "platform", LATE)
    assert asked.seen == 0
    assert world.taken() == []
    [purchase] = await world.purchases("Agency")
    why = "gateway_unavailable" if step is Step.before_create else "canceled"
    assert (purchase["state"], purchase["reason"]) == ("failed", why)


async def test_r22_a_late_confirm_that_had_its_effect_is_granted(world: World) -> None:
    """Looked up, the money turns out to be taken: it is delivered once and not asked for again."""
    await small_world(world)
    asked = await interrupted(
        world, Step.before_confirm, "Agency", "platform", LATE, confirmed=True
    )
    assert asked.seen == 0
    assert world.taken() == [1_000]
    [purchase] = await world.purchases("Agency")
    assert purchase["state"] == "delivered"


async def test_r22_a_late_capture_gives_the_hold_back(world: World) -> None:
    """The client keeps its money; what its seller has paid for stays in the seller's pool (R17)."""
    await small_world(world)
    merchant = (await world.account("Agency")).merchant_ref
    asked = await interrupted(world, Step.before_capture, "Client 1", merchant, LATE)
    assert asked.seen == 0
    assert world.taken(merchant) == [] and world.held_open() == []
    [purchase] = await world.purchases("Client 1")
    assert purchase["state"] == "failed"
    assert (await world.credits("Agency")).free == 4_000
