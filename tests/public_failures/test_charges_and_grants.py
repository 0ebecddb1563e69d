"""Double charges, paid without credits, credited twice, one charge per increment, runaway purchases."""

import asyncio
from typing import Any

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Pending, SpendDone
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful_testbank.faults import Rule
from tests.builders.reversals import charge_of, hear
from tests.builders.world import World, small_world


async def served(world: World) -> None:
    """A client of an agency with stock; nobody has bought anything yet."""
    await small_world(world)
    await world.stock("Agency", credits=30_000)


async def pack(world: World) -> Any:
    """The agency's package of 3,000 credits for $25.00."""
    return await world.db.fetchval(
        "select package_id from package_version where name = '3,000 credits'"
    )


async def work_until_delivered(world: World, name: str) -> None:
    """Let the worker take up what is due until the account's last purchase is delivered."""
    for _ in range(100):
        await world.engine.take_up_due_work()
        await world.settle()
        if (await world.purchases(name))[-1]["state"] == "delivered":
            return
        await asyncio.sleep(0.05)


async def test_r22_a_slow_charge_that_succeeded_is_not_made_again(world: World) -> None:
    """Charged two or three times for one purchase: a charge that was slow, and had succeeded, was
    retried without a key. https://github.com/akash-network/console/pull/3449

    Here the reply is lost after the money was taken: the payment is read back, not made again."""
    await served(world)
    world.desk.faults.rules.append(Rule(verb="confirm", fault="lost_after", times=2))
    await world.buy("Client 1", await pack(world), wait_ms=0)
    await work_until_delivered(world, "Client 1")
    assert world.taken() == [2_500]
    assert (await world.credits("Client 1")).free == 3_000


async def test_r23_paid_and_no_event_ever_came(world: World) -> None:
    """Money taken and no credits, because the webhook was lost.
    https://github.com/elizaOS/eliza/issues/9321

    Here no event is delivered at all, and the process forgets what it began: the rows say what is
    due, and the payment is asked for."""
    await served(world)
    world.desk.events.mode["drop"] = True
    world.desk.faults.rules.append(Rule(verb="confirm", fault="lost_after", times=1))
    await world.buy("Client 1", await pack(world), wait_ms=0)
    await work_until_delivered(world, "Client 1")
    assert (await world.credits("Client 1")).free == 3_000
    assert world.taken() == [2_500]


async def test_r23_one_payment_told_many_times_is_credited_once(world: World) -> None:
    """$160 and $50 became $260: the same payment was credited by two paths.
    https://github.com/Significant-Gravitas/AutoGPT/pull/10672
    https://github.com/pollinations/pollinations/pull/11522
    https://github.com/anomalyco/opencode/issues/28402"""
    await served(world)
    await world.buy("Client 1", await pack(world))
    charge = await charge_of(world, "Client 1")
    await asyncio.gather(*(hear(world, charge["payment_id"]) for _ in range(20)))
    assert (await world.credits("Client 1")).received == 3_000


async def test_r39_the_same_purchase_sent_twice_is_one(world: World) -> None:
    """The same request twice made two charges: there was no idempotency key.
    https://github.com/getlago/lago-api/issues/5870"""
    await served(world)
    package = await pack(world)
    answers = await asyncio.gather(
        *(world.buy("Client 1", package, key="the same") for _ in range(5))
    )
    assert {type(answer) for answer in answers} <= {Bought, Pending}
    await world.settle()
    assert world.taken() == [2_500]


async def test_r13_a_shortage_larger_than_one_pack_is_one_charge(world: World) -> None:
    """One card charge for each increment until the shortage was covered.
    https://github.com/getlago/lago-api/pull/6177

    Here 5,000 credits are three packs of 2,000, and one charge of $30.00 (R12)."""
    await small_world(world)
    assert isinstance(await world.spend("Agency", 5_000), SpendDone)
    await world.settle()
    assert world.taken() == [3_000]


async def test_r19_a_burst_at_zero_is_one_charge(world: World) -> None:
    """29 charges, six of them in ten minutes; and a loop that ran for weeks.
    https://github.com/anthropics/claude-code/issues/68773
    https://github.com/getlago/lago-api/pull/6103
    https://github.com/danny-avila/LibreChat/pull/15879"""
    await small_world(world)
    answers = await asyncio.gather(*(world.spend("Agency", 25) for _ in range(40)))
    assert all(isinstance(answer, SpendDone) for answer in answers)
    await world.settle()
    # What came first was bought for, what came meanwhile was served from the surplus of it.
    assert world.taken() == [1_000]


async def test_r19_work_that_is_delivered_twice_buys_once(world: World) -> None:
    """A redelivered message bought again: a fresh key each time, and a guard that reads, then acts;
    or a lock whose time ran out while the charge was under way.
    https://github.com/flexprice/flexprice/pull/2155
    https://github.com/useautumn/autumn/pull/2962"""
    await small_world(world)
    agency = await world.account("Agency")
    spend = asyncio.create_task(world.spend("Agency", 25))
    plans = await asyncio.gather(
        *(
            plan_auto_billing(
                world.engine.ctx,
                tenant_id=agency.tenant_id,
                account_id=agency.account_id,
                moment=world.engine.clock.moment(),
            )
            for _ in range(10)
        )
    )
    for effects in plans:
        world.engine.run(effects)
    assert isinstance(await spend, SpendDone)
    await world.settle()
    assert world.taken() == [1_000]


async def test_r20_a_request_during_a_purchase_is_served(world: World) -> None:
    """A request while a top-up was under way got a terminal 402, with a card on file.
    https://github.com/Kilo-Org/cloud/pull/6217"""
    await small_world(world)
    await world.card("Agency", "tok_slow")
    first = asyncio.create_task(world.spend("Agency", 25))
    await asyncio.sleep(0)
    assert isinstance(await world.spend("Agency", 25), SpendDone)
    assert isinstance(await first, SpendDone)


async def test_r5_an_empty_account_buys_when_it_is_switched_on(world: World) -> None:
    """ "Active", and did not fire because the balance was below the threshold already.
    https://github.com/openai/codex/issues/23511"""
    await small_world(world)
    await world.auto_billing("Agency", enabled=False)
    assert isinstance(await world.spend("Agency", 25), Refuse)
    await world.auto_billing("Agency")
    assert isinstance(await world.spend("Agency", 25), SpendDone)


async def test_r23_no_credits_for_a_payment_that_did_not_happen(world: World) -> None:
    """Unlimited free credits by a checkout that was begun again and again.
    https://github.com/polarsource/polar/issues/8696"""
    await served(world)
    await world.card("Client 1", "tok_declined")
    for _ in range(3):
        assert isinstance(await world.buy("Client 1", await pack(world)), Refuse)
    await world.settle()
    assert (await world.credits("Client 1")).received == 0
    assert world.taken() == []


async def test_r16_nobody_is_told_of_a_success_before_the_money_is_there(world: World) -> None:
    """ "Succeeded" was sent while the payment was only processing.
    https://github.com/useautumn/autumn/pull/3382"""
    await small_world(world)
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Agency", 25))
    await world.desk.faults.wait_for("confirm", 1)
    assert [one["kind"] for one in await world.notices("Agency")] == []
    world.desk.faults.open_gate("confirm")
    assert isinstance(await spend, SpendDone)
    await world.settle()
    assert "auto_billed" in [one["kind"] for one in await world.notices("Agency")]


async def test_r28_a_cap_is_never_passed(world: World) -> None:
    """Charged 250 per cent of a cap of $5, with no notice; a "best-effort" cap.
    https://github.com/anthropics/claude-code/issues/59858
    https://github.com/LIT-Protocol/chipotle/pull/447"""
    await small_world(world)
    await world.auto_billing("Agency", per_month_minor=2_500)
    answers = await asyncio.gather(*(world.spend("Agency", 1_500) for _ in range(12)))
    await world.settle()
    refused = [answer for answer in answers if isinstance(answer, Refuse)]
    assert refused
    assert {answer.reason for answer in refused} == {Reason.cap_per_month}
    assert 0 < sum(world.taken()) <= 2_500
    assert "cap_reached" in [one["kind"] for one in await world.notices("Agency")]


async def test_r28_a_purchase_above_the_limit_is_refused_and_said_so(world: World) -> None:
    """A refill above the maximum was refused silently: no transaction, no invoice, no webhook.
    https://github.com/getlago/lago-api/pull/5992"""
    await small_world(world)
    await world.auto_billing("Agency", per_charge_minor=900)
    refused = await world.spend("Agency", 25)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.cap_per_charge
    await world.settle()
    assert "cap_reached" in [one["kind"] for one in await world.notices("Agency")]


async def test_r27_a_purchase_by_hand_does_not_switch_auto_billing_on(world: World) -> None:
    """About $1,000, after auto-recharge had switched itself on again at each purchase.
    https://github.com/openai/codex/issues/31987"""
    await served(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.buy("Client 1", await pack(world))
    assert isinstance(await world.spend("Client 1", 3_000), SpendDone)
    assert isinstance(await world.spend("Client 1", 1), Refuse)
    await world.settle()
    assert world.taken() == [2_500]
