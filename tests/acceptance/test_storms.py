"""Storms through HTTP: one shortage, one charge, whoever asks and however many (R13, R19, R20, R28)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brimful.usecases.steps import Step
from tests.acceptance.crowd import Crowd, Gates, Reply, deadlocks, until_waiting
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world

WAIT_MS = 60_000


@pytest.fixture
async def agency(world: World) -> AsyncIterator[Crowd]:
    """Callers with the agency's key; when they are gone, PostgreSQL has broken no deadlock."""
    await small_world(world, clients=0)
    async with serving_api(world) as url:
        yield Crowd(url, await key_for(world, "Agency"))
        await world.settle()
        assert await deadlocks(world) == 0


def spending(crowd: Crowd, world: World, name: str, credits: int, key: str) -> asyncio.Task[Reply]:
    """One query of an account's chatbot, under way."""
    body = {"credits": credits, "wait_ms": WAIT_MS}
    path = f"/v1/accounts/{acc(world, name)}/spends"
    return asyncio.create_task(crowd.post(path, body, key))


async def test_r19_a_thousand_queries_at_balance_zero_make_one_charge(
    agency: Crowd, world: World
) -> None:
    """Exactly one charge, every query served once."""
    queries = (spending(agency, world, "Agency", 1, f"query-{n}") for n in range(1_000))
    answers = await asyncio.gather(*queries)
    assert Counter(answer.status for answer in answers) == {200: 1_000}
    assert world.taken() == [1_000]
    stock = await world.credits("Agency")
    assert (stock.used, stock.free) == (1_000, 1_000)


async def storm_with_latecomers(agency: Crowd, world: World) -> list[Reply]:
    """1,000 queries of 25 credits, registered before anything is planned; 20 of 1,000 credits that
    arrive while the charge for them is at the gateway."""
    gates = Gates(world, "Agency", Step.before_plan)
    world.desk.faults.close_gate("confirm")
    with gates.closed():
        early = [spending(agency, world, "Agency", 25, f"early-{n}") for n in range(1_000)]
        await until_waiting(world, "Agency", 1_000)
        gates.open(Step.before_plan)
        await world.desk.faults.wait_for("confirm", 1)
        late = [spending(agency, world, "Agency", 1_000, f"late-{n}") for n in range(20)]
        await until_waiting(world, "Agency", 1_020)
        world.desk.faults.open_gate("confirm")
        return await asyncio.gather(*early, *late)


async def test_r19_all_registered_at_a_barrier_one_charge_and_latecomers_one_more(
    agency: Crowd, world: World
) -> None:
    """25,000 missing, one charge of $100.00. Those that arrive while it is at the gateway are not
    part of it: exactly one more."""
    answers = await storm_with_latecomers(agency, world)
    assert Counter(answer.status for answer in answers) == {200: 1_020}
    # 25,000 missing: two packs of 12,500 cost as much as one of 35,000; the tie goes to more
    # credits. Of the surplus of 10,000 the latecomers take 10 of their 20 thousand.
    assert world.taken() == [10_000, 5_000]


async def test_r19_r29_a_declined_storm_is_refused_cleanly_with_one_notice(
    agency: Crowd, world: World, tmp_path: Path
) -> None:
    """The same with a lost card: nothing charged or held, nobody served, latecomers included; the
    owner is told once."""
    await world.card("Agency", "tok_lost_card")
    answers = await storm_with_latecomers(agency, world)
    await world.settle()
    assert Counter(answer.status for answer in answers) == {402: 1_020}
    codes = Counter(answer.json["code"] for answer in answers)
    assert codes["card_declined"] >= 1_000
    assert set(codes) <= {"card_declined", "auto_billing_paused"}
    assert world.taken() == [] and world.held_open() == []
    assert [n["kind"] for n in await world.notices("Agency")] == ["auto_billing_failed"]
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    stock = await world.credits("Agency")
    assert (stock.used, stock.received) == (0, 0)


async def clients_of(world: World, count: int) -> list[str]:
    """So many clients of the agency with a card each."""
    names = [f"Client {n}" for n in range(count)]
    for name in names:
        await world.open(name, "Agency")
        await world.card(name)
    return names


def buying(crowd: Crowd, world: World, name: str, package: object) -> asyncio.Task[Reply]:
    """One client buys a package, under way."""
    body = {"package_id": f"pkg_{package.hex}", "wait_ms": WAIT_MS}  # type: ignore[attr-defined]
    path = f"/v1/accounts/{acc(world, name)}/purchases"
    return asyncio.create_task(crowd.post(path, body, "buy"))


async def set_caps(crowd: Crowd, world: World, **caps: object) -> None:
    """The agency's owner sets limits, on the page or by the API."""
    wish = {"enabled": True, "monthly_limit_minor": "none", "given_by": "Owner", **caps}
    path = f"/v1/accounts/{acc(world, 'Agency')}"
    assert (await crowd.put(f"{path}/auto-billing", wish)).status == 200


async def queue_of(world: World) -> dict[str, int]:
    """The order in which the clients' demands on the agency's pool arrived."""
    rows = await world.db.fetch(
        "select a.name, d.seq from demand d join account a on a.account_id = d.child_id"
        " where d.account_id = $1",
        world.names["Agency"],
    )
    return {row["name"]: row["seq"] for row in rows}


async def test_r5_r13_r28_a_hundred_clients_of_one_short_agency(
    agency: Crowd, world: World
) -> None:
    """Registered before anything is planned: one charge to the agency, each client served its own;
    the huge demand at the head of the queue, over the cap, is refused and blocks nobody."""
    pack = await world.package("Agency", 900, credits=1_000, name="1,000 credits")
    huge = await world.package("Agency", 90_000, credits=500_000, name="500,000 credits")
    first, *names = await clients_of(world, 101)
    gates = Gates(world, "Agency", Step.before_plan)
    with gates.closed():
        large = buying(agency, world, first, huge)
        await until_waiting(world, "Agency", 1)
        tasks = [buying(agency, world, name, pack) for name in names]
        await until_waiting(world, "Agency", 101)
        assert (await queue_of(world))[first] == 1
        await set_caps(agency, world, per_charge_minor=30_000)
        gates.open(Step.before_plan)
        refused, *answers = await asyncio.gather(large, *tasks)
    await world.settle()
    assert (refused.status, refused.json["code"]) == (503, "temporarily_unavailable")
    assert Counter((one.status, one.json["status"]) for one in answers) == {(201, "delivered"): 100}
    # 100,000 credits are missing. The best cover is three packs of 35,000 for $300.00, exactly the
    # cap; two of them with 12,500s and 2,000s for the rest would cost $330.00.
    assert world.taken("platform") == [30_000]
    merchant = (await world.account("Agency")).merchant_ref
    assert world.taken(merchant) == [900] * 100
    assert world.held_open() == []
    for name in names:
        assert (await world.credits(name)).free == 1_000
    assert (await world.credits(first)).received == 0
    assert (await world.credits("Agency")).free == 5_000


async def test_r28_a_monthly_cap_and_a_childs_cap_hold_in_the_storm(
    agency: Crowd, world: World
) -> None:
    """$200.00 a month buys for 70 of the 100, the first 70 but for the one that may cost nothing
    like it: served in the order of arrival, the others refused, not a cent more."""
    pack = await world.package("Agency", 900, credits=1_000, name="1,000 credits")
    names = await clients_of(world, 100)
    gates = Gates(world, "Agency", Step.before_plan)
    with gates.closed():
        tasks = {name: buying(agency, world, name, pack) for name in names}
        await until_waiting(world, "Agency", 100)
        arrived = await queue_of(world)
        in_order = sorted(names, key=arrived.__getitem__)
        capped, roomy = in_order[10], in_order[20]
        limits = f"/v1/accounts/{acc(world, 'Agency')}/child-limits"
        for name, minor in ((capped, 100), (roomy, 5_000)):
            body = {"per_month_minor": minor}
            assert (await agency.put(f"{limits}/{acc(world, name)}", body)).status == 200
        await set_caps(agency, world, monthly_limit_minor=20_000)
        gates.open(Step.before_plan)
        answers = {name: await task for name, task in tasks.items()}
    await world.settle()
    served = [name for name in in_order if answers[name].status == 201]
    assert served == [name for name in in_order if name != capped][:70]
    refused = {(one.status, one.json["code"]) for one in answers.values() if one.status != 201}
    assert refused == {(503, "temporarily_unavailable")}
    assert world.taken("platform") == [20_000]
    merchant = (await world.account("Agency")).merchant_ref
    assert world.taken(merchant) == [900] * 70
    assert world.held_open() == []
    # $200.00 over 70 equal shortages: $2.86 each for the first 50, a cent less for the others.
    shares = [286] * 50 + [285] * 20
    assert await costs(world) == dict(zip(served, shares, strict=True))
    # From now on one is refused at once: the bank hears nothing of it.
    heard = len(world.desk.journal.effects())
    late = await buying(agency, world, in_order[-1], pack)
    assert (late.status, late.json["code"]) == (503, "temporarily_unavailable")
    assert len(world.desk.journal.effects()) == heard


async def costs(world: World) -> dict[str, int]:
    """What each client made the agency pay."""
    rows = await world.db.fetch(
        "select a.name, sum(d.allocated_minor)::bigint as minor from purchase_demand d"
        " join account a on a.account_id = d.child_id group by 1"
    )
    return {row["name"]: row["minor"] for row in rows}


async def test_r8_r17_a_hundred_clients_chatbots_are_queried_at_once(
    agency: Crowd, world: World
) -> None:
    """200 queries at balance zero of client and agency: each client's card is charged once, the
    agency's once for those that wait and once for those that come while that is at the gateway."""
    names = await clients_of(world, 100)
    for name in names:
        await world.auto_billing(name)
    gates = Gates(world, "Agency", Step.before_plan, Step.before_confirm)
    with gates.closed():
        early = [spending(agency, world, one, 25, f"{n}") for one in names[:80] for n in range(2)]
        await until_waiting(world, "Agency", 80)
        gates.open(Step.before_plan)
        await gates.reached[Step.before_confirm].wait()
        late = [spending(agency, world, one, 25, f"{n}") for one in names[80:] for n in range(2)]
        await until_waiting(world, "Agency", 100)
        gates.open(Step.before_confirm)
        answers = await asyncio.gather(*early, *late)
    await world.settle()
    assert Counter(answer.status for answer in answers) == {200: 200}
    # 80 × 3,000 = 240,000: seven of 35,000, 5,000 over. 20 × 3,000 less these 5,000 = 55,000: one
    # of 35,000, one of 12,500, four of 2,000.
    assert world.taken("platform") == [70_000, 19_000]
    merchant = (await world.account("Agency")).merchant_ref
    assert world.taken(merchant) == [2_500] * 100
    assert world.held_open() == []
    for name in names:
        assert (await world.credits(name)).free == 3_000 - 50


async def test_r20_a_callers_wait_is_bounded_and_its_key_debits_once(
    agency: Crowd, world: World
) -> None:
    """Pending within the wait; the credits arrive all the same; the same key is then debited."""
    world.desk.faults.close_gate("confirm")
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
    pending = await agency.post(path, {"credits": 25, "wait_ms": 100}, "one")
    assert pending.status == 202
    assert pending.json["code"] == "auto_billing_pending"
    assert pending.headers["retry-after"] == "2"
    world.desk.faults.open_gate("confirm")
    await world.settle()
    assert (await world.credits("Agency")).free == 2_000
    for _ in range(3):
        again = await agency.post(path, {"credits": 25, "wait_ms": WAIT_MS}, "one")
        assert again.status == 200
    assert (await world.credits("Agency")).free == 1_975
    assert world.taken() == [1_000]
