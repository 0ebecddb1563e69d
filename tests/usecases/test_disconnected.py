"""R10, R29, R35: a seller's gateway account that is closed to the platform makes its clients inactive."""

import asyncio
from datetime import timedelta
from typing import Any

from brimful.billing import disconnections
from brimful.domain.disconnection import PAUSES, Connected
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.preview import Preview, preview_purchase
from brimful.usecases.record_connection import record_connection
from brimful.usecases.set_auto_billing import AutoBillingSet
from brimful.usecases.steps import Step, set_hook
from brimful_testbank.faults import Rule
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.held import SOON_S, until
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world


async def kinds(world: World, name: str) -> list[str]:
    """The kinds of an account's notices, oldest first, but for that of the query that found out."""
    told = [notice["kind"] for notice in await world.notices(name)]
    return [kind for kind in told if kind != "auto_billing_failed"]


async def standing(world: World) -> list[Any]:
    """The sellers whose accounts are known to be closed."""
    return [
        row["account_id"] for row in await world.db.fetch("select * from gateway_disconnection")
    ]


async def found_out(world: World) -> str:
    """The agency has left the gateway, and a query of its client finds out."""
    merchant = await world.disconnect("Agency")
    answer = await world.spend("Client 1", 25)
    await world.settle()
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    return merchant


async def test_r10_the_answer_that_says_so_makes_the_clients_inactive(world: World) -> None:
    """The fact stands with the outcome; the next shortages hear at once what any inactive account
    does, and nothing of them reaches the gateway. Each owner is told once."""
    await small_world(world, clients=2)
    await world.stock("Agency", credits=10_000)
    merchant = await found_out(world)
    assert await standing(world) == [world.names["Agency"]]
    begun = await world.db.fetchval("select count(*) from purchase")
    for name in ("Client 1", "Client 2", "Client 1"):
        refused = await world.spend(name, 25)
        assert isinstance(refused, Refuse)
        assert refused.reason is Reason.insufficient_credits
        assert refused.detail == {"auto_billing": "auto_billing_inactive"}
    assert await world.db.fetchval("select count(*) from purchase") == begun
    assert world.taken(merchant) == [] and world.held_open() == []
    assert await kinds(world, "Agency") == ["disconnected"]
    assert [await kinds(world, name) for name in ("Client 1", "Client 2")] == [["inactive"]] * 2
    assert await world.db.fetch("select * from breaker") == []
    assert isinstance(await world.spend("Agency", 9_990), SpendDone), (
        "its own card is the platform's"
    )


async def test_r9_r10_what_the_clients_may_hear(world: World) -> None:
    """Inactive where it is on; not available where it is off, and not to be switched on."""
    await small_world(world, clients=2)
    await world.auto_billing("Client 2", enabled=False)
    await found_out(world)
    refused = await world.auto_billing("Client 2")
    assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_unavailable
    async with serving_api(world, with_worker=False) as url:
        seen = []
        for name in ("Client 1", "Client 2"):
            async with caller(world, url, name) as own:
                answer = await own.get(f"/v1/accounts/{acc(world, name)}/auto-billing")
                seen.append(answer.json())
    assert (seen[0]["available"], seen[0]["enabled"], seen[0]["status"]) == (
        False, True, "auto_billing_inactive",
    )  # fmt: skip
    assert seen[1] == {"available": False, "code": "auto_billing_unavailable"}


async def test_r9_r10_the_reason_is_for_the_sellers_eyes(world: World) -> None:
    """Its account says since when; a client's says nothing of it."""
    await small_world(world)
    await found_out(world)
    said = {}
    async with serving_api(world, with_worker=False) as url:
        for name in ("Agency", "Client 1"):
            async with caller(world, url, name) as own:
                answer = await own.get(f"/v1/accounts/{acc(world, name)}")
                said[name] = answer.json()["gateway_disconnected_at"]
    assert said["Agency"] is not None and said["Client 1"] is None


async def test_r10_r18_a_purchase_by_hand_is_refused_neutrally_and_begins_nothing(
    world: World,
) -> None:
    """Nobody can be charged, whoever wants it; a preview says the same."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    package = await world.package("Agency", 900, credits=100)
    await found_out(world)
    begun = await world.db.fetchval("select count(*) from purchase")
    answer = await world.buy("Client 1", package)
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    client = await world.account("Client 1")
    preview = await preview_purchase(
        world.engine.ctx,
        tenant_id=client.tenant_id,
        account_id=client.account_id,
        package_id=package,
        quantity=1,
        moment=world.engine.now(),
    )
    assert isinstance(preview, Preview)
    assert (preview.possible, preview.reason) == (False, Reason.temporarily_unavailable)
    assert await world.db.fetchval("select count(*) from purchase") == begun


async def test_r10_r17_a_chain_through_a_seller_that_is_inactive_is_not_feasible(
    world: World,
) -> None:
    """Three levels: the agency's clients are sellers. Theirs hear neutrally, and hold nothing."""
    await small_world(world, clients=0)
    await world.open("Branch", "Agency", sells=True)
    await world.card("Branch")
    await world.auto_billing("Branch")
    package = await world.package("Branch", 900, credits=100)
    await world.open("Client", "Branch")
    await world.card("Client")
    await world.auto_billing("Client")
    await world.disconnect("Agency")
    assert not isinstance(await world.spend("Client", 25), SpendDone)

    async def found() -> bool:
        # Where a call got no answer in time, a scan takes it up.
        await world.engine.take_up_due_work()
        await world.settle()
        return bool(await standing(world)) and world.held_open() == []

    await until(found)
    assert await standing(world) == [world.names["Agency"]]
    taken = len(world.desk.journal.effects())
    bought = await world.buy("Client", package)
    assert isinstance(bought, Refuse) and bought.reason is Reason.temporarily_unavailable
    assert isinstance(await world.spend("Client", 25), Refuse)
    assert len(world.desk.journal.effects()) == taken
    assert "inactive" in await kinds(world, "Branch") and "inactive" in await kinds(world, "Client")


async def test_r10_connected_again_all_goes_on(world: World) -> None:
    """The gateway is asked after the account now and then; its answer ends it: who was inactive is
    told, and is served."""
    await small_world(world)
    merchant = await found_out(world)
    await world.ask_after(PAUSES[0].total_seconds())
    assert await standing(world) == [world.names["Agency"]]
    world.desk.bank.connect(merchant)
    await world.ask_after(PAUSES[1].total_seconds() / 4)
    assert await standing(world) == [world.names["Agency"]], "it is not its time yet"
    await world.ask_after()
    assert await standing(world) == []
    assert await kinds(world, "Client 1") == ["inactive", "resumed"]
    assert isinstance(await world.spend("Client 1", 25), SpendDone)
    assert world.taken(merchant) == [2_500]
    assert await kinds(world, "Agency") == ["disconnected", "auto_billed"]


async def test_r10_it_is_asked_after_ever_less_often(world: World) -> None:
    """However often a worker looks; without an answer of the gateway it stands."""
    await small_world(world)
    merchant = await found_out(world)
    ids = (await world.account("Agency")).tenant_id, world.names["Agency"]
    pauses: list[timedelta] = []
    for _ in range(len(PAUSES) + 1):
        row = await world.db.fetchrow("select * from gateway_disconnection")
        pauses.append(row["ask_real_at"] - world.engine.now().real_at)
        early = row["ask_real_at"] - timedelta(milliseconds=1)
        assert await disconnections.take(world.db, *ids, early) is None
        await world.ask_after(pauses[-1].total_seconds() + 1)
    assert all(pauses[i] <= PAUSES[min(i, 4)] for i in range(6))
    assert all(pauses[i] > PAUSES[i - 1] for i in range(1, 5)) and pauses[5] > PAUSES[3]
    world.desk.bank.connect(merchant)
    world.desk.faults.rules.append(Rule("lost_before", "merchant"))
    await world.ask_after()
    assert len(await standing(world)) == 1
    await world.ask_after()
    assert await standing(world) == []


async def test_r10_a_reading_of_before_ends_nothing(world: World) -> None:
    """It was asked while the account was open; since then the gateway said that it is closed."""
    await small_world(world)
    before = world.engine.now()
    await found_out(world)
    agency = await world.account("Agency")
    told = await record_connection(
        world.engine.ctx,
        tenant_id=agency.tenant_id,
        seller_id=agency.account_id,
        outcome=Connected(),
        asked_real_at=before.real_at,
        moment=world.engine.now(),
    )
    assert told == () and len(await standing(world)) == 1


async def test_r10_mere_holds_are_given_back_when_the_account_is_open_again(world: World) -> None:
    """A client is held and waits for the agency's purchase when another finds out: it is answered
    now; its hold can be cancelled only later, and that is what the first answer brings."""
    await small_world(world, clients=2)
    arrived, go = asyncio.Event(), asyncio.Event()

    async def wait_at(step: Step, subject: Any) -> None:
        if step is Step.before_create and subject.buyer_id == world.names["Agency"]:
            arrived.set()
            await go.wait()

    set_hook(wait_at)
    try:
        spending = asyncio.create_task(world.spend("Client 1", 10))
        await arrived.wait()
        assert len(world.held_open()) == 1
        merchant = await world.disconnect("Agency")
        assert isinstance(await world.spend("Client 2", 10), Refuse)
        answer = await asyncio.wait_for(spending, SOON_S)
    finally:
        set_hook(None)
        go.set()
    await world.settle()
    assert isinstance(answer, Refuse)
    [held] = await world.purchases("Client 1")
    assert (held["state"], len(world.held_open())) == ("canceling", 1)
    assert world.taken(merchant) == []
    world.desk.bank.connect(merchant)
    await world.ask_after()
    assert world.held_open() == []
    assert [one["state"] for one in await world.purchases("Client 1")] == ["failed"]
    assert isinstance(await world.spend("Client 1", 10), SpendDone)


async def test_r10_a_cancel_that_succeeds_is_a_reason_to_ask(world: World) -> None:
    """Nobody waits for the next look then: something at the account could be cancelled."""
    await small_world(world)
    world.desk.faults.close_gate("confirm")
    spending = asyncio.create_task(world.spend("Client 1", 10))
    await world.desk.faults.wait_for("confirm", 1)
    merchant = await world.disconnect("Agency")
    world.desk.faults.open_gate("confirm")
    assert isinstance(await spending, Refuse)
    await world.settle()
    assert len(await standing(world)) == 1
    [left] = await world.purchases("Client 1")
    assert left["state"] == "canceling"
    assert left["wake_real_at"] > world.engine.now().real_at + PAUSES[0]
    world.desk.bank.connect(merchant)
    await world.db.execute("update purchase set wake_real_at = now()")
    await world.engine.take_up_due_work()
    await world.settle()
    assert await standing(world) == []


async def test_r10_r35_renewals_stay_due_and_are_done_when_it_is_over(calendar: Calendar) -> None:
    """As for a seller that cannot be secured: nobody is charged or past due, all keep what they have."""
    world, clock = calendar.world, calendar.clock
    await subscribers(calendar, "One", "Two")
    due_at = (await calendar.subscription("One"))["due_at"]
    await calendar.go_to(due_at - HOUR)
    merchant = await world.disconnect("Agency")
    taken = world.taken(merchant)
    clock.at += HOUR
    await calendar.work()
    for _ in range(8):
        clock.at += 6 * HOUR
        await calendar.work()
    assert world.taken(merchant) == taken
    begun = [one for name in ("One", "Two") for one in await world.purchases(name)]
    assert len([one for one in begun if one["state"] == "failed"]) == 2, (
        "each found out, or none again"
    )
    for name in ("One", "Two"):
        plan = await calendar.subscription(name)
        assert (plan["state"], plan["months_done"]) == ("active", 1)
        assert not {"past_due", "suspended"} & set(await kinds(world, name))
    assert (await kinds(world, "Agency")).count("disconnected") == 1
    world.desk.bank.connect(merchant)
    await world.ask_after()
    await calendar.work()
    for name in ("One", "Two"):
        plan = await calendar.subscription(name)
        assert (plan["state"], plan["months_done"]) == ("active", 2)
    assert len(world.taken(merchant)) == len(taken) + 2


async def test_r10_the_platform_itself_is_no_seller_to_connect(world: World) -> None:
    """Its own account is refused to us: no fact, nobody inactive, nobody told."""
    await small_world(world)
    world.desk.bank.connect("platform", connected=False)
    answer = await world.spend("Agency", 25)
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    assert await standing(world) == [] and await kinds(world, "Client 1") == []
    world.desk.bank.connect("platform")
    assert isinstance(await world.spend("Agency", 25), SpendDone)


async def test_r44_an_onboarding_page_is_a_reason_to_ask(world: World) -> None:
    """The owner comes back to connect: the gateway made a page for the account, so it is asked now."""
    await small_world(world)
    merchant = await found_out(world)
    world.desk.bank.connect(merchant)
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Agency") as own,
    ):
        asked = await own.post(
            f"/v1/accounts/{acc(world, 'Agency')}/onboarding-pages",
            {"return_url": "https://app.example.com/"},
        )
        assert asked.status_code == 201
        await world.settle()
        assert await standing(world) == []


async def test_r10_many_clients_that_find_out_at_once_are_one_piece_of_news(world: World) -> None:
    """Their charges are under way together; each outcome says the same."""
    await small_world(world, clients=4)
    await world.stock("Agency", credits=50_000)
    await world.disconnect("Agency")
    names = [f"Client {number}" for number in range(1, 5)]
    answers = await asyncio.gather(*(world.spend(name, 25) for name in names))
    assert all(isinstance(answer, Refuse) for answer in answers)
    await world.settle()
    assert await kinds(world, "Agency") == ["disconnected"]
    assert [await kinds(world, name) for name in names] == [["inactive"]] * 4

    async def ended() -> bool:
        rows = await world.db.fetch("select state from purchase where state <> 'failed'")
        return not rows

    await until(ended)


async def test_r10_a_second_disconnection_is_told_again(world: World) -> None:
    """And switched on again meanwhile or not, the client follows."""
    await small_world(world)
    merchant = await found_out(world)
    world.desk.bank.connect(merchant)
    await world.ask_after()
    assert isinstance(await world.auto_billing("Client 1"), AutoBillingSet)
    await found_out(world)
    assert await kinds(world, "Agency") == ["disconnected"] * 2
    assert await kinds(world, "Client 1") == ["inactive", "resumed", "inactive"]
