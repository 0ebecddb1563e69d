"""R17, R22: what was taken for nothing comes back, however long and whatever its seller's bank says."""

import asyncio
from datetime import timedelta

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.effects.drive import GIVE_BACK_PAUSE
from brimful.usecases.steps import Step
from tests.builders.held import held_at, until
from tests.builders.reversals import told
from tests.builders.world import World, small_world
from tests.usecases.test_hostile_payer import work_until_idle


async def taken_for_nothing(world: World, disputed: bool) -> str:
    """A client whose hold its seller captured past the engine while it cannot furnish, and ``disputed``
    by the client before it is given back: the payment's id."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    await world.card("Agency", "tok_declined")
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        buying = asyncio.create_task(world.buy("Client 1", pack, wait_ms=1_000))
        await until(lambda: _waits(world))
        [payment_id] = world.held_open()
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.capture(payment["merchant"], payment_id, payment["amount"])
        if disputed:
            world.desk.bank.dispute(payment_id, None)
        held.go.set()
        answer = await buying
    assert not isinstance(answer, Refuse) or answer.reason is Reason.temporarily_unavailable
    await world.settle()
    return payment_id


async def _waits(world: World) -> bool:
    return [one["state"] for one in await world.purchases("Client 1")] == ["waiting"]


async def state(world: World) -> str:
    """Of the client's purchase."""
    [purchase] = await world.purchases("Client 1")
    return str(purchase["state"])


async def an_hour_later(world: World) -> None:
    """What is due in an hour of real time is due now, whatever day it was begun."""
    await world.db.execute(
        "update purchase set wake_real_at = wake_real_at - $1::interval, "
        "step_real_at = step_real_at - interval '2 days' where state = 'canceling'",
        GIVE_BACK_PAUSE + timedelta(minutes=1),
    )
    for _ in range(2):
        await world.engine.take_up_due_work()
        await world.settle()


@pytest.mark.parametrize("end", ["won", "lost"])
async def test_r17_r25_a_refund_that_is_refused_is_asked_for_again(world: World, end: str) -> None:
    """While the client's dispute is open its bank has the money, and the refund is refused: the seller
    is told once. Won, it is refunded after that; lost, the client has it back already."""
    payment_id = await taken_for_nothing(world, disputed=True)
    assert await state(world) == "canceling"
    await an_hour_later(world)
    assert await state(world) == "canceling"
    assert await told(world, "Agency", "not_given_back") == ["refused"]
    dispute = world.desk.bank.payments[payment_id]["disputes"][-1]
    world.desk.bank.move_dispute(payment_id, dispute["id"], end)
    await an_hour_later(world)
    assert await state(world) == "failed"
    assert world.desk.bank.payments[payment_id]["refunded"] == (700 if end == "won" else 0)
    assert await told(world, "Agency", "not_given_back") == ["refused"]
    assert (await world.credits("Client 1")).received == 0


async def test_r22_a_refund_counts_its_day_from_when_it_was_first_asked_for(world: World) -> None:
    """Its seller's account was closed for two days before it could be asked for at all; two days after it
    was asked for in vain it is not asked for any more."""
    payment_id = await taken_for_nothing(world, disputed=True)
    await an_hour_later(world)
    dispute = world.desk.bank.payments[payment_id]["disputes"][-1]
    world.desk.bank.move_dispute(payment_id, dispute["id"], "won")
    asked = "update charge set refund_asked_real_at = refund_asked_real_at - interval '2 days'"
    assert await world.db.fetchval(
        "select count(*) from charge where refund_asked_real_at is not null"
    )
    await world.db.execute(asked)
    await an_hour_later(world)
    assert await state(world) == "canceling"
    assert world.desk.bank.payments[payment_id]["refunded"] == 0
    await world.db.execute("update charge set refund_asked_real_at = null")
    await an_hour_later(world)
    assert await state(world) == "failed"
    assert world.desk.bank.payments[payment_id]["refunded"] == 700


async def test_r20_r29_a_late_decline_does_not_keep_whoever_waits(world: World) -> None:
    """The card is declined while its charge is being cancelled for another reason, and the gateway
    refuses that: whoever waits hears so at once all the same."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_declined")
    agency = world.names["Agency"]
    async with held_at(Step.before_confirm, lambda one: one.buyer_id == agency) as held:
        asks = asyncio.create_task(world.spend("Agency", 10, wait_ms=60_000))
        await held.arrived.wait()
        await world.db.execute(
            "update purchase set state = 'canceling', reason = 'temporarily_unavailable'"
        )
        world.desk.faults.close_gate("cancel")
        held.go.set()
        answer = await asks
        world.desk.faults.open_gate("cancel")
    assert isinstance(answer, Refuse)
    await work_until_idle(world)
    assert await world.db.fetchval("select decline_code from charge") is not None
