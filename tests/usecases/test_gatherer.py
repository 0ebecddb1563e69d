"""Spends that arrive together share a commit, and none suffers from another (R2, R20, R39)."""

import asyncio

import asyncpg
import pytest

from brimful.effects.gatherer import BATCHES_MAX, BESIDE_MIN, Gatherer, Overloaded
from brimful.ledger.spends import NewSpend, Tried
from tests.builders.held import until
from tests.builders.http import acc, caller, serving_api
from tests.builders.spends import new_spend
from tests.builders.watched import Watched
from tests.builders.world import World


async def agency_with_clients(world: World, count: int, credits: int) -> list[str]:
    """An agency and clients that have so many credits each."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=credits * (count + 1))
    names = [f"Client {number}" for number in range(count)]
    for name in names:
        await world.open(name, "Agency")
        await world.stock(name, credits=credits)
    return names


def asked_of(world: World, name: str, credits: int, key: str | None = None) -> NewSpend:
    """A spend of an account of the agency's tenant."""
    return new_spend(world.names["Agency"], world.names[name], credits, key=key)


async def turn() -> None:
    """Let everybody who can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_r39_what_arrives_together_is_settled_together(world: World) -> None:
    """300 at once are one call; what comes while it is under way is the next."""
    names = await agency_with_clients(world, 3, 100)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched)
    tries = [gatherer.spend(asked_of(world, names[n % 3], 1), moment) for n in range(300)]
    first = asyncio.gather(*tries)
    await turn()
    late = asyncio.gather(*[gatherer.spend(asked_of(world, n, 1), moment) for n in names])
    answers = await first
    assert {answer.outcome for answer in answers} == {"done"}
    assert sorted(one.balance_after or 0 for one in answers) == sorted([*range(100)] * 3)
    assert {answer.outcome for answer in await late} == {"short"}
    assert [len(call) for call in watched.calls] == [300, 3]


async def test_r2_r20_an_account_is_settled_in_the_order_of_arrival(world: World) -> None:
    """Two calls at once at most, an account in one of them; a refused one lets a smaller one pass."""
    names = await agency_with_clients(world, 4, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, batch_max=2, beside_min=1)
    watched.open.clear()
    tasks = []
    for credits in (6, 6, 4):
        for name in names:
            tasks.append(
                asyncio.create_task(gatherer.spend(asked_of(world, name, credits), moment))
            )
            await turn()
    assert (watched.under_way, len(watched.calls)) == (BATCHES_MAX, BATCHES_MAX)
    watched.open.set()
    answers = await asyncio.gather(*tasks)
    assert [one.outcome for one in answers] == ["done"] * 4 + ["short"] * 4 + ["done"] * 4
    assert watched.most_under_way == BATCHES_MAX
    assert max(len(call) for call in watched.calls) == 2


async def test_r39_few_wait_for_few_that_are_away_and_many_go_beside_them(world: World) -> None:
    """A call costs as much as some spends: one that is away is not joined by another for each."""
    names = await agency_with_clients(world, BESIDE_MIN, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, beside_after_s=600)
    watched.open.clear()
    tasks = []
    calls = []
    for name in names:
        tasks.append(asyncio.create_task(gatherer.spend(asked_of(world, name, 1), moment)))
        await turn()
        calls.append(len(watched.calls))
    assert calls == [1] * (BESIDE_MIN - 1) + [2]
    watched.open.set()
    assert {one.outcome for one in await asyncio.gather(*tasks)} == {"done"}
    assert [len(call) for call in watched.calls] == [1, BESIDE_MIN - 1]


@pytest.mark.parametrize(("spends", "after_s"), [(BESIDE_MIN, 600), (1, 0)])
async def test_r39_nobody_waits_for_many_that_are_away_nor_for_what_takes_long(
    world: World, spends: int, after_s: float
) -> None:
    """One spend of another account goes beside a large call at once, beside a small one in a while."""
    one, other = await agency_with_clients(world, 2, 100)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, beside_after_s=after_s)
    watched.open.clear()
    many = [asked_of(world, one, 1) for _ in range(spends)]
    away = asyncio.create_task(gatherer.spend_all(many, moment))
    await turn()
    beside = asyncio.create_task(gatherer.spend(asked_of(world, other, 1), moment))
    await until(lambda: asyncio.sleep(0, len(watched.calls) == 2))
    assert [len(call) for call in watched.calls] == [spends, 1]
    watched.open.set()
    await asyncio.gather(away, beside)


async def test_r39_what_cannot_be_settled_fails_alone(world: World) -> None:
    """A text that PostgreSQL cannot keep, and an account that is not there, among thirty others."""
    [name] = await agency_with_clients(world, 1, 100)
    gatherer, moment = Gatherer(Watched(world)), world.engine.now()
    batch = [asked_of(world, name, 1) for _ in range(30)]
    batch[11] = asked_of(world, name, 1, key="\x00")
    batch[23] = new_spend(world.names["Agency"], world.platform.platform_id, 1)
    answers = await gatherer.spend_all(batch, moment)
    failed = {place for place, one in enumerate(answers) if isinstance(one, BaseException)}
    assert failed == {11, 23}
    assert isinstance(answers[11], asyncpg.CharacterNotInRepertoireError)
    assert (await world.credits(name)).used == 28


async def test_r20_an_account_that_is_held_keeps_only_itself_waiting(world: World) -> None:
    """Another transaction has one of two accounts: the other's spends go on, and those that waited
    are settled in their order when it is over."""
    held, free = await agency_with_clients(world, 2, 10)
    gatherer, moment = world.engine.gatherer, world.engine.now()
    async with world.db.transaction() as tx:
        await tx.execute(
            "select 1 from balance where account_id = $1 for update", world.names[held]
        )
        waiting = [
            asyncio.create_task(gatherer.spend(asked_of(world, held, credits), moment))
            for credits in (6, 6, 4)
        ]
        for _ in range(5):
            assert (await gatherer.spend(asked_of(world, free, 1), moment)).outcome == "done"
        assert not any(task.done() for task in waiting)
    answers = await asyncio.gather(*waiting)
    assert [one.outcome for one in answers] == ["done", "short", "done"]


async def test_r20_a_caller_who_goes_away_hurts_nobody(world: World) -> None:
    """Before its call is begun: not debited. While it is under way: debited once, as its key tells."""
    [name] = await agency_with_clients(world, 1, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched)
    watched.open.clear()
    begun, unbegun, other = (
        asked_of(world, name, 1),
        asked_of(world, name, 2),
        asked_of(world, name, 4),
    )
    tasks = []
    for new in (begun, unbegun, other):
        tasks.append(asyncio.create_task(gatherer.spend(new, moment)))
        await turn()
    assert watched.calls == [[begun]], "an account is in one call at a time"
    for gone in tasks[:2]:
        gone.cancel()
    await turn()
    watched.open.set()
    assert (await tasks[2]).balance_after == 5
    assert (await gatherer.spend(begun, moment)).balance_after == 9
    assert (await world.credits(name)).used == 5


async def test_r39_more_than_may_stand_in_line_is_refused(world: World) -> None:
    """A whole call of them, none tried; those in line are settled all the same."""
    [name] = await agency_with_clients(world, 1, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, queue_max=3, few=2)
    watched.open.clear()
    first = asyncio.create_task(gatherer.spend(asked_of(world, name, 1), moment))
    await turn()
    line = asyncio.create_task(gatherer.spend_all([asked_of(world, name, 1)] * 2, moment))
    await turn()
    assert len(gatherer) == 2
    with pytest.raises(Overloaded):
        await gatherer.spend_all([asked_of(world, name, 1)] * 2, moment)
    watched.open.set()
    await first
    assert {one.outcome for one in await line if isinstance(one, Tried)} == {"done"}
    assert (await world.credits(name)).used == 2


async def test_r39_who_fills_the_line_keeps_out_nobody_else(world: World) -> None:
    """Whoever has few in line is let in beside it, up to twice as many in all; who has more is not, nor is
    a large call."""
    names = await agency_with_clients(world, 3, 100)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, queue_max=4, few=2, beside_after_s=60)
    watched.open.clear()
    tasks = []

    async def ask(*whose: str) -> None:
        asked = [asked_of(world, name, 1) for name in whose]
        tasks.append(asyncio.create_task(gatherer.spend_all(asked, moment)))
        await turn()

    async def is_kept_out(*whose: str) -> bool:
        await ask(*whose)
        return tasks[-1].done() and isinstance(tasks.pop().exception(), Overloaded)

    filling, one, other = names
    await ask(filling)
    await ask(*[filling] * 4)
    assert await is_kept_out(filling) and await is_kept_out(one, one, other)
    await ask(one, other)
    await ask(one)
    assert await is_kept_out(one) and not await is_kept_out(other)
    assert len(gatherer) == 8 and await is_kept_out(names[1])
    watched.open.set()
    told = [answer for task in tasks for answer in await task]
    assert [isinstance(answer, Tried) and answer.outcome for answer in told] == ["done"] * 9


async def test_r24_a_process_that_stops_finishes_what_it_began(world: World) -> None:
    """What is under way is answered; what stands in line, or comes meanwhile, is refused untried."""
    [name] = await agency_with_clients(world, 1, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched)
    watched.open.clear()
    tasks = []
    for _ in range(2):
        tasks.append(asyncio.create_task(gatherer.spend(asked_of(world, name, 1), moment)))
        await turn()
    stopping = asyncio.create_task(gatherer.stop())
    await turn()
    for refused in (tasks[1], gatherer.spend(asked_of(world, name, 1), moment)):
        with pytest.raises(Overloaded):
            await refused
    watched.open.set()
    await stopping
    assert (await tasks[0]).outcome == "done"
    assert (await world.credits(name)).used == 1


async def test_r39_whoever_is_refused_for_the_crowd_is_told_when_to_come_back(world: World) -> None:
    """503 with a stable code and Retry-After, and nothing is done."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=10)
    world.engine.gatherer._queue_max = 0
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
    async with serving_api(world) as url, caller(world, url, None) as platform:
        refused = await platform.post(path, {"credits": 1}, "one")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json()["code"] == "overloaded"
        world.engine.gatherer._queue_max = 10
        assert (await platform.post(path, {"credits": 1}, "one")).json()["balance"] == 9


async def test_r39_a_third_call_goes_only_when_as_many_are_in_line_as_one_can_take(
    world: World,
) -> None:
    """Two that have all of it cost less than three."""
    names = await agency_with_clients(world, 5, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched, batch_max=2, beside_min=1, beside_after_s=0)
    watched.open.clear()
    tasks, calls = [], []
    for name in names:
        tasks.append(asyncio.create_task(gatherer.spend(asked_of(world, name, 1), moment)))
        await turn()
        calls.append(len(watched.calls))
    assert calls == [1, 2, 2, BATCHES_MAX, BATCHES_MAX]
    watched.open.set()
    assert {one.outcome for one in await asyncio.gather(*tasks)} == {"done"}


async def test_r39_who_is_called_and_fails_hurts_nobody(world: World) -> None:
    """The others of its batch are answered."""
    names = await agency_with_clients(world, 3, 10)
    gatherer, moment = Gatherer(Watched(world)), world.engine.now()
    heard: list[Tried | Exception | None] = []

    def fail(told: Tried | Exception | None) -> None:
        heard.append(told)
        raise ValueError("nobody can take this")

    gatherer.ask(asked_of(world, names[0], 1), moment, fail)
    gatherer.ask(asked_of(world, names[1], 1), moment, heard.append)
    last = await gatherer.spend(asked_of(world, names[2], 1), moment)
    assert last.outcome == "done" and len(heard) == 2
    assert all(isinstance(told, Tried) and told.outcome == "done" for told in heard)


async def test_r24_who_is_called_hears_that_nobody_will_say(world: World) -> None:
    """What was begun is broken off: it may be done or not."""
    [name] = await agency_with_clients(world, 1, 10)
    watched, moment = Watched(world), world.engine.now()
    gatherer = Gatherer(watched)
    watched.open.clear()
    heard: list[Tried | Exception | None] = []
    gatherer.ask(asked_of(world, name, 1), moment, heard.append)
    await turn()
    [begun] = gatherer._tasks
    begun.cancel()
    await turn()
    assert heard == [None]
