"""R16, R20: those who are short take no connection from those who are not."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.effects import following, giving_up, spending
from brimful.effects.following import PLACES, PLACES_OF_ACCOUNT
from brimful.effects.gatherer import Overloaded
from brimful.ledger.spends import Asked, NewSpend, Tried
from brimful.usecases.answers import Pending, SpendDone
from brimful.usecases.spend_credits import abandon_spends, spend_credits
from brimful.usecases.steps import Step
from tests.builders.held import held_at, until
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world

CLIENTS = [f"Client {number}" for number in range(1, 6)]
_WAITING = "select count(*) from demand where state = 'waiting'"


async def waiting(world: World, number: int) -> bool:
    """Whether so many spends are registered."""
    count: int = await world.db.fetchval(_WAITING)
    return count == number


async def test_r20_some_are_followed_up_at_a_time_and_of_one_account_fewer(world: World) -> None:
    """Nine spends of each of five clients are short and do not get on: some of them are registered, of no
    client more than its part; meanwhile who has credits spends, and who buys none hears so at once."""
    await small_world(world, clients=5)
    await world.open("Rich", "Agency")
    await world.open("Poor", "Agency")
    await world.stock("Agency", credits=50_000)
    await world.stock("Rich", credits=100)
    async with held_at(Step.demand_registered) as held:
        short = [asyncio.create_task(world.spend(name, 10)) for name in CLIENTS for _ in range(9)]
        await until(lambda: waiting(world, PLACES))
        rich = await asyncio.gather(*(world.spend("Rich", 1) for _ in range(20)))
        poor = await asyncio.gather(*(world.spend("Poor", 1) for _ in range(20)))
        of_each = await world.db.fetch(
            "select count(*) from demand where state = 'waiting' group by account_id"
        )
        held.go.set()
        done = await asyncio.gather(*short)
    assert all(isinstance(one, SpendDone) for one in [*rich, *done])
    assert {one.reason for one in poor if isinstance(one, Refuse)} == {Reason.insufficient_credits}
    assert len([one for one in poor if isinstance(one, Refuse)]) == 20
    counts = [row["count"] for row in of_each]
    assert sum(counts) == PLACES and max(counts) <= PLACES_OF_ACCOUNT


async def test_r16_in_a_crowd_the_answer_is_that_of_one_alone(world: World) -> None:
    """Refused together, to the letter as by itself."""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    alone = await world.spend("Client 1", 10)
    crowd = await asyncio.gather(*(world.spend("Client 1", 10) for _ in range(60)))
    assert isinstance(alone, Refuse) and all(one == alone for one in crowd)


async def test_r20_who_stands_in_line_waits_no_longer_than_it_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All places are taken and none comes free: the caller hears pending when its wait is over, and nothing
    of it is left."""
    monkeypatch.setattr(spending, "REGISTER_WITHIN_S", 0.0)
    await small_world(world, clients=3)
    await world.stock("Agency", credits=50_000)
    async with held_at(Step.demand_registered) as held:
        short = [
            asyncio.create_task(world.spend(name, 10)) for name in CLIENTS[:2] for _ in range(4)
        ]
        await until(lambda: waiting(world, PLACES))
        late = await world.spend("Client 3", 10, wait_ms=100)
        assert isinstance(late, Pending) and await waiting(world, PLACES)
        held.go.set()
        await asyncio.gather(*short)
    assert isinstance(await world.spend("Client 3", 10), SpendDone)


async def many_short(world: World, names: list[str], of_each: int) -> list[NewSpend]:
    """So many spends of each account, as a batch asks for them."""
    accounts = [await world.account(name) for name in names]
    return [
        new_spend(account.tenant_id, account.account_id, 10)
        for account in accounts
        for _ in range(of_each)
    ]


async def test_r20_batches_share_the_places_of_all(world: World) -> None:
    """Three batches at once, each of five accounts that are short: no more are followed up than of spends
    that are asked for one by one."""
    await small_world(world, clients=5)
    await world.stock("Agency", credits=50_000)
    async with held_at(Step.demand_registered) as held:
        batches = [
            asyncio.create_task(world.engine.spend_all(await many_short(world, CLIENTS, 2), 20_000))
            for _ in range(3)
        ]
        await until(lambda: waiting(world, PLACES))
        assert len(world.engine.spending.following) == 3 * len(CLIENTS)
        held.go.set()
        told = [answer for batch in batches for answer in await batch]
    assert [type(answer) for answer in told] == [SpendDone] * 30


async def test_r20_a_batch_whose_wait_is_over_is_given_up_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All spends of an account by one transaction, however many: what one of them frees is offered to the
    others once. The auto-billing goes on."""
    at_once: list[int] = []

    async def counted(*args: Any, answer_by: Mapping[UUID, datetime], **named: Any) -> Any:
        at_once.append(len(answer_by))
        return await abandon_spends(*args, answer_by=answer_by, **named)

    monkeypatch.setattr(giving_up, "abandon_spends", counted)
    await small_world(world, clients=2)
    await world.stock("Agency", credits=50_000)
    async with held_at(Step.before_create) as held:
        asked = await many_short(world, CLIENTS[:2], 30)
        told = await world.engine.spend_all(asked, 1_500)
        assert [type(answer) for answer in told] == [Pending] * 60 and await waiting(world, 0)
        assert at_once == [30, 30]
        held.go.set()
    await world.settle()
    assert (await world.credits(CLIENTS[0])).free > 0


async def test_r39_a_line_that_is_full_refuses_a_part_of_a_batch_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was debited is told, though too many are short for the rest to be followed up."""
    monkeypatch.setattr(following, "QUEUE_MAX", 0)
    await small_world(world, clients=1)
    await world.stock("Agency", credits=50_000)
    await world.open("Rich", "Agency")
    await world.stock("Rich", credits=100)
    asked = [*await many_short(world, ["Rich"], 1), *await many_short(world, CLIENTS[:1], 2)]
    done, *short = await world.engine.spend_all(asked, 1_000)
    assert isinstance(done, SpendDone) and (await world.credits("Rich")).used == 10
    assert [type(one) for one in short] == [Overloaded] * 2


async def test_r20_of_one_batch_few_accounts_stand_in_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of it are short: whoever else is short waits for no more of them."""
    monkeypatch.setattr(spending, "IN_LINE_OF_BATCH", 2)
    await small_world(world, clients=5)
    await world.stock("Agency", credits=50_000)
    async with held_at(Step.demand_registered) as held:
        batch = asyncio.create_task(
            world.engine.spend_all(await many_short(world, CLIENTS, 1), 20_000)
        )
        await until(lambda: waiting(world, 2))
        assert len(world.engine.spending.following) == 2
        held.go.set()
        assert [type(one) for one in await batch] == [SpendDone] * 5


async def test_r20_who_finds_no_place_to_give_up_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others hold all places for giving up: the caller hears pending soon after its wait, it is not debited
    any more, and what it lacks is bought all the same."""
    monkeypatch.setattr(giving_up, "WITHIN_S", 0.1)
    await small_world(world)
    await world.stock("Agency", credits=50_000)
    client = (await world.account("Client 1")).account_id
    async with (
        held_at(Step.before_create) as held,
        world.engine.spending.giving_up.places.place(client),
    ):
        assert isinstance(await world.spend("Client 1", 10, wait_ms=50), Pending)
        held.go.set()
        await world.settle()
        credits = await world.credits("Client 1")
        assert (credits.used, credits.free > 0) == (0, True)


async def test_r39_what_was_done_while_it_was_registered_is_not_tried_again(world: World) -> None:
    """Credits came after it was found short: it is debited, and a line that is full by then has no say."""
    await small_world(world)
    await world.stock("Agency", credits=100)
    account = await world.account("Agency")
    new = new_spend(account.tenant_id, account.account_id, 10)
    tries = [Tried("short", new.spend_id, new.credits, 0)]

    async def once(asked: Asked, moment: Moment) -> Tried:
        if not tries:
            raise Overloaded("the line is full")
        return tries.pop()

    moment = world.engine.now()
    answer = await spend_credits(world.engine.ctx, once, new, wait_ms=1_000, moment=moment)
    assert isinstance(answer, SpendDone) and (await world.credits("Agency")).used == 10
    assert (answer.spend_id, answer.credits, answer.balance_after) == (new.spend_id, 10, 90)


async def test_r20_who_is_answered_at_the_end_of_a_process_is_given_up_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is not over, so that others could still debit it: a place is waited for, however long."""
    monkeypatch.setattr(giving_up, "WITHIN_S", 0.1)
    await small_world(world)
    await world.stock("Agency", credits=50_000)
    client = (await world.account("Client 1")).account_id
    async with held_at(Step.before_create) as held:
        async with world.engine.spending.giving_up.places.place(client):
            asked = asyncio.create_task(world.spend("Client 1", 10, wait_ms=60_000))
            await held.arrived.wait()
            world.engine.waiters.end()
            await asyncio.wait({asked}, timeout=1)
        assert isinstance(await asked, Pending)
        assert await world.db.fetchval("select array_agg(state) from spend") == ["abandoned"]
        held.go.set()
