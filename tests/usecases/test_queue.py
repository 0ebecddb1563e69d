"""R19, R20, R28: who waits hears its own reason, in its own time, and no other's trouble stops it."""

import asyncio
import time
from datetime import timedelta

import pytest

from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, ChatbotCreated, Pending, SpendDone
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.steps import Step
from brimful.usecases.sweep import sweep
from brimful_testbank.faults import Rule
from tests.builders.held import held_at, until
from tests.builders.world import World, small_world
from tests.usecases.test_caps_foreseen import limit_child
from tests.usecases.test_consent_and_cards import waits_at_seller
from tests.usecases.test_hostile_payer import first_pack, work_until_idle
from tests.usecases.test_no_idle_notices import a_spend_waits, plan


async def waiting(world: World, count: int) -> bool:
    """So many demands wait."""
    rows = await world.db.fetchval("select count(*) from demand where state = 'waiting'")
    return bool(rows == count)


async def test_r20_what_an_abandoned_spend_frees_serves_the_next(world: World) -> None:
    """24 credits set aside for one that gave up serve one that needs 20; nothing is bought."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=24)
    world.desk.faults.close_gate("create")
    bought = asyncio.create_task(world.buy("Agency", await first_pack(world)))
    await world.desk.faults.wait_for("create", 1)
    gave_up = asyncio.create_task(world.spend("Agency", 25, wait_ms=1_500))
    await until(lambda: waiting(world, 1))
    served = asyncio.create_task(world.spend("Agency", 20, wait_ms=30_000))
    assert isinstance(await gave_up, Pending)
    assert isinstance(await served, SpendDone)
    world.desk.faults.rules[:] = [Rule(fault="refuse", verb="create")]
    world.desk.faults.open_gate("create")
    await bought
    await world.settle()
    assert world.taken() == []


@pytest.mark.parametrize("chatbots", [0, 1])
async def test_r20_the_auto_billing_of_who_will_not_wait_goes_on(
    world: World, chatbots: int
) -> None:
    """However soon it gives up, it is planned before it is abandoned, whatever else is free; the credits
    come, and sent again it is done."""
    await small_world(world, clients=0)
    if chatbots:
        await world.stock("Agency", chatbots=chatbots)
    await world.settle()
    async with held_at(Step.before_plan):
        assert isinstance(await world.spend("Agency", 25, wait_ms=0), Pending)
    await world.settle()
    assert world.taken() == [1_000]
    assert isinstance(await world.spend("Agency", 25, wait_ms=0), SpendDone)


async def test_r20_what_is_about_to_be_given_up_is_not_ended_by_others(world: World) -> None:
    """A worker comes by, and others give back, between the end of a caller's time and its plan: that is
    planned all the same. A few seconds later its caller has died, and it is ended."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=5, chatbots=1)
    await world.settle()
    now = world.engine.now()
    states = "select array_agg(state order by at) from spend"
    for number, late_s in enumerate((1, 7)):
        await a_spend_waits(world, "Agency", 25 + number, now)
        later = Moment(now.at, now.real_at + timedelta(seconds=late_s))
        await sweep(world.engine.ctx, moment=later)
        assert await world.db.fetchval(states) == [["waiting"], ["abandoned", "abandoned"]][number]
    assert world.taken() == []
    await a_spend_waits(world, "Agency", 30, now)
    await plan(world, "Agency", Moment(now.at, now.real_at + timedelta(seconds=1)))
    assert world.taken() == [1_000]
    assert (await world.credits("Agency")).used == 0


@pytest.mark.parametrize(("needs", "taken"), [(25, []), (2_500, [1_000])])
async def test_r11_r20_what_came_in_time_is_not_bought_as_well(
    world: World, needs: int, taken: list[int]
) -> None:
    """1,000 credits come after the end of a caller's time, and before it is planned for: it is bought
    for what it lacks then."""
    await small_world(world, clients=0)
    await world.settle()
    now = world.engine.now()
    await a_spend_waits(world, "Agency", needs, now)
    await world.stock("Agency", credits=1_000)
    await plan(world, "Agency", Moment(now.at, now.real_at + timedelta(seconds=1)))
    assert world.taken() == taken
    assert (await world.credits("Agency")).used == 0


async def test_r19_a_shortage_waits_for_a_purchase_by_hand_whose_card_is_held(world: World) -> None:
    """Its seller is still buying for it: what it brings is enough, and nothing else is bought."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency, client = world.names["Agency"], await world.account("Client 1")
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack))
        await until(lambda: waits_at_seller(world, "Client 1"))
        spent = asyncio.create_task(world.spend("Client 1", 10))
        await until(lambda: waiting(world, 2))
        planned = await plan_auto_billing(
            world.engine.ctx, tenant_id=client.tenant_id, account_id=client.account_id,
            moment=world.engine.now(),
        )  # fmt: skip
        assert planned == ()
        held.go.set()
        assert isinstance(await bought, Bought)
        assert isinstance(await spent, SpendDone)
    assert len(await world.purchases("Client 1")) == 1


async def test_r4_r27_chatbots_switched_off_while_one_waits_are_not_bought(world: World) -> None:
    """It waits behind a purchase by hand; the owner switches buying chatbots off."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", buys_chatbots=True)
    await world.settle()
    world.desk.faults.close_gate("create")
    bought = asyncio.create_task(world.buy("Agency", await first_pack(world)))
    await world.desk.faults.wait_for("create", 1)
    created = asyncio.create_task(world.create_chatbot("Agency", "bot"))
    await until(lambda: waiting(world, 1))
    await world.auto_billing("Agency", buys_chatbots=False)
    world.desk.faults.open_gate("create")
    assert isinstance(await bought, Bought)
    answer = await created
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.chatbot_purchase_off
    assert world.taken() == [1_000]


async def test_r4_an_agency_that_wants_it_buys_the_chatbot_it_lacks(world: World) -> None:
    """With the switch of its own; a client never, whatever its setting says."""
    await small_world(world)
    await world.auto_billing("Agency", buys_chatbots=True)
    await world.auto_billing("Client 1", buys_chatbots=True)
    created = await world.create_chatbot("Agency", "bot")
    assert isinstance(created, ChatbotCreated)
    assert world.taken("platform") == [500]
    refused = await world.create_chatbot("Client 1", "bot")
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.insufficient_chatbots


async def test_r28_what_fits_a_sellers_cap_is_served_though_all_together_does_not(
    world: World,
) -> None:
    """Two needs of a client, of which the agency's cap allows one pack each: both are served, one
    after the other, or the second is refused; the first never is."""
    await small_world(world)
    await world.auto_billing("Agency", per_charge_minor=1_000)
    await world.db.execute(
        "update package set withdrawn_at = now() where seller_ref = $1", world.names["Agency"]
    )
    await world.package("Agency", 700, credits=1_500)
    client = world.names["Client 1"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == client) as held:
        first = asyncio.create_task(world.spend("Client 1", 1_000, wait_ms=60_000))
        await until(lambda: waiting(world, 1))
        second = asyncio.create_task(world.spend("Client 1", 1_000, wait_ms=60_000))
        await until(lambda: waiting(world, 2))
        held.go.set()
        answers = [await first, await second]
    await world.settle()
    assert [type(answer) for answer in answers] == [SpendDone, SpendDone]
    assert max(world.taken("platform")) <= 1_000


async def test_r28_another_childs_limit_stops_no_child_without_one(world: World) -> None:
    """Bought together the first child's share would pass its limit: the second waits its turn."""
    await small_world(world, clients=2)
    await limit_child(world, "Agency", "Client 1", 1_000)
    two = await world.package("Agency", 1_000, credits=2_000)
    one = await world.package("Agency", 100, credits=1)
    await world.settle()
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        first = asyncio.create_task(world.buy("Client 1", two, wait_ms=60_000))
        await until(lambda: waiting(world, 1))
        second = asyncio.create_task(world.buy("Client 2", one, wait_ms=60_000))
        await until(lambda: waiting(world, 2))
        held.go.set()
        assert isinstance(await first, Bought)
        assert isinstance(await second, Bought)


async def test_r20_r28_each_that_waits_hears_its_own_reason(world: World) -> None:
    """A chatbot that nobody offers any more, and a spend over the month's cap behind it."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", buys_chatbots=True)
    await world.settle()
    async with held_at(Step.before_plan) as held:
        chatbot = asyncio.create_task(world.create_chatbot("Agency", "bot"))
        await until(lambda: waiting(world, 1))
        spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=60_000))
        await until(lambda: waiting(world, 2))
        await world.db.execute(
            "update package set withdrawn_at = now() where kind = 'extra_chatbots'"
        )
        await world.db.execute("update auto_billing_setting set per_month_minor = 999")
        held.go.set()
        answers = [await chatbot, await spend]
    assert [answer.reason for answer in answers] == [
        Reason.no_chatbot_package, Reason.cap_per_month,
    ]  # fmt: skip
    assert "cap_reached" in [notice["kind"] for notice in await world.notices("Agency")]


async def test_r20_callers_of_one_key_wait_each_its_own_time(world: World) -> None:
    """The first gives up, the second waits on, a third comes: one debit, and nobody gets an error."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("create")
    first = asyncio.create_task(world.spend("Agency", 10, key="k", wait_ms=500))
    await until(lambda: waiting(world, 1))
    second = asyncio.create_task(world.spend("Agency", 10, key="k", wait_ms=60_000))
    assert isinstance(await first, Pending)
    third = asyncio.create_task(world.spend("Agency", 10, key="k", wait_ms=60_000))
    await world.desk.faults.wait_for("create", 1)
    world.desk.faults.open_gate("create")
    assert isinstance(await second, SpendDone)
    assert isinstance(await third, SpendDone)
    assert (await world.credits("Agency")).used == 10
    assert world.taken() == [1_000]


async def test_r20_r29_a_decline_is_told_though_its_cancellation_gets_no_answer(
    world: World,
) -> None:
    """The client's hold goes back, the agency's own query hears of the card, its owner is told."""
    await small_world(world)
    await world.card("Agency", "tok_declined")
    pack = await world.package("Agency", 700, credits=100)
    world.desk.faults.rules[:] = [Rule(fault="lost_before", verb="cancel", times=3)]
    refused = await world.buy("Client 1", pack, wait_ms=60_000)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.temporarily_unavailable
    own = await world.spend("Agency", 10)
    assert isinstance(own, Refuse)
    assert own.reason is Reason.retry_later
    assert [n["kind"] for n in await world.notices("Agency")] == ["auto_billing_failed"]
    await work_until_idle(world)
    assert world.held_open() == []
    assert world.taken() == []


async def test_r17_an_expired_hold_ends_its_purchase_neutrally(world: World) -> None:
    """The seller was not secured in time; what it bought stays in its pool."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack, wait_ms=60_000))

        async def on_hold() -> bool:
            return bool(world.held_open())

        await until(on_hold)
        [payment_id] = world.held_open()
        held_payment = world.desk.bank.payments[payment_id]
        world.desk.bank.payments[payment_id] = {
            **held_payment, "capture_before": "2020-01-01T00:00:00+00:00",
        }  # fmt: skip
        held.go.set()
        answer = await bought
    await world.settle()
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.temporarily_unavailable
    assert world.taken() == [1_000]
    assert (await world.credits("Agency")).free == 2_000


@pytest.mark.parametrize("credits", [10**12])
async def test_r12_one_huge_spend_holds_up_nobody(world: World, credits: int) -> None:
    """The loop goes on while the largest need there can be is covered, which no card can be charged."""
    await small_world(world, clients=0)
    task = asyncio.create_task(world.spend("Agency", credits, wait_ms=100))
    longest_s = 0.0
    while not task.done():
        before = time.thread_time()
        await asyncio.sleep(0.005)
        longest_s = max(longest_s, time.thread_time() - before)
    answer = await task
    assert isinstance(answer, Refuse) and answer.reason is Reason.charge_too_large
    # How long it takes is a matter of the machine; that this thread did not work on it meanwhile is not.
    assert longest_s < 2
