"""What may come twice, late or together is done once: keys, answers, leases (R17, R20, R22, R24, R39)."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest

from brimful.billing import payments
from brimful.billing.buyers import read_buyer
from brimful.db.transaction import Transaction
from brimful.domain.caps import Spent
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import KeyConflict, Pending, SpendDone
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.sweep import sweep
from brimful_testbank.faults import Rule
from tests.builders.held import blocked, until
from tests.builders.world import World, small_world


async def test_r39_a_key_is_debited_once_and_belongs_to_one_body(world: World) -> None:
    """From stock, so that no auto-billing has a part in it."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=100)
    first = await world.spend("Agency", 10, key="one")
    again = await world.spend("Agency", 10, key="one")
    assert isinstance(first, SpendDone) and again == first
    assert await world.spend("Agency", 11, key="one") == KeyConflict(key="one")
    assert (await world.credits("Agency")).used == 10


@pytest.mark.parametrize("verb", ["create", "confirm"])
async def test_r22_a_lost_reply_is_unknown_and_not_failed(world: World, verb: str) -> None:
    """The gateway did as it was asked and nobody heard: charged once and served."""
    await small_world(world, clients=0)
    world.desk.faults.rules.append(Rule(fault="lost_after", verb=verb))
    spend = asyncio.create_task(world.spend("Agency", 10))

    async def answered() -> bool:
        await world.engine.take_up_due_work()
        return spend.done()

    await until(answered)
    assert isinstance(await spend, SpendDone)
    assert world.taken() == [1_000]
    assert len(world.desk.bank.payments) == 1


async def test_r19_a_later_shortage_waits_for_the_purchase_under_way(world: World) -> None:
    """Planned while another is at the gateway, it opens nothing and fails nobody; the next purchase
    is for it."""
    await small_world(world, clients=0)
    account = await world.account("Agency")
    world.desk.faults.close_gate("confirm")
    first = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    second = asyncio.create_task(world.spend("Agency", 2_500))

    async def waits() -> bool:
        return bool(await world.db.fetchval("select count(*) = 2 from demand"))

    await until(waits)
    await plan_auto_billing(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        moment=world.engine.clock.moment(),
    )
    assert len(await world.purchases("Agency")) == 1
    world.desk.faults.open_gate("confirm")
    assert [type(answer) for answer in await asyncio.gather(first, second)] == [SpendDone] * 2
    assert world.taken() == [1_000, 1_000]


async def test_r20_whoever_hears_pending_was_not_debited(world: World) -> None:
    """The caller's time is over while the grant, begun in time, waits for the pool: whichever of the
    two is first, the answer is what was done."""
    await small_world(world, clients=0)
    account = await world.account("Agency")
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=8_000))
    await world.desk.faults.wait_for("confirm", 1)
    async with world.db.transaction() as other:
        await other.execute("select lock_pools_v1($1, $2)", account.tenant_id, [account.account_id])
        world.desk.faults.open_gate("confirm")
        await until(lambda: blocked(other, 1))  # the grant
        await until(lambda: blocked(other, 2))  # and then the caller that gives up
    answer = await spend
    assert isinstance(answer, SpendDone | Pending)
    assert (await world.credits("Agency")).used == (10 if isinstance(answer, SpendDone) else 0)


async def test_r20_a_sweep_refuses_no_caller_that_came_meanwhile(world: World) -> None:
    """A spend waits for nobody, as its process died; a worker is about to end it when its caller asks
    again: that one is waited for."""
    await small_world(world, clients=0)
    account, outside = await world.account("Agency"), contextvars.copy_context()
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("create", 1)
    await world.db.execute("update spend set answer_by = now() - interval '1 minute'")
    async with world.db.transaction() as other:
        await other.execute("select lock_pools_v1($1, $2)", account.tenant_id, [account.account_id])
        sweeping = asyncio.create_task(
            sweep(world.engine.ctx, moment=world.engine.now()), context=outside
        )
        await until(lambda: blocked(other, 1))
        await other.execute("update spend set answer_by = now() + interval '1 hour'")
    assert await sweeping == ()
    world.desk.faults.open_gate("create")
    assert isinstance(await spend, SpendDone)


async def test_r20_a_caller_that_died_leaves_nothing_that_waits(world: World) -> None:
    """Its process is gone, so nobody marks its demand abandoned; whoever looks for work does."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=300))
    await world.desk.faults.wait_for("create", 1)
    spend.cancel()
    await asyncio.gather(spend, return_exceptions=True)
    await world.db.execute("update spend set answer_by = now() - interval '1 minute'")

    async def ended() -> bool:
        await world.engine.take_up_due_work()
        return bool(await world.db.fetchval("select state from spend") == "abandoned")

    await until(ended)
    world.desk.faults.open_gate("create")
    await world.settle()
    assert (await world.credits("Agency")).used == 0
    assert await world.db.fetchval("select state from demand") == "abandoned"


async def test_r28_a_charge_without_an_answer_counts_as_spent(world: World) -> None:
    """It may have taken the money; only one that is known to have failed does not count."""
    await small_world(world, clients=0)
    account = await world.account("Agency")

    async def spent() -> Spent:
        async def body(tx: Transaction) -> Spent:
            at = world.engine.clock.moment().at
            facts = await read_buyer(
                tx, tenant_id=account.tenant_id, account_id=account.account_id, at=at
            )
            return facts.buyer.spent

        return await world.db.run(body)

    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    assert await spent() == Spent(hour_count=1, day_minor=1_000, month_minor=1_000)
    world.desk.faults.open_gate("confirm")
    assert isinstance(await spend, SpendDone)
    await world.card("Agency", "tok_declined")
    await world.spend("Agency", 2_000)
    await world.settle()
    assert await spent() == Spent(hour_count=1, day_minor=1_000, month_minor=1_000)


async def test_r28_who_waits_behind_a_charge_meets_the_cap_that_it_reaches(world: World) -> None:
    """Two spends at once, one pack a month: the second is looked at when the first is paid."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=1_000)
    world.desk.faults.close_gate("confirm")
    first = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    second = asyncio.create_task(world.spend("Agency", 2_500))

    async def waits() -> bool:
        return bool(await world.db.fetchval("select count(*) = 2 from demand"))

    await until(waits)
    world.desk.faults.open_gate("confirm")
    assert isinstance(await first, SpendDone)
    refused = await second
    assert isinstance(refused, Refuse) and refused.reason is Reason.cap_per_month
    assert world.taken() == [1_000]


@pytest.mark.parametrize("what", ["switch off", "save a card", "allot"])
async def test_r17_whoever_changes_several_things_of_a_pool_locks_it_first(
    world: World, what: str
) -> None:
    """Somebody plans for the pool: until that is done nothing of it is changed."""
    await small_world(world)
    await world.stock("Agency", credits=50)
    doing: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "switch off": lambda: world.auto_billing("Agency", enabled=False),
        "save a card": lambda: world.card("Agency", "tok_success_2"),
        "allot": lambda: world.stock("Client 1", credits=5),
    }
    account = await world.account("Agency")
    async with world.db.transaction() as other:
        await other.execute("select lock_pools_v1($1, $2)", account.tenant_id, [account.account_id])
        task = asyncio.get_running_loop().create_task(doing[what](), context=Context())
        await until(lambda: blocked(other, 1))
        assert not task.done()
    await task


async def test_r17_stock_is_kept_until_the_cancellation_is_confirmed(world: World) -> None:
    """A client switches off while its charge is at the gateway, which takes the money all the same:
    what was reserved for it is still there."""
    await small_world(world)
    await world.stock("Agency", credits=3_000)
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Client 1", 10))
    await world.desk.faults.wait_for("confirm", 1)
    await world.auto_billing("Client 1", enabled=False)
    stock = await world.credits("Agency")
    assert (stock.free, stock.reserved) == (0, 3_000)
    world.desk.faults.open_gate("confirm")
    await spend
    await world.settle()
    received = (await world.credits("Client 1")).received
    assert (world.taken(), received) in (([2_500], 3_000), ([], 0))


@pytest.mark.parametrize("by", ["late", "holder"])
async def test_r24_only_the_holder_gives_a_lease_back(world: World, by: str) -> None:
    """A process that was frozen beyond its lease comes back and gives back what is another's now."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("create", 1)
    [purchase] = await world.purchases("Agency")
    tenant_id, purchase_id = purchase["tenant_id"], purchase["purchase_id"]
    lapsed = purchase["lease_until"] + timedelta(seconds=1)

    async def claim() -> int | None:
        claimed = await payments.claim(
            world.db,
            tenant_id=tenant_id,
            fences={purchase_id: -1},
            real_at=lapsed,
            until=lapsed + timedelta(hours=1),
        )
        return claimed[0].fence if claimed else None

    late, holder = purchase["fence"], await claim()
    assert holder is not None and holder == late + 1
    token = int(late) if by == "late" else holder
    await payments.release(world.db, tenant_id, {purchase_id: token})
    assert await claim() == (None if by == "late" else holder + 1)
    await world.db.execute("update purchase set lease_until = '-infinity'")
    world.desk.faults.open_gate("create")
    await spend
