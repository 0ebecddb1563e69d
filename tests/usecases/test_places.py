"""One hour of renewals keeps nobody else waiting: they have places of their own, and are found last."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from brimful.billing import payments
from brimful.db.transaction import Transaction
from brimful.domain.effect import DriveRenewals, Effect, Renew
from brimful.effects.runner import Runner
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.steps import Step
from tests.builders.calendar import Calendar
from tests.builders.held import SOON_S, held_at, until
from tests.ledger.test_read_plans import multiply
from tests.usecases.test_renewals import NEXT

SELLERS = {"First": ("Anna", "Ben"), "Second": ("Cleo",), "Third": ("Dora",), "Fourth": ("Emil",)}
_BEGUN = "select count(*) from purchase where origin = 'renewal' and state = 'created'"
_BEGUN_OR_NOT = "select count(*) from purchase where origin = 'renewal'"


async def sellers_with_subscribers(calendar: Calendar) -> None:
    """Tenants whose clients renew at the same hour, out of stock."""
    world = calendar.world
    for seller, clients in SELLERS.items():
        await world.open(seller, sells=True)
        plan = await world.package(seller, 4_900, credits=100, interval="month")
        await world.stock(seller, credits=1_000)
        for name in clients:
            await world.open(name, seller)
            await world.card(name)
            assert isinstance(await world.buy(name, plan), Bought)
    await calendar.work()


async def test_r16_r20_r24_a_spend_waits_for_no_renewals_of_others(calendar: Calendar) -> None:
    """There are more sellers whose clients renew than places, and the gateway answers none of them
    yet. What a spend of another tenant is short of is bought all the same."""
    world, engine = calendar.world, calendar.world.engine
    await sellers_with_subscribers(calendar)
    await world.open("Other", sells=True)
    await world.card("Other")
    await world.auto_billing("Other")
    await calendar.work()
    engine.runner = Runner(engine.runner._handlers, limit=2, apart={Renew: 1, DriveRenewals: 2})
    calendar.clock.at = NEXT
    async with held_at(Step.before_confirm, lambda one: one.origin == "renewal") as held:
        await engine.take_up_due_work()

        async def all_begun() -> Any:
            return await world.db.fetchval(_BEGUN_OR_NOT) == 5

        await until(all_begun)
        await asyncio.wait_for(held.arrived.wait(), SOON_S)
        assert isinstance(await asyncio.wait_for(world.spend("Other", 25), SOON_S), SpendDone)
        assert await world.db.fetchval(_BEGUN) <= 3, "two groups have a place"
    await calendar.work()
    for clients in SELLERS.values():
        for name in clients:
            assert (await world.credits(name)).received == 200


class _Undo(Exception):
    """What was written is not kept."""


async def test_r24_what_is_due_comes_in_turns(calendar: Calendar) -> None:
    """A tenant has a backlog of renewals that is older than all else: what another has to charge comes
    before it, and another's renewal after the first of it."""
    world = calendar.world
    package = await world.package(None, 1_000, credits=10, name="10 credits")
    for name in ("Crowded", "Quiet"):
        await world.open(name, sells=True)
        await world.card(name)
    assert isinstance(await world.buy("Crowded", package), Bought)
    await calendar.work()
    real_at = calendar.clock.moment().real_at
    crowded, quiet = [(await world.account(name)).tenant_id for name in ("Crowded", "Quiet")]
    found: list[tuple[UUID, UUID, bool]] = []

    async def body(tx: Transaction) -> None:
        await tx.execute("set local session_replication_role = replica")
        due = {"purchase_id": "gen_random_uuid()", "buyer_id": "gen_random_uuid()"}
        due |= {"state": "'planned'", "lease_until": "'-infinity'::timestamptz"}
        for tenant_id, origin, count, age in (
            (crowded, "renewal", 20, 3), (quiet, "renewal", 2, 2), (quiet, "by_hand", 1, 1),
        ):  # fmt: skip
            await multiply(
                tx, "purchase", count, **due, tenant_id=f"'{tenant_id}'::uuid",
                origin=f"'{origin}'", wake_real_at=f"'{real_at}'::timestamptz - {age} * interval '1 h'",
            )  # fmt: skip
        found.extend(await payments.find_due(tx, real_at, 6))  # type: ignore[arg-type]
        raise _Undo

    with pytest.raises(_Undo):
        await world.db.run(body)
    assert [(tenant_id, renews) for tenant_id, _, renews in found] == [
        (quiet, False),
        (crowded, True), (quiet, True),
        (crowded, True), (quiet, True),
        (crowded, True),
    ]  # fmt: skip


async def test_r24_renewals_that_wait_for_a_place_are_begun_once() -> None:
    """Whatever group a scan names them in."""
    done: list[tuple[int, ...]] = []
    go = asyncio.Event()

    async def drive(effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, DriveRenewals)
        await go.wait()
        done.append(tuple(one.int for one in effect.purchase_ids))
        return ()

    def renewals(*numbers: int) -> DriveRenewals:
        return DriveRenewals(UUID(int=9), tuple(UUID(int=number) for number in numbers))

    runner = Runner({DriveRenewals: drive}, apart={DriveRenewals: 1})
    runner.run([renewals(1, 2)])
    await asyncio.sleep(0)
    runner.run([renewals(3, 4)])
    runner.run([renewals(3, 4, 5)])
    runner.run([renewals(4, 5), renewals(3, 4)])
    assert not runner.busy
    # What is being driven may have changed since its row was read, and is looked at once more.
    runner.run([renewals(1, 2), renewals(1, 2)])
    go.set()
    await runner.idle()
    assert done == [(1, 2), (3, 4, 5, 1, 2)]


async def test_r24_renewals_that_wait_go_together_when_a_place_comes_free() -> None:
    """A hundred sellers with one client each, and another tenant with one: places are few, and are never
    taken by one of many. What failed with others that went along is begun when it is named again."""
    done: list[tuple[int, ...]] = []
    go = asyncio.Event()
    fails = True

    async def drive(effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, DriveRenewals)
        await go.wait()
        done.append(tuple(one.int for one in effect.purchase_ids))
        if fails and len(effect.purchase_ids) > 1:
            raise AssertionError("a fault of ours")
        return ()

    alone = [DriveRenewals(UUID(int=9), (UUID(int=number),)) for number in range(100)]
    runner = Runner({DriveRenewals: drive}, apart={DriveRenewals: 1})
    runner.run([*alone, DriveRenewals(UUID(int=8), (UUID(int=100),))])
    go.set()
    await runner.idle()
    assert done == [tuple(range(64)), tuple(range(64, 100)), (100,)]
    done.clear()
    fails = False
    runner.run(alone)
    await runner.idle()
    assert done == [tuple(range(64)), tuple(range(64, 100))]
