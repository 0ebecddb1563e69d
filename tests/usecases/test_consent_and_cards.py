"""R10, R27, R29: what the owner says holds at once, on whatever step a purchase is; whose card it is."""

import asyncio
from contextvars import Context
from dataclasses import replace
from datetime import timedelta

from brimful.billing import cards
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Missing, SpendDone
from brimful.usecases.save_card import remove_card
from brimful.usecases.steps import Step
from brimful_testbank.cards import Behaviour
from tests.builders.clock import ShiftedClock
from tests.builders.held import held_at, until
from tests.builders.world import World, small_world


async def take_card_away(world: World, name: str) -> None:
    """Remove the card in use of an account."""
    account = await world.account(name)
    card = await cards.read_card(world.db, account.tenant_id, account.account_id)
    assert card is not None
    done = await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=card["method_id"],
        moment=world.engine.clock.moment(),
    )
    assert not isinstance(done, Missing)
    world.engine.run(done)


async def waits_at_seller(world: World, name: str) -> bool:
    """A purchase of an account has its card held and waits for its seller."""
    return [p["state"] for p in await world.purchases(name)] == ["waiting"]


async def kinds(world: World, name: str) -> list[str]:
    """The kinds of notices to an account's owner, oldest first."""
    return [notice["kind"] for notice in await world.notices(name)]


async def test_r27_off_before_the_confirm_is_not_charged(world: World) -> None:
    """The intent is on its way to the gateway when the owner switches off: nothing is taken."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Agency", 10, wait_ms=60_000))
    await world.desk.faults.wait_for("create", 1)
    await world.auto_billing("Agency", enabled=False)
    world.desk.faults.open_gate("create")
    answer = await spend
    await world.settle()
    assert isinstance(answer, Refuse)
    assert world.taken() == []
    [purchase] = await world.purchases("Agency")
    assert (purchase["state"], purchase["reason"]) == ("failed", "auto_billing_off")


async def test_r10_inactive_before_the_confirm_is_not_charged(world: World) -> None:
    """The seller switches off while its client's purchase from stock is on its way."""
    await small_world(world)
    await world.stock("Agency", credits=3_000)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Client 1", 10, wait_ms=60_000))
    await world.desk.faults.wait_for("create", 1)
    await world.auto_billing("Agency", enabled=False)
    world.desk.faults.open_gate("create")
    assert isinstance(await spend, Refuse)
    await world.settle()
    assert world.taken() == []
    assert (await world.credits("Agency")).free == 3_000


async def test_r10_a_capture_already_begun_completes(world: World) -> None:
    """Switched off while the bank is taking the money: it is delivered, nothing is lost."""
    await small_world(world)
    world.desk.faults.close_gate("capture")
    spend = asyncio.create_task(world.spend("Client 1", 10, wait_ms=60_000))
    await world.desk.faults.wait_for("capture", 1)
    await world.auto_billing("Client 1", enabled=False)
    world.desk.faults.open_gate("capture")
    assert isinstance(await spend, SpendDone)
    await world.settle()
    assert (await world.credits("Client 1")).free == 2_990


async def test_r27_a_removed_card_is_not_charged_for_what_was_planned(world: World) -> None:
    """Nor for a purchase by hand that only holds it while the seller buys."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack, wait_ms=60_000))
        await until(lambda: waits_at_seller(world, "Client 1"))
        await take_card_away(world, "Client 1")
        held.go.set()
        answer = await bought
    await world.settle()
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.no_payment_method
    assert world.taken() == []
    assert world.held_open() == []


async def test_r27_a_removed_card_is_removed_at_the_gateway_once_it_answers(world: World) -> None:
    """An outage only delays it; no charge is possible there any more."""
    await small_world(world, clients=0)
    bank = world.desk.bank
    remove, bank.remove_method = bank.remove_method, bank.payment  # refuses: no such payment
    await take_card_away(world, "Agency")
    await world.settle()
    assert not any(method["removed"] for method in bank.methods.values())
    bank.remove_method = remove
    await world.db.execute("update payment_method set detach_real_at = now(), detached_at = null")
    await world.engine.take_up_due_work()
    await world.settle()
    assert all(method["removed"] for method in bank.methods.values())


async def test_r27_a_purchase_reads_the_card_under_the_lock(world: World) -> None:
    """The card is removed while the purchase waits for the pool: it is not charged."""
    await small_world(world)
    await world.stock("Agency", credits=3_000)
    pack = await world.package("Agency", 700, credits=100)
    assert isinstance(await world.buy("Client 1", pack), Bought)
    account = await world.account("Client 1")
    async with world.db.transaction() as other:
        await other.execute("select lock_pools_v1($1, $2)", account.tenant_id, [account.account_id])
        bought = asyncio.get_running_loop().create_task(
            world.buy("Client 1", pack), context=Context()
        )
        await until(lambda: _blocked(other))
        await other.execute(
            "update payment_method set removed_at = now() where account_id = $1",
            account.account_id,
        )
    answer = await bought
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.no_payment_method
    assert len(world.taken()) == 1


async def _blocked(other: object) -> bool:
    return bool(
        await other.fetchval(  # type: ignore[attr-defined]
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
            "and datname = current_database()"
        )
    )


async def test_r27_deleting_an_old_card_leaves_the_new_one(world: World) -> None:
    """The id says which card is meant."""
    await small_world(world, clients=0)
    account = await world.account("Agency")
    old = await cards.read_card(world.db, account.tenant_id, account.account_id)
    assert old is not None
    await world.card("Agency", "tok_success_2")
    again = await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=old["method_id"],
        moment=world.engine.clock.moment(),
    )
    assert again == Missing(what="payment_method")
    new = await cards.read_card(world.db, account.tenant_id, account.account_id)
    assert new is not None
    assert new["last4"] == "4444"


async def test_r10_who_is_inactive_is_told_once_and_again_when_it_resumes(world: World) -> None:
    """However often the seller says so."""
    await small_world(world)
    for _ in range(3):
        await world.auto_billing("Agency", enabled=False)
    assert await kinds(world, "Client 1") == ["inactive"]
    for _ in range(2):
        await world.auto_billing("Agency")
    assert await kinds(world, "Client 1") == ["inactive", "resumed"]


async def test_r29_a_hard_decline_by_hand_pauses_and_is_told(world: World) -> None:
    """And the purchase by hand that succeeds resumes, which is told too."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    assert isinstance(await world.buy("Agency", pack), Refuse)
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.auto_billing_paused
    assert await kinds(world, "Agency") == ["paused"]
    [method] = [m for m in world.desk.bank.methods.values() if m["last4"] == "9987"]
    world.desk.bank.overrides[method["fingerprint"]] = Behaviour()
    assert isinstance(await world.buy("Agency", pack), Bought)
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert await kinds(world, "Agency") == ["paused", "resumed"]


async def test_r29_a_success_ends_the_count_of_soft_declines(world: World) -> None:
    """A decline sixty days after a success is a first one: the next try is an hour after it."""
    await small_world(world, clients=0)
    clock = ShiftedClock(world.engine.clock.moment().at)
    world.engine.clock = clock
    world.engine.driver = replace(world.engine.driver, now=clock.moment)
    [method] = world.desk.bank.methods.values()
    bad = {method["fingerprint"]: Behaviour(decline="insufficient_funds")}
    world.desk.bank.overrides = dict(bad)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    clock.advance(timedelta(hours=2))
    world.desk.bank.overrides = {}
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    clock.advance(timedelta(days=60))
    world.desk.bank.overrides = dict(bad)
    declined = await world.spend("Agency", 5_000)
    assert isinstance(declined, Refuse)
    assert declined.reason is Reason.card_declined
    again = await world.spend("Agency", 5_000)
    assert isinstance(again, Refuse)
    assert again.reason is Reason.retry_later
    retry_at = await world.db.fetchval("select retry_at from breaker")
    assert timedelta(minutes=59) < retry_at - clock.moment().at <= timedelta(hours=1)
