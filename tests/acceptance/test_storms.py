"""Storms through HTTP: one shortage, one charge, whoever asks and however many (R13, R19, R20, R28)."""

import asyncio
from collections import Counter

import httpx

from brimful.domain.effect import Plan
from brimful.usecases.steps import Step, set_hook
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world


class Barrier:
    """Holds the planning of purchases until so many demands are registered."""

    def __init__(self, world: World, demands: int, account: str) -> None:
        self._world, self._demands, self._account = world, demands, account
        self._all_here = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def __call__(self, step: Step, subject: object) -> None:
        """At the named step: wait for all."""
        wanted = self._world.names[self._account]
        if step is Step.before_plan and isinstance(subject, Plan) and subject.account_id == wanted:
            if self._watch is None:
                self._watch = asyncio.create_task(self._count())
            await self._all_here.wait()

    async def _count(self) -> None:
        while True:
            waiting = await self._world.db.fetchval(
                "select count(*) from demand where account_id = $1 and state = 'waiting'",
                self._world.names[self._account],
            )
            if waiting >= self._demands:
                self._all_here.set()
                return
            await asyncio.sleep(0.02)


async def spend(
    client: Caller, path: str, credits: int, key: str, wait_ms: int = 60_000
) -> httpx.Response:
    """One query."""
    return await client.post(f"{path}/spends", {"credits": credits, "wait_ms": wait_ms}, key)


async def test_r19_a_thousand_queries_at_balance_zero_make_one_charge(world: World) -> None:
    """Exactly one charge, every query served once."""
    await small_world(world, clients=0)
    async with serving_api(world) as url, caller(world, url, "Agency") as agency:
        path = f"/v1/accounts/{acc(world, 'Agency')}"
        answers = await asyncio.gather(
            *(spend(agency, path, 1, f"query-{n}") for n in range(1_000))
        )
    assert Counter(answer.status_code for answer in answers) == {200: 1_000}
    assert world.taken() == [1_000]
    stock = await world.credits("Agency")
    assert (stock.used, stock.free) == (1_000, 1_000)


async def test_r19_all_registered_at_a_barrier_one_charge_and_latecomers_one_more(
    world: World,
) -> None:
    """1,000 of 25 credits: 25,000 missing, one charge of $100.00. Those that arrive while it is at
    the gateway are not part of it: exactly one more."""
    await small_world(world, clients=0)
    set_hook(Barrier(world, 1_000, "Agency"))
    world.desk.faults.close_gate("confirm")
    try:
        async with serving_api(world) as url, caller(world, url, "Agency") as agency:
            path = f"/v1/accounts/{acc(world, 'Agency')}"
            early = [
                asyncio.create_task(spend(agency, path, 25, f"early-{n}")) for n in range(1_000)
            ]
            await world.desk.faults.wait_for("confirm", 1)
            late = [asyncio.create_task(spend(agency, path, 1_000, f"late-{n}")) for n in range(20)]
            while await _waiting(world) < 1_020:
                await asyncio.sleep(0.02)
            world.desk.faults.open_gate("confirm")
            answers = await asyncio.gather(*early, *late)
    finally:
        set_hook(None)
    assert Counter(answer.status_code for answer in answers) == {200: 1_020}
    # 25,000 missing: two packs of 12,500 cost as much as one of 35,000; the tie goes to more
    # credits. Of the surplus of 10,000 the latecomers take 10 of their 20 thousand.
    assert world.taken() == [10_000, 5_000]


async def _waiting(world: World) -> int:
    count: int = await world.db.fetchval("select count(*) from demand where state = 'waiting'")
    return count


async def test_r19_r29_a_declined_storm_is_refused_cleanly_with_one_notice(world: World) -> None:
    """Nothing charged, nobody served, one notice."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    set_hook(Barrier(world, 1_000, "Agency"))
    try:
        async with serving_api(world) as url, caller(world, url, "Agency") as agency:
            path = f"/v1/accounts/{acc(world, 'Agency')}"
            answers = await asyncio.gather(
                *(spend(agency, path, 25, f"query-{n}") for n in range(1_000))
            )
    finally:
        set_hook(None)
    codes = Counter(answer.json()["code"] for answer in answers)
    assert codes == {"card_declined": 1_000}
    assert world.taken() == []
    assert [n["kind"] for n in await world.notices("Agency")] == ["auto_billing_failed"]
    assert (await world.credits("Agency")).used == 0


async def test_r5_r13_r28_a_hundred_clients_of_one_short_agency(world: World) -> None:
    """Registered at a barrier: one charge to the agency, each client served its own; one huge
    demand over the cap is refused and blocks nobody."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_charge_minor=30_000)
    plan = await world.package("Agency", 900, credits=1_000, name="1,000 credits")
    huge = await world.package("Agency", 90_000, credits=500_000, name="500,000 credits")
    names = [f"Client {n}" for n in range(101)]
    for name in names:
        await world.open(name, "Agency")
        await world.card(name)
    # The huge one is held first and stands first in the queue.
    set_hook(Barrier(world, 101, "Agency"))
    try:
        await world.auto_billing("Agency")
        wishes = [world.buy(names[0], huge)] + [world.buy(name, plan) for name in names[1:]]
        tasks = [asyncio.create_task(wish) for wish in wishes]
        while await _waiting(world) < 101:
            await asyncio.sleep(0.02)
        await world.db.execute(
            "update auto_billing_setting set per_charge_minor = 30000 where account_id = $1",
            world.names["Agency"],
        )
        answers = await asyncio.gather(*tasks)
        await world.settle()
    finally:
        set_hook(None)
    assert [type(answer).__name__ for answer in answers] == ["Refuse"] + ["Bought"] * 100
    # 100,000 credits: 2 × 35,000 + 2 × 12,500 + 3 × 2,000 costs $330; the planner knows better.
    [charge] = world.taken("platform")
    assert charge <= 30_000
    agency = await world.account("Agency")
    assert world.taken(agency.merchant_ref) == [900] * 100
    assert world.held_open() == []
    for name in names[1:]:
        assert (await world.credits(name)).free == 1_000
    assert (await world.credits(names[0])).free == 0


async def test_r20_a_callers_wait_is_bounded_and_its_key_debits_once(world: World) -> None:
    """Pending within the wait; the credits arrive all the same; the same key is then debited."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("confirm")
    async with serving_api(world) as url, caller(world, url, "Agency") as agency:
        path = f"/v1/accounts/{acc(world, 'Agency')}"
        pending = await spend(agency, path, 25, "one", wait_ms=100)
        assert pending.status_code == 202
        assert pending.json()["code"] == "auto_billing_pending"
        assert pending.headers["Retry-After"] == "2"
        world.desk.faults.open_gate("confirm")
        await world.settle()
        assert (await world.credits("Agency")).free == 2_000
        for _ in range(3):
            again = await spend(agency, path, 25, "one")
            assert again.status_code == 200
    assert (await world.credits("Agency")).free == 1_975
    assert world.taken() == [1_000]
