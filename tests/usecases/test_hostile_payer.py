"""What a payer who knows the engine would try, and what a hostile seller would: money that must not go astray."""

import asyncio
from typing import Any

from brimful.billing import payments
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Pending, SpendDone
from brimful_testbank.faults import Rule
from tests.builders.held import until
from tests.builders.world import World, small_world


async def first_pack(world: World) -> Any:
    """The platform's pack of 2,000 credits for $10.00."""
    return await world.db.fetchval("select package_id from package order by position limit 1")


async def work_until_idle(world: World) -> None:
    """Take up due work as a worker does, until nothing is open."""

    async def idle() -> bool:
        await world.engine.take_up_due_work()
        await world.settle()
        return not await world.db.fetchval(
            "select count(*) from purchase where state not in ('delivered', 'failed')"
        )

    await until(idle)


async def test_r26_a_dead_card_is_served_less_than_can_be_charged(world: World) -> None:
    """Sixty purchases at once, each too small to charge: together they may owe 49 cents, no more."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    tiny = await world.package("Agency", 49, credits=100)
    await world.card("Client 1", "tok_declined")
    answers = await asyncio.gather(*(world.buy("Client 1", tiny) for _ in range(60)))
    await world.settle()
    assert (await world.credits("Client 1")).free <= 100
    reasons = {answer.reason for answer in answers if isinstance(answer, Refuse)}
    assert reasons <= {Reason.purchase_under_way, Reason.card_declined}


async def test_r26_what_a_charge_is_about_to_collect_counts_until_it_is_collected(
    world: World,
) -> None:
    """49 cents are owed, and the charge that is to collect them is at the gateway, where it will be
    declined: meanwhile nothing more is served that could not be charged then."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    tiny = await world.package("Agency", 49, credits=100)
    await world.card("Client 1", "tok_declined")
    assert isinstance(await world.buy("Client 1", tiny), Bought)
    world.desk.faults.close_gate("confirm")
    collects = asyncio.create_task(world.buy("Client 1", tiny))
    await world.desk.faults.wait_for("confirm", 1)
    meanwhile = await world.buy("Client 1", tiny)
    world.desk.faults.open_gate("confirm")
    collected = await collects
    assert isinstance(meanwhile, Refuse) and meanwhile.reason is Reason.purchase_under_way
    assert isinstance(collected, Refuse) and collected.reason is Reason.card_declined
    assert (await world.credits("Client 1")).free == 100


async def test_r26_small_purchases_that_wait_for_the_seller_count_too(world: World) -> None:
    """Ten purchases of 40 cents while the seller is short: what is owed stays below the minimum."""
    await small_world(world)
    tiny = await world.package("Agency", 40, credits=100)
    world.desk.faults.close_gate("create")
    for _ in range(10):
        await world.buy("Client 1", tiny, wait_ms=0)
    world.desk.faults.open_gate("create")
    await work_until_idle(world)
    owed = await world.db.fetchval(
        "select coalesce(sum(amount_minor), 0) from receivable "
        "where account_id = $1 and collected_by is null",
        world.names["Client 1"],
    )
    assert owed < 50


async def test_r26_r28_the_cap_of_a_charge_counts_what_it_collects(world: World) -> None:
    """Two needs of 40 cents and a cap of 50: the second charge would be 80."""
    await small_world(world, clients=0)
    await world.package(None, 40, credits=10, name="tiny")
    await world.auto_billing("Agency", per_charge_minor=50)
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    refused = await world.spend("Agency", 10)
    await world.settle()
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.cap_per_charge
    assert world.taken() == []


async def test_r26_r28_what_was_bought_by_hand_counts_when_it_is_collected(world: World) -> None:
    """45 cents owed from a purchase by hand: an automatic charge of $10.00 takes $10.45, and that
    is what the month's cap is asked about, before and after."""
    await small_world(world, clients=0)
    tiny = await world.package(None, 45, credits=10, name="tiny")
    assert isinstance(await world.buy("Agency", tiny), Bought)
    await world.auto_billing(
        "Agency", per_month_minor=1_044, allowed_packages=[await first_pack(world)]
    )
    refused = await world.spend("Agency", 100)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.cap_per_month
    await world.auto_billing(
        "Agency", per_month_minor=1_045, allowed_packages=[await first_pack(world)]
    )
    assert isinstance(await world.spend("Agency", 100), SpendDone)
    assert world.taken() == [1_045]
    await world.auto_billing(
        "Agency", per_month_minor=2_044, allowed_packages=[await first_pack(world)]
    )
    again = await world.spend("Agency", 3_000)
    assert isinstance(again, Refuse)
    assert again.reason is Reason.cap_per_month


async def test_r37_chatbots_keep_the_period_they_were_priced_for(world: World) -> None:
    """Bought by the year while a monthly plan is bought beside it: priced and joined alike."""
    await small_world(world)
    await world.stock("Agency", credits=10_000, chatbots=10)
    plan = await world.package("Agency", 2_000, credits=1_000, chatbots=1, interval="month")
    seat = await world.package("Agency", 6_000, kind="extra_chatbots", interval="year")
    world.desk.faults.close_gate("confirm")
    seats = asyncio.create_task(world.buy("Client 1", seat))
    await world.desk.faults.wait_for("confirm", 1)
    planned = asyncio.create_task(world.buy("Client 1", plan))
    await world.desk.faults.wait_for("confirm", 2)
    world.desk.faults.open_gate("confirm")
    assert isinstance(await seats, Bought)
    assert isinstance(await planned, Bought)
    row = await world.db.fetchrow(
        "select recurring_minor, billing_interval from subscription "
        "where kind = 'extra_chatbots' and account_id = $1",
        world.names["Client 1"],
    )
    assert tuple(row) == (6_000, "year")


async def in_doubt(world: World) -> bool:
    """The agency's purchase is to be cancelled and may have been taken."""
    await world.engine.take_up_due_work()
    return [p["state"] for p in await world.purchases("Agency")] == ["canceling"]


async def test_r19_r22_a_purchase_by_hand_in_doubt_is_waited_for(world: World) -> None:
    """Its confirm was lost after the effect: the shortage is met by it, not by a second charge."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=1)
    world.desk.faults.rules[:] = [
        Rule(fault="lost_after", verb="confirm"),
        Rule(fault="lost_before", verb="look_up", times=2),
        Rule(fault="lost_before", verb="cancel", times=2),
    ]
    bought = asyncio.create_task(world.buy("Agency", await first_pack(world), wait_ms=1_500))

    await until(lambda: in_doubt(world))
    spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=60_000))
    await work_until_idle(world)
    assert isinstance(await bought, Pending | Bought)
    assert isinstance(await spend, SpendDone)
    assert world.taken() == [1_000]


async def test_r22_nobody_is_told_no_while_the_charge_is_in_doubt(world: World) -> None:
    """The outage is called, the cancellation gets no answer yet: the purchase by hand is pending."""
    await small_world(world, clients=0)
    world.desk.faults.rules[:] = [
        Rule(fault="lost_after", verb="confirm"),
        Rule(fault="lost_before", verb="look_up", times=2),
        Rule(fault="lost_before", verb="cancel", times=3),
    ]
    bought = asyncio.create_task(world.buy("Agency", await first_pack(world), wait_ms=1_200))
    await until(lambda: in_doubt(world))
    assert isinstance(await bought, Pending | Bought)
    await work_until_idle(world)
    [purchase] = await world.purchases("Agency")
    assert (purchase["state"], purchase["reason"]) == ("delivered", None)
    assert world.taken() == [1_000]


async def test_r39_a_key_tried_again_after_a_change_of_rate_is_debited_what_it_says(
    world: World,
) -> None:
    """Refused at 10 credits, done at 25: the row, the debit and the books say 25."""
    await small_world(world, clients=0)
    agency = await world.account("Agency")

    async def spend(credits: int) -> Any:
        return await world.engine.spend(
            tenant_id=agency.tenant_id, account_id=agency.account_id, wait_ms=60_000, key="K",
            body_hash=b"gpt-4", credits=credits, model="gpt-4", messages=1,
        )  # fmt: skip

    await world.card("Agency", "tok_declined")
    assert isinstance(await spend(10), Refuse)
    await world.card("Agency")
    done = await spend(25)
    assert isinstance(done, SpendDone)
    assert done.credits == 25
    assert (await world.credits("Agency")).used == 25


async def test_r24_a_lease_keeps_others_out(world: World) -> None:
    """While one drives a purchase, no other can claim it, whatever token it offers."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=60_000))
    await world.desk.faults.wait_for("create", 1)
    [purchase] = await world.purchases("Agency")
    now = world.engine.clock.moment().real_at
    claims = [
        await payments.claim(
            world.db,
            tenant_id=purchase["tenant_id"],
            fences={purchase["purchase_id"]: fence},
            real_at=now,
            until=now,
        )
        for fence in (-1, 0)
    ]
    world.desk.faults.open_gate("create")
    await spend
    assert claims == [[], []]


async def test_r24_a_gateway_that_refuses_is_not_hammered(world: World) -> None:
    """An answer that changes nothing is asked for again only after a while."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_declined")
    rule = Rule(fault="refuse", verb="cancel", times=10**9)
    world.desk.faults.rules[:] = [rule]
    refused = await world.spend("Agency", 10, wait_ms=60_000)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.card_declined
    await world.settle()
    assert 1 <= rule.seen < 10
    world.desk.faults.rules.clear()
    await work_until_idle(world)
