"""R17, R45: what a seller takes of a hold in its own gateway account, past the engine."""

import asyncio
from typing import Any

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought
from brimful.usecases.steps import Step
from tests.builders.held import held_at, until
from tests.builders.reversals import charge_of
from tests.builders.world import World, small_world
from tests.usecases.test_hostile_payer import work_until_idle
from tests.usecases.test_reconcile import compared, reconciled, told


@pytest.mark.parametrize(
    ("captured", "refunded"), [(700, 0), (1, 0), (700, 1), (699, 100), (700, 700)]
)
async def test_r17_r45_a_hold_that_the_seller_captures_is_delivered_or_given_back(
    world: World, captured: int, refunded: int
) -> None:
    """In its own gateway account, past the engine, while it cannot furnish, all or a part of it, and
    some of that refunded: the client's money comes back, and it is served nothing."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    await world.card("Agency", "tok_declined")
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack))
        await until(lambda: _first_state(world, "Client 1", "waiting"))
        [payment_id] = world.held_open()
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.capture(payment["merchant"], payment_id, captured)
        if refunded:
            world.desk.bank.refund(payment["merchant"], payment_id, refunded)
        held.go.set()
        answer = await bought
    await work_until_idle(world)
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.temporarily_unavailable
    [purchase] = await world.purchases("Client 1")
    assert purchase["state"] == "failed"
    assert world.desk.bank.payments[payment_id]["refunded"] == captured
    assert (await world.credits("Client 1")).received == 0


async def test_r17_r45_a_hold_that_the_seller_captures_in_part_is_not_what_was_agreed_on(
    world: World,
) -> None:
    """Its stock is bought by then, and stays the seller's; the cent that it took comes back, and the
    next purchase finds the stock."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    client = world.names["Client 1"]
    async with held_at(Step.before_capture, lambda purchase: purchase.buyer_id == client) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack))
        await held.arrived.wait()
        payment_id = (await charge_of(world, "Client 1", "held"))["payment_id"]
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.capture(payment["merchant"], payment_id, 1)
        held.go.set()
        answer = await bought
    await work_until_idle(world)
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.temporarily_unavailable
    assert world.desk.bank.payments[payment_id]["refunded"] == 1
    assert (await world.credits("Client 1")).received == 0
    agency = await world.credits("Agency")
    assert (agency.free, agency.reserved) == (2_000, 0)
    assert isinstance(await world.buy("Client 1", pack), Bought)


async def test_r17_r20_what_such_a_hold_had_is_the_next_ones(world: World) -> None:
    """Two clients wait for a seller, whose 150 credits are the first one's. Their seller takes a cent of
    that one's hold: the second is served out of what it had, before the cent has come back, and nothing
    is bought for it."""
    await small_world(world, clients=2)
    await world.stock("Agency", credits=150)
    large = await world.package("Agency", 1_400, credits=200)
    small = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        first = asyncio.create_task(world.buy("Client 1", large))
        await until(lambda: _first_state(world, "Client 1", "waiting"))
        [payment_id] = world.held_open()
        second = asyncio.create_task(world.buy("Client 2", small))
        await until(lambda: _first_state(world, "Client 2", "waiting"))
        merchant = world.desk.bank.payments[payment_id]["merchant"]
        world.desk.bank.capture(merchant, payment_id, 1)
        world.desk.faults.close_gate("refund")
        await reconciled(world)
        assert isinstance(await second, Bought)
        assert world.desk.bank.payments[payment_id]["refunded"] == 0
        world.desk.faults.open_gate("refund")
        assert isinstance(await first, Refuse)
        held.go.set()
    await work_until_idle(world)
    assert (await world.credits("Client 2")).received == 100
    assert await world.purchases("Agency") == []
    left = await world.credits("Agency")
    assert (left.free, left.reserved) == (50, 0)
    assert world.desk.bank.payments[payment_id]["refunded"] == 1


@pytest.mark.parametrize("edit", [{"amount": 699}, {"amount": 7_000}, {"currency": "EUR"}])
async def test_r17_r45_a_payment_that_the_seller_edits_brings_nothing_and_comes_back(
    world: World, edit: dict[str, Any]
) -> None:
    """Before it is confirmed: what is taken is not what was agreed on. The next purchase is as ever."""
    await small_world(world)
    await world.stock("Agency", credits=5_000)
    pack = await world.package("Agency", 700, credits=100)
    world.desk.faults.close_gate("confirm")
    bought = asyncio.create_task(world.buy("Client 1", pack))
    await world.desk.faults.wait_for("confirm", 1)
    [payment_id] = world.desk.bank.payments
    world.desk.bank.payments[payment_id] |= edit
    world.desk.faults.open_gate("confirm")
    answer = await bought
    await work_until_idle(world)
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.temporarily_unavailable
    payment = world.desk.bank.payments[payment_id]
    assert payment["refunded"] == payment["captured"] > 0
    assert (await world.credits("Client 1")).received == 0
    assert isinstance(await world.buy("Client 1", pack), Bought)
    assert told(await compared(world)) == []


async def test_r17_r24_a_part_of_a_hold_that_nobody_looks_at_is_found_by_reconciling(
    world: World,
) -> None:
    """The purchase waits for its seller, so that no worker asks for it; the gateway's list says what
    was taken. It is given back, and compared once more there is nothing to say."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack))
        await until(lambda: _first_state(world, "Client 1", "waiting"))
        [payment_id] = world.held_open()
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.capture(payment["merchant"], payment_id, 1)
        assert told(await reconciled(world)) == [("recorded", None)]
        assert isinstance(await bought, Refuse)
        held.go.set()
    await work_until_idle(world)
    assert world.desk.bank.payments[payment_id]["refunded"] == 1
    assert told(await compared(world)) == []


async def _first_state(world: World, name: str, state: str) -> bool:
    return [p["state"] for p in await world.purchases(name)][:1] == [state]


async def test_r17_nothing_is_bought_for_a_hold_that_is_cancelled_while_it_waits(
    world: World,
) -> None:
    """In the seller's own gateway account, before the seller could buy for it: the client hears so, and the
    seller is charged nothing."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack))
        await until(lambda: _first_state(world, "Client 1", "waiting"))
        [payment_id] = world.held_open()
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.cancel(payment["merchant"], payment_id)
        found = await reconciled(world)
        held.go.set()
        answer = await bought
    await work_until_idle(world)
    assert isinstance(answer, Refuse), found
    assert await world.purchases("Agency") == []
    [purchase] = await world.purchases("Client 1")
    assert purchase["state"] == "failed" and world.taken() == []
