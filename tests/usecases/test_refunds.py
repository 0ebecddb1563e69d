"""R25: a refund to a buyer by its seller, made here or at the gateway."""

import asyncio
from typing import Any

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.clear_debt import clear_debt
from brimful.usecases.close_account import Closed, close_account
from brimful.usecases.refund_charge import (
    RefundBegun,
    RefundFigures,
    RefundWish,
    preview_refund,
    refund_charge,
)
from brimful.usecases.steps import Step
from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import Rule
from tests.builders.held import held_at, until
from tests.builders.reversals import (
    bought,
    charge_of,
    debts,
    end_refund,
    hear,
    refund,
    refund_elsewhere,
    refund_states,
    told,
)
from tests.builders.world import World, small_world


async def test_r25_a_whole_refund_gives_all_credits_back_to_the_seller(world: World) -> None:
    """The money goes back, the credits to the agency's pool; told once; nothing is left over."""
    charge = await bought(world)
    answer = await refund(world, "Client 1", charge["charge_id"])
    await world.settle()
    assert isinstance(answer, RefundBegun)
    assert await refund_states(world, "Client 1") == ["succeeded"]
    client, agency = await world.credits("Client 1"), await world.credits("Agency")
    assert (client.free, client.held, agency.free, agency.sold) == (0, 0, 3_000, 0)
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 2_500
    assert await told(world, "Client 1", "refund") == ["succeeded"]
    assert await told(world, "Agency", "client_refund") == []


@pytest.mark.parametrize(
    ("credits", "price_minor", "parts", "left"),
    [
        (3_000, 2_500, (1_000,), 1_800),
        # Of 1,000 credits for $9.99: 333 × 1,000 ÷ 999 = 333.3, so 333; 666 in all for twice.
        (1_000, 999, (333,), 667),
        (1_000, 999, (333, 333), 334),
        (1_000, 999, (333, 333, 333), 0),
        # Three credits for $1.00: each half takes one, and both together all three.
        (3, 100, (50,), 2),
        (3, 100, (50, 50), 0),
    ],
)
async def test_r25_partial_refund_takes_back_floor(
    world: World, credits: int, price_minor: int, parts: tuple[int, ...], left: int
) -> None:
    """floor(credits × a ÷ p), once for all parts together: the last cent takes the last credit."""
    charge = await bought(world, credits=credits, price_minor=price_minor)
    for amount in parts:
        assert isinstance(await refund(world, "Client 1", charge["charge_id"], amount), RefundBegun)
        await world.settle()
    assert (await world.credits("Client 1")).free == left
    assert (await world.credits("Agency")).free == credits - left
    assert await debts(world, "Agency") == []


async def test_r25_a_refund_beyond_the_unspent_is_refused(world: World) -> None:
    """1,800 of 3,000 are left: $15.00 can go back, not a cent more; and nothing changed."""
    charge = await bought(world, spent=1_200)
    refused = await refund(world, "Client 1", charge["charge_id"], 1_502)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.refund_beyond_unspent
    # 1,800 credits are 1,500 minor units; up to 1,500 takes floor(1,800) and 1,501 would take 1,801.
    assert refused.detail == {"refundable_minor": 1_500}
    assert await refund_states(world, "Client 1") == []
    assert isinstance(await refund(world, "Client 1", charge["charge_id"], 1_500), RefundBegun)
    await world.settle()
    assert (await world.credits("Client 1")).free == 0
    too_much = await refund(world, "Client 1", charge["charge_id"], 1_001)
    assert isinstance(too_much, Refuse)
    assert too_much.reason is Reason.refund_too_large


async def test_r25_preview_of_a_refund_changes_nothing(world: World) -> None:
    """The same figures, and the same refusals."""
    charge = await bought(world, spent=1_200)
    account = await world.account("Client 1")

    async def preview(amount_minor: int | None) -> Any:
        return await preview_refund(
            world.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            wish=RefundWish(charge_id=charge["charge_id"], amount_minor=amount_minor),
            moment=world.engine.clock.moment(),
        )

    assert await preview(None) == RefundFigures(
        amount_minor=1_500, currency="USD", credits={1: 1_800}
    )
    assert isinstance(await preview(1_501), Refuse)
    assert await refund_states(world, "Client 1") == []
    assert (await world.credits("Client 1")).free == 1_800


async def test_r25_what_a_refund_takes_back_is_frozen_while_the_gateway_is_asked(
    world: World,
) -> None:
    """Nobody spends it meanwhile; a refund that fails gives it back, and its owner hears of it."""
    charge = await bought(world)
    world.desk.bank.overrides[charge["fingerprint"]] = Behaviour(refund_pending=True)
    await refund(world, "Client 1", charge["charge_id"], 2_000)
    await world.settle()
    await world.auto_billing("Client 1", enabled=False)
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (600, 2_400)
    assert isinstance(await world.spend("Client 1", 601), Refuse)
    [pending] = world.desk.bank.payments[charge["payment_id"]]["refunds"]
    await end_refund(world, charge["payment_id"], pending["id"], "failed")
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (3_000, 0)
    assert await refund_states(world, "Client 1") == ["failed"]
    assert await told(world, "Client 1", "refund") == ["failed"]
    assert await told(world, "Agency", "client_refund") == ["failed"]


async def test_r25_a_refund_that_fails_after_it_went_through_gives_the_credits_back(
    world: World,
) -> None:
    """As late as it likes. What the seller sold meanwhile it owes, and gives from its next stock."""
    charge = await bought(world)
    await refund(world, "Client 1", charge["charge_id"])
    await world.settle()
    await world.auto_billing("Agency", enabled=False)
    await world.spend("Agency", 1_000)
    [done] = world.desk.bank.payments[charge["payment_id"]]["refunds"]
    await end_refund(world, charge["payment_id"], done["id"], "failed")
    assert (await world.credits("Client 1")).free == 2_000
    assert (await world.credits("Agency")).free == 0
    await world.stock("Agency", credits=5_000)
    await world.engine.take_up_due_work()
    await world.settle()
    assert (await world.credits("Client 1")).free == 3_000
    assert (await world.credits("Agency")).free == 4_000


async def test_r25_refunded_elsewhere_beyond_the_unspent_is_a_debt_and_pauses_the_card(
    world: World,
) -> None:
    """The seller is shown what is missing, once however often the gateway says it."""
    charge = await bought(world, spent=1_200)
    await refund_elsewhere(world, charge["payment_id"], 2_500)
    assert (await world.credits("Client 1")).free == 0
    assert (await world.credits("Agency")).free == 1_800
    assert await debts(world, "Agency") == [1_200]
    for _ in range(3):
        await hear(world, charge["payment_id"])
    assert await debts(world, "Agency") == [1_200]
    assert await told(world, "Agency", "client_refund") == ["succeeded"]
    [debt] = [one for one in await world.notices("Agency") if one["kind"] == "client_debt"]
    assert debt["facts"] == {"client": "Client 1", "credits": 1_200}
    assert len(await told(world, "Client 1", "paused")) == 1
    refused = await world.spend("Client 1", 10)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.auto_billing_paused
    # Its owner acts: from then on it is charged again, and the debt stands (R29).
    await world.auto_billing("Client 1", enabled=False)
    await world.auto_billing("Client 1")
    assert not isinstance(await world.spend("Client 1", 10), Refuse)
    assert await debts(world, "Agency") == [1_200]


async def test_r22_r25_a_lost_reply_refunds_once(world: World) -> None:
    """The reply is lost after the effect: sent again under its key, nothing moves twice."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_after", times=2))
    await refund(world, "Client 1", charge["charge_id"], 1_000)
    for _ in range(30):
        await world.engine.take_up_due_work()
        await world.settle()
        if await refund_states(world, "Client 1") == ["succeeded"]:
            break
        await asyncio.sleep(0.05)
    assert await refund_states(world, "Client 1") == ["succeeded"]
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 1_000
    assert (await world.credits("Client 1")).free == 1_800


async def test_r24_a_refund_whose_process_died_is_finished_by_the_worker(world: World) -> None:
    """The intent is committed, nothing was sent, nobody remembers: the row says what is due."""
    charge = await bought(world)
    account = await world.account("Client 1")
    begun = await refund_charge(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        wish=RefundWish(charge_id=charge["charge_id"], amount_minor=500),
        key="once",
        body_hash=b"",
        moment=world.engine.clock.moment(),
    )
    assert isinstance(begun, RefundBegun)
    assert begun.effects
    assert (await world.credits("Client 1")).held == 600
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 0
    await world.engine.take_up_due_work()
    await world.settle()
    assert await refund_states(world, "Client 1") == ["succeeded"]
    assert (await world.credits("Agency")).free == 600


async def test_r22_a_refund_is_not_sent_again_after_23_hours(world: World) -> None:
    """Its key may be forgotten by then: it is only looked for. It went through, as it turns out."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_after", times=1))
    world.desk.faults.close_gate("look_up")
    task = asyncio.create_task(refund(world, "Client 1", charge["charge_id"], 500))
    await world.desk.faults.wait_for("look_up", 1)
    await world.db.execute(
        "update refund set requested_real_at = requested_real_at - interval '24 hours'"
    )
    world.desk.faults.rules.append(Rule(verb="refund", fault="refuse", times=1_000))
    world.desk.faults.open_gate("look_up")
    await task
    await world.settle()
    assert await refund_states(world, "Client 1") == ["succeeded"]
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 500


async def test_r22_a_refund_that_never_reached_the_gateway_is_given_up_after_23_hours(
    world: World,
) -> None:
    """By then it is known that it was not made, and cannot be any more: the credits are free again."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="lost_before", times=1_000))
    await refund(world, "Client 1", charge["charge_id"], 500, wait_ms=0)
    await world.settle()
    assert (await world.credits("Client 1")).held == 600
    await world.db.execute(
        "update refund set requested_real_at = requested_real_at - interval '24 hours', "
        "wake_real_at = now()"
    )
    await world.engine.take_up_due_work()
    await world.settle()
    assert await refund_states(world, "Client 1") == ["refused"]
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (3_000, 0)
    assert await told(world, "Agency", "refund_refused") == ["refused"]


async def test_r25_r46_what_comes_back_to_a_closed_seller_goes_on(world: World) -> None:
    """A client refunded after it was closed: what it had given back counts, nothing is taken twice."""
    charge = await bought(world, spent=1_000)
    account = await world.account("Client 1")
    closed = await close_account(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        given_by="Its owner",
        moment=world.engine.clock.moment(),
    )
    assert isinstance(closed, Closed)
    world.engine.run(closed.effects)
    assert (await world.credits("Agency")).free == 2_000
    await refund_elsewhere(world, charge["payment_id"], 1_250)
    assert await debts(world, "Agency") == []
    await refund_elsewhere(world, charge["payment_id"], 1_250)
    assert await debts(world, "Agency") == [1_000]
    assert (await world.credits("Agency")).free == 2_000


async def test_r25_a_debt_is_cleared_by_the_seller_and_shrinks_with_its_cause(world: World) -> None:
    """Cleared once; if the refund fails after all, nothing is left to clear."""
    charge = await bought(world, spent=1_200)
    refund_id = await refund_elsewhere(world, charge["payment_id"], 2_500)
    account = await world.account("Client 1")
    debt_id = await world.db.fetchval("select debt_id from reversal")

    async def clear() -> object:
        return await clear_debt(
            world.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            debt_id=debt_id,
            by=account.parent_id,
            given_by="Owner of Agency",
            moment=world.engine.clock.moment(),
        )

    assert await clear() is True
    assert await clear() is False
    assert await debts(world, "Agency") == []
    await end_refund(world, charge["payment_id"], refund_id, "failed")
    assert isinstance(await clear(), Missing)
    row = await world.db.fetchrow("select taken, missing, cleared from reversal")
    assert row is not None
    assert tuple(row) == (0, 0, 0)
    assert (await world.credits("Client 1")).free == 1_800


async def test_r25_a_refund_that_the_gateway_refuses_changes_nothing(world: World) -> None:
    """The caller hears it, the credits are free again, and the key is free for another try."""
    charge = await bought(world)
    world.desk.faults.rules.append(Rule(verb="refund", fault="refuse", times=1))
    refused = await refund(world, "Client 1", charge["charge_id"], 1_000, key="again")
    await world.settle()
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.refund_refused
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (3_000, 0)
    assert isinstance(
        await refund(world, "Client 1", charge["charge_id"], 1_000, key="again"), RefundBegun
    )


async def test_r39_one_key_refunds_once(world: World) -> None:
    """Twice with one key is one refund; the same key for another amount is an error."""
    charge = await bought(world)
    first = await refund(world, "Client 1", charge["charge_id"], 500, key="once")
    again = await refund(world, "Client 1", charge["charge_id"], 500, key="once")
    await world.settle()
    assert isinstance(first, RefundBegun)
    assert isinstance(again, RefundBegun)
    assert first.refund_id == again.refund_id
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 500
    other = await refund(world, "Client 1", charge["charge_id"], 501, key="once")
    assert type(other).__name__ == "KeyConflict"


async def test_r25_refunds_of_a_seller_touch_only_what_is_left_of_its_lots(world: World) -> None:
    """The platform refunds an agency that has sold 3,000 of 5,000 on: 2,000 go back, the client keeps
    its own, and the rest is a debt."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    package = await world.package(None, 2_000, credits=5_000, name="5,000 credits")
    await world.buy("Agency", package)
    await world.open("Client 1", "Agency")
    await world.card("Client 1")
    await world.buy("Client 1", await world.package("Agency", 2_500, credits=3_000))
    await world.settle()
    charge = await charge_of(world, "Agency")
    await refund_elsewhere(world, charge["payment_id"], 2_000)
    assert (await world.credits("Client 1")).free == 3_000
    agency = await world.credits("Agency")
    assert (agency.free, agency.sold, agency.received) == (0, 3_000, 3_000)
    missing = await world.db.fetchval("select missing from reversal")
    assert missing == 3_000


async def test_r25_money_of_a_failed_purchase_that_is_not_given_back_after_all_is_told(
    world: World,
) -> None:
    """Its hold was captured past the engine and given back; that refund fails: the seller hears it."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    await world.card("Agency", "tok_declined")
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        buying = asyncio.create_task(world.buy("Client 1", pack, wait_ms=30_000))
        await until(lambda: _is_waiting(world))
        [payment_id] = world.held_open()
        payment = world.desk.bank.payments[payment_id]
        world.desk.bank.capture(payment["merchant"], payment_id, payment["amount"])
        held.go.set()
        assert isinstance(await buying, Refuse)
    await until(lambda: _is_failed(world))
    await world.settle()
    [back] = world.desk.bank.payments[payment_id]["refunds"]
    await hear(world, payment_id)
    assert await told(world, "Agency", "not_given_back") == []
    for _ in range(2):
        await end_refund(world, payment_id, back["id"], "failed")
    assert await told(world, "Agency", "not_given_back") == ["failed"]
    assert (await world.credits("Client 1")).received == 0


async def _is_waiting(world: World) -> bool:
    return [one["state"] for one in await world.purchases("Client 1")] == ["waiting"]


async def _is_failed(world: World) -> bool:
    await world.engine.take_up_due_work()
    return [one["state"] for one in await world.purchases("Client 1")] == ["failed"]
