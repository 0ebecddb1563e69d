"""R27, R29: what follows when a network replaces a saved card, or the gateway has it no more."""

import asyncio

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.steps import Step
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.cards import LOST, behave, declines, share_card
from tests.builders.held import held_at, until
from tests.builders.networks import card_of, hear, replace_card
from tests.builders.world import World, small_world
from tests.usecases.test_backup_card import backup, charged, on_file
from tests.usecases.test_consent_and_cards import kinds, waits_at_seller


async def detach(world: World, name: str) -> None:
    """Somebody detaches an account's primary card at the gateway, which tells."""
    card = await card_of(world, name)
    world.desk.bank.remove_method(card["gateway_account"], card["gateway_method"])
    await hear(world, card)


async def test_r29_a_backup_that_is_replaced_may_be_tried(calendar: Calendar) -> None:
    """Both cards are paused; the network replaces the backup, whose role stays, and that pays."""
    world = calendar.world
    await small_world(world, clients=0)
    other = await backup(world, "Agency")
    behave(world, LOST)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    assert declines(world) == 2
    row = await world.db.fetchrow("select * from payment_method where method_id = $1", other)
    assert row is not None
    world.desk.bank.replace_method(row["gateway_method"], "tok_success#new")
    await hear(world, dict(row))
    assert await on_file(world, "Agency") == [("primary", "4242"), ("backup", "4242")]
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert (len(await charged(world)), declines(world)) == (1, 2)
    assert (await kinds(world, "Agency"))[-2:] == ["resumed", "auto_billed"]


async def test_r29_a_card_replaced_by_one_that_is_paused_stays_paused(calendar: Calendar) -> None:
    """Two clients of one agency: the number that one of them gets was declined for good as the
    other's. Whoever uses it, it is not tried."""
    world = calendar.world
    await small_world(world, clients=2)
    await world.stock("Agency", credits=9_000)
    for name in ("Client 1", "Client 2"):
        await share_card(world, name, f"tok_success#{name}")
        behave(world, LOST, last4="4242")
        assert isinstance(await world.spend(name, 10), Refuse)
    behave(world, None)
    bank, card = world.desk.bank, await card_of(world, "Client 1")
    bank.replace_method(card["gateway_method"], "tok_success#Client 2")
    await hear(world, card)
    now = await card_of(world, "Client 1")
    assert now["fingerprint"] == (await card_of(world, "Client 2"))["fingerprint"]
    refused = await world.spend("Client 1", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_paused
    assert "resumed" not in await kinds(world, "Client 1")


async def test_r29_the_attempts_of_the_old_number_are_not_the_new_ones(calendar: Calendar) -> None:
    """Declined softly, so that the next attempt is an hour away: the new number is tried at once."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.card("Agency", "tok_insufficient_funds")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await replace_card(world, "Agency", None)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    assert declines(world) == 1
    await replace_card(world, "Agency")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert declines(world) == 1


async def test_r29_another_expiry_brings_no_retry_forward(calendar: Calendar) -> None:
    """A renewal that is declined softly waits for its hour, unless another number comes before that."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.card("Anna", "tok_insufficient_funds")
    await calendar.go_to((await calendar.subscription("Anna"))["due_at"])
    before = await calendar.subscription("Anna")
    assert (before["state"], before["wake_at"]) == ("past_due", calendar.clock.at + HOUR)
    await replace_card(world, "Anna", None)
    assert await calendar.subscription("Anna") == before
    await replace_card(world, "Anna")
    await calendar.work()
    assert (await calendar.subscription("Anna"))["state"] == "active"
    assert declines(world) == 1


async def test_r27_a_detached_card_holds_nothing_any_more(world: World) -> None:
    """A client's purchase by hand only holds it while the seller buys: it is given back."""
    await small_world(world)
    pack = await world.package("Agency", 700, credits=100)
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held:
        bought = asyncio.create_task(world.buy("Client 1", pack, wait_ms=60_000))
        await until(lambda: waits_at_seller(world, "Client 1"))
        handled = asyncio.create_task(detach(world, "Client 1"))
        await until(lambda: has_no_card(world, "Client 1"))
        held.go.set()
        answer = await bought
    await handled
    assert isinstance(answer, Refuse) and answer.reason is Reason.no_payment_method
    assert (world.taken(), world.held_open()) == ([], [])
    assert await kinds(world, "Client 1") == ["paused"]


async def has_no_card(world: World, name: str) -> bool:
    """Whether an account has no card on file."""
    return await on_file(world, name) == []


async def test_r27_a_backup_takes_the_place_of_a_detached_card(calendar: Calendar) -> None:
    """Nobody has to act, so nobody is told; the backup pays, as the primary."""
    world = calendar.world
    await small_world(world, clients=0)
    await backup(world, "Agency")
    await detach(world, "Agency")
    assert await on_file(world, "Agency") == [("primary", "4444")]
    assert await kinds(world, "Agency") == []
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert await charged(world) == ["4444"]


async def test_r27_an_owner_without_auto_billing_is_not_told_that_it_paused(
    calendar: Calendar,
) -> None:
    """It was off: the card is out of use, and that is all."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.auto_billing("Agency", enabled=False)
    await detach(world, "Agency")
    assert await on_file(world, "Agency") == []
    assert await kinds(world, "Agency") == []


async def test_r22_by_hand_a_card_that_is_gone_is_no_outage(world: World) -> None:
    """Somebody detached it at the gateway, which has not told yet: the buyer hears what to do."""
    await small_world(world, clients=0)
    card = await card_of(world, "Agency")
    world.desk.bank.remove_method(card["gateway_account"], card["gateway_method"])
    package = await world.db.fetchval(
        "select package_id from package where seller_ref = $1 and kind = 'additional_credits' limit 1",
        world.platform.platform_id,
    )
    refused = await world.buy("Agency", package)
    assert isinstance(refused, Refuse) and refused.reason is Reason.no_payment_method
    assert await world.db.fetchval("select count(*) from gateway_outage") == 0
