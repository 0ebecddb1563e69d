"""An answer, or a row, that another process has overtaken leads to nothing (R23, R24)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from brimful.billing import payments, purchases
from brimful.billing.purchases import Purchase
from brimful.domain.effect import Drive
from brimful.domain.moment import Moment
from brimful.domain.payment import Declined, PaymentOutcome, Refused
from brimful.effects.drive import drive
from brimful.usecases.record_payment import record_payment
from brimful.usecases.steps import Step
from brimful_testbank.faults import Rule
from tests.builders.calendar import Calendar, subscribers
from tests.builders.held import held_at
from tests.builders.world import World, small_world
from tests.usecases.test_renewals import NEXT


async def stands_at(world: World, step: Step, payer: str) -> tuple[Purchase, str]:
    """A client's purchase whose process died at a step, free to be taken over; and its merchant."""
    account_id = world.names[payer]
    async with held_at(step, lambda purchase: purchase.buyer_id == account_id) as held:
        caller = asyncio.create_task(world.spend(payer, 25))
        await held.arrived.wait()
        await world.engine.runner.stop()
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    await world.db.execute("update purchase set lease_until = '-infinity' where state <> 'failed'")
    row = (await world.purchases(payer))[-1]
    purchase = await purchases.read_purchase(world.db, row["tenant_id"], row["purchase_id"])
    assert purchase is not None and purchase.gateway_account is not None
    return purchase, purchase.gateway_account


async def record(world: World, purchase: Purchase, outcome: PaymentOutcome, **said: Any) -> None:
    """Record an answer about a purchase's payment."""
    world.engine.run(
        await record_payment(
            world.engine.ctx,
            tenant_id=purchase.tenant_id,
            purchase_id=purchase.purchase_id,
            outcome=outcome,
            moment=world.engine.now(),
            **said,
        )
    )


async def look_up(world: World, purchase: Purchase) -> PaymentOutcome:
    """What the gateway says of a purchase's payment."""
    assert purchase.gateway_account is not None and purchase.payment_id is not None
    return await world.engine.gateway.look_up(
        account_ref=purchase.gateway_account, payment_id=purchase.payment_id
    )


async def test_r23_what_ended_between_lease_and_call_is_not_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker takes the lease; before it calls, an event's handler records the capture and delivers.
    What it asks for once more changes nothing: least of all is what was delivered refunded."""
    await small_world(world)
    purchase, merchant = await stands_at(world, Step.before_capture, "Client 1")
    assert purchase.payment_id is not None and purchase.charge_minor is not None
    world.desk.bank.capture(merchant, purchase.payment_id, purchase.charge_minor)
    claim = payments.claim

    async def overtaken(db: Any, **said: Any) -> list[Purchase]:
        monkeypatch.undo()
        had = await claim(db, **said)
        await record(world, purchase, await look_up(world, purchase))
        return had

    monkeypatch.setattr(payments, "claim", overtaken)
    await drive(world.engine.driver, tenant_id=purchase.tenant_id, purchase_id=purchase.purchase_id)
    await world.settle()
    assert world.taken(merchant) == [2_500]
    assert "refunded" not in {effect["kind"] for effect in world.desk.journal.effects()}
    assert [row["state"] for row in await world.purchases("Client 1")] == ["delivered"]


async def test_r23_a_renewal_that_ended_between_lease_and_call_is_not_given_back(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where renewals go together."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", stock=20_000)
    before = len(world.taken())
    claim = payments.claim
    overtook: list[UUID] = []

    async def overtaken(db: Any, **said: Any) -> list[Purchase]:
        had = await claim(db, **said)
        for one in had:
            if one.origin == "renewal" and one.state == "created":
                assert one.gateway_account is not None and one.payment_id is not None
                world.desk.bank.confirm(one.gateway_account, one.payment_id)
                await record(world, one, await look_up(world, one))
                overtook.append(one.purchase_id)
        return had

    monkeypatch.setattr(payments, "claim", overtaken)
    await calendar.go_to(NEXT)
    assert len(overtook) == 2 and len(world.taken()) == before + 2
    assert "refunded" not in {effect["kind"] for effect in world.desk.journal.effects()}
    for name in ("Anna", "Ben"):
        assert (await calendar.subscription(name))["state"] == "active"
        assert (await world.purchases(name))[-1]["state"] == "delivered"


@pytest.mark.parametrize(
    "late", [Refused(code="not_held"), Declined(payment_id="", code="card_declined", hard=True)]
)
async def test_r17_a_refusal_of_an_earlier_step_does_not_stop_the_capture(
    world: World, late: Refused | Declined
) -> None:
    """One worker's confirmation is refused while another's has held the card: the refusal comes when
    the capture is under way, and the purchase is delivered."""
    await small_world(world)
    purchase, merchant = await stands_at(world, Step.before_capture, "Client 1")
    assert purchase.state == "capturing"
    await record(world, purchase, late, asked="created")
    await world.engine.take_up_due_work()
    await world.settle()
    assert [row["state"] for row in await world.purchases("Client 1")] == ["delivered"]
    assert world.taken(merchant) == [2_500]
    assert "refunded" not in {effect["kind"] for effect in world.desk.journal.effects()}


async def test_r17_a_refusal_of_the_present_step_gives_the_hold_back(world: World) -> None:
    """The same refusal, of the capture itself: the purchase ends, and the stock stays the agency's."""
    await small_world(world)
    purchase, merchant = await stands_at(world, Step.before_capture, "Client 1")
    await record(world, purchase, Refused(code="not_held"), asked="capturing")
    await world.settle()
    assert [row["state"] for row in await world.purchases("Client 1")] == ["failed"]
    assert world.taken(merchant) == [] and world.held_open() == []


async def test_r27_switched_off_while_it_is_looked_up_is_not_charged(world: World) -> None:
    """A worker that took over reads the payment back, and it is not confirmed. Meanwhile the owner
    switches off: it must not be confirmed after that."""
    await small_world(world)
    purchase, _ = await stands_at(world, Step.before_confirm, "Agency")
    world.desk.faults.close_gate("look_up")
    driving = asyncio.create_task(
        drive(world.engine.driver, tenant_id=purchase.tenant_id, purchase_id=purchase.purchase_id)
    )
    await world.desk.faults.wait_for("look_up", 1)
    await world.auto_billing("Agency", enabled=False)
    world.desk.faults.open_gate("look_up")
    world.engine.run(await driving)
    await world.settle()
    [row] = await world.purchases("Agency")
    assert (row["state"], row["reason"]) == ("failed", "auto_billing_off")
    assert world.taken() == []


async def test_r24_a_lost_reply_is_not_tried_again_at_once(world: World) -> None:
    """The next try has its time; nothing that follows from the step before runs ahead of it."""
    await small_world(world)
    rule = Rule(fault="lost_before", verb="confirm", times=1)
    world.desk.faults.rules[:] = [rule]
    purchase, _ = await stands_at(world, Step.before_create, "Agency")
    ids = {"tenant_id": purchase.tenant_id, "purchase_id": purchase.purchase_id}
    follows = await drive(world.engine.driver, **ids)
    assert rule.seen == 1
    assert not [one for one in follows if isinstance(one, Drive)]
    [row] = await world.purchases("Agency")
    assert (row["state"], row["tries"]) == ("created", 1)


@pytest.mark.parametrize(("late", "state"), [(False, "delivered"), (True, "created")])
async def test_r24_a_lease_that_is_half_over_is_renewed_before_the_payment_is_confirmed(
    world: World, late: bool, state: str
) -> None:
    """To create it took so long that another may have it by now: whoever created it asks before going on,
    and does not confirm. One that has most of its lease left goes on by what it stored."""
    await small_world(world)
    await world.stock("Agency", credits=50_000)
    purchase, _ = await stands_at(world, Step.before_create, "Client 1")
    passed = timedelta(0)

    def now() -> Moment:
        moment = world.engine.now()
        return Moment(moment.at, moment.real_at + passed)

    driver = replace(world.engine.driver, now=now)
    ids = {"tenant_id": purchase.tenant_id, "purchase_id": purchase.purchase_id}
    async with held_at(Step.before_create) as held:
        driving = asyncio.create_task(drive(driver, **ids))
        await held.arrived.wait()
        if late:
            passed = timedelta(seconds=driver.lease_s / 2 + 1)
            await world.db.execute(
                "update purchase set fence = fence + 1, lease_until = 'infinity' where state <> 'failed'"
            )
        held.go.set()
        world.engine.run(await driving)
    assert (await world.purchases("Client 1"))[-1]["state"] == state
    await world.db.execute("update purchase set lease_until = '-infinity' where state <> 'failed'")
    world.engine.run([Drive(**ids)])
    await world.settle()
    assert (await world.purchases("Client 1"))[-1]["state"] == "delivered"
