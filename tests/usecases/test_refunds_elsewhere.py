"""R25: money that goes back at the gateway's dashboard while a refund made here has no answer yet."""

import asyncio

from brimful.billing.refunds import refund_key
from brimful.usecases.refund_charge import RefundBegun
from brimful_testbank.faults import Rule
from tests.builders.held import until
from tests.builders.reversals import (
    bought,
    charge_of,
    debts,
    hear,
    record,
    refund,
    refund_elsewhere,
    refund_states,
    told,
)
from tests.builders.world import World, small_world


async def test_r22_r25_a_refund_that_was_not_made_is_given_up_beside_one_at_the_dashboard(
    world: World,
) -> None:
    """The gateway has one refund, which is not ours: after 23 hours ours was not made, and what it
    had frozen is the buyer's again."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_before", times=1_000))
    await refund(world, "Client 1", charge["charge_id"], 500, wait_ms=0)
    await refund_elsewhere(world, charge["payment_id"], 250)
    await world.db.execute(
        "update refund set requested_real_at = requested_real_at - interval '24 hours', "
        "wake_real_at = now() where state = 'requested'"
    )
    await world.engine.take_up_due_work()
    await world.settle()
    assert await refund_states(world, "Client 1") == ["refused", "succeeded"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (2_700, 0)
    assert await told(world, "Agency", "refund_refused") == ["refused"]


async def test_r25_a_refund_at_the_dashboard_is_recorded_while_one_made_here_has_no_answer(
    world: World,
) -> None:
    """An event tells it once: its credits are the seller's from then on, also if the process that
    asks for ours, which the gateway refuses in the end, dies with that answer."""
    charge = await bought(world)
    world.desk.faults.close_gate("refund")
    asking = asyncio.create_task(refund(world, "Client 1", charge["charge_id"], 500))
    await world.desk.faults.wait_for("refund", 1)
    merchant = world.desk.bank.payments[charge["payment_id"]]["merchant"]
    world.desk.bank.refund(merchant, charge["payment_id"], 2_250)
    await record(world, charge["payment_id"])
    assert (await world.credits("Agency")).free == 2_700
    assert await told(world, "Agency", "client_refund") == ["succeeded"]
    world.desk.faults.open_gate("refund")
    assert not isinstance(await asking, RefundBegun)
    await world.settle()
    assert await refund_states(world, "Client 1") == ["refused", "succeeded"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (300, 0)
    assert await debts(world, "Agency") == []


async def test_r22_r25_a_refund_whose_key_was_taken_off_it_at_the_dashboard_is_one_refund(
    world: World,
) -> None:
    """Its reply is lost, and whoever runs the gateway's account clears what we noted on it: it looks
    like one made there until our request, sent again, is answered with it."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_after", times=1))
    world.desk.faults.close_gate("look_up")
    asking = asyncio.create_task(refund(world, "Client 1", charge["charge_id"], 500))
    await world.desk.faults.wait_for("look_up", 1)
    world.desk.bank.payments[charge["payment_id"]]["refunds"][0]["reference"] = None
    world.desk.faults.open_gate("look_up")
    await until(lambda: _is_recorded(world))
    assert isinstance(await asking, RefundBegun)
    await hear(world, charge["payment_id"])
    assert await refund_states(world, "Client 1") == ["succeeded"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (2_400, 0)
    assert (await world.credits("Agency")).free == 600
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 500


async def test_r25_r42_what_is_missing_when_two_refunds_turn_out_to_be_one_is_told(
    world: World,
) -> None:
    """The charge collected $0.40 beside its 3,000 credits, of which 1,200 are used. Our refund of $10.00 of
    the credits looks like one of the whole charge, and a dispute of $10.00 is lost: 2,362 are to go back,
    so that 562 are missing. Once it is known as ours, they are 2,368."""
    await small_world(world)
    await world.stock("Agency", credits=3_010)
    await world.buy("Client 1", await world.package("Agency", 40, credits=10))
    await world.buy("Client 1", await world.package("Agency", 2_500, credits=3_000))
    await world.settle()
    await world.spend("Client 1", 1_210)
    charge = await charge_of(world, "Client 1")
    assert charge["amount_minor"] == 2_540
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_after", times=1))
    world.desk.faults.close_gate("look_up")
    asking = asyncio.create_task(refund(world, "Client 1", charge["charge_id"], 1_000, line=1))
    await world.desk.faults.wait_for("look_up", 1)
    world.desk.bank.payments[charge["payment_id"]]["refunds"][0]["reference"] = None
    world.desk.bank.dispute(charge["payment_id"], 1_000, state="lost")
    world.desk.faults.open_gate("look_up")
    await until(lambda: _is_recorded(world))
    await asking
    await hear(world, charge["payment_id"])
    assert await debts(world, "Agency") == [568]
    told_of = [
        one["facts"] for one in await world.notices("Agency") if one["kind"] == "client_debt"
    ]
    assert [facts["credits"] for facts in told_of] == [562, 568]


async def test_r25_r45_a_cent_given_back_under_our_key_is_a_cent(world: World) -> None:
    """A refund of all was refused; its seller makes one of a cent at the dashboard, and writes on it
    what ours would have borne. The buyer keeps all but what a cent paid for, whatever is written later."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="refuse", times=1))
    assert not isinstance(await refund(world, "Client 1", charge["charge_id"]), RefundBegun)
    refused = await world.db.fetchval("select refund_id from refund")
    payment = world.desk.bank.payments[charge["payment_id"]]
    key = refund_key(payment["merchant"], refused)
    world.desk.bank.refund(payment["merchant"], charge["payment_id"], 1)
    await hear(world, charge["payment_id"])
    world.desk.bank.payments[charge["payment_id"]]["refunds"][0]["reference"] = key
    await hear(world, charge["payment_id"])
    world.desk.bank.refund(payment["merchant"], charge["payment_id"], 1, key)
    await hear(world, charge["payment_id"])
    assert await refund_states(world, "Client 1") == ["refused", "succeeded", "succeeded"]
    assert (await world.credits("Client 1")).free == 3_000 - 3_000 * 2 // 2_500


async def test_r22_r25_a_refund_without_an_answer_is_in_doubt_while_its_account_is_closed(
    world: World,
) -> None:
    """It was made, and its reply lost; that the account is closed by then says nothing of it. What it
    takes stays frozen until the gateway can be asked again."""
    charge = await bought(world)
    faults = world.desk.faults
    faults.rules.append(Rule(verb="refund", fault="lost_after", times=1))
    faults.rules.append(Rule(verb="look_up", fault="lost_before", times=1_000))
    await refund(world, "Client 1", charge["charge_id"], 500, wait_ms=0)
    await until(lambda: _is_made(world, charge["payment_id"]))
    await world.settle()
    merchant = await world.disconnect("Agency")
    await _taken_up_again(world)
    assert await refund_states(world, "Client 1") == ["requested"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (2_400, 600)
    world.desk.bank.connect(merchant)
    faults.rules.clear()
    await _taken_up_again(world)
    assert await refund_states(world, "Client 1") == ["succeeded"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (2_400, 0)
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 500


async def _taken_up_again(world: World) -> None:
    await world.db.execute("update refund set wake_real_at = now() where state = 'requested'")
    await world.engine.take_up_due_work()
    await world.settle()


async def _is_made(world: World, payment_id: str) -> bool:
    return bool(world.desk.bank.payments[payment_id]["refunds"])


async def _is_recorded(world: World) -> bool:
    await world.engine.take_up_due_work()
    return await refund_states(world, "Client 1") == ["succeeded"]
