"""What others' users met in public when a card did not pay, or should not have been charged (R27 to R30).

Each scenario names its thread and shows that it cannot happen here, by the bank's own journal.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.calendar import DAY, HOUR, Calendar
from tests.builders.cards import LOST, POOR, behave, declines, most_within
from tests.builders.world import World, small_world
from tests.usecases.test_authentication import at_bank, token_of

MINUTE = timedelta(minutes=1)


async def pack_of(world: World) -> Any:
    """The platform's smallest package of credits."""
    return await world.db.fetchval("select package_id from package order by position limit 1")


async def kinds(world: World, name: str) -> list[str]:
    """What an account's owner was told, in order."""
    return [notice["kind"] for notice in await world.notices(name)]


def asked(world: World) -> int:
    """By the bank's journal: how many payments were ever made."""
    return sum(effect["kind"] == "created" for effect in world.desk.journal.effects())


async def test_dead_card_retried_for_days(calendar: Calendar) -> None:
    """https://github.com/akash-network/console/pull/3760: some 950 declines in a day."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    tried = []
    for _ in range(24 * 20):
        calendar.clock.at += 3 * MINUTE
        before = declines(world)
        assert isinstance(await world.spend("Agency", 10), Refuse)
        tried += [calendar.clock.at] * (declines(world) - before)
    assert len(tried) == most_within(tried, DAY) == 3
    assert asked(world) == 3, "nor is a payment made that is not put to the card"


async def test_card_hammered_within_minutes(calendar: Calendar) -> None:
    """https://github.com/openstory-so/openstory/pull/1337: 20 attempts in 8 minutes."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    for _ in range(20):
        calendar.clock.at += timedelta(seconds=24)
        assert isinstance(await world.spend("Agency", 10), Refuse)
    assert declines(world) == 1


async def test_attempt_every_few_seconds_with_an_open_invoice_each(calendar: Calendar) -> None:
    """https://github.com/getlago/lago-api/pull/6176: an attempt every few seconds for days, each
    leaving something open behind."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    for _ in range(50):
        calendar.clock.at += timedelta(seconds=5)
        await world.spend("Agency", 10)
    assert declines(world) == 1
    open_now = "select count(*) from purchase where state not in ('delivered', 'failed')"
    assert await world.db.fetchval(open_now) == 0
    assert {p["state"] for p in world.desk.bank.payments.values()} == {"canceled"}


async def test_3ds_limbo(calendar: Calendar) -> None:
    """https://github.com/akash-network/console/pull/3809: an incomplete intent every 61 minutes for
    days, counted as neither success nor failure."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    for _ in range(72):
        calendar.clock.at += 61 * MINUTE
        assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    assert asked(world) == 1
    assert [p["state"] for p in world.desk.bank.payments.values()] == ["canceled"]
    assert await kinds(world, "Agency") == ["action_required"]
    await at_bank(await world.engine.authenticate(await token_of(world, "Agency")), complete=True)
    await world.engine.authenticate(await token_of(world, "Agency"))
    await world.settle()
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert world.taken() == [1_000]


async def test_silent_failure(calendar: Calendar) -> None:
    """https://github.com/akash-network/console/pull/3769: the first mail came after seven hours."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    [told] = await world.notices("Agency")
    assert (told["kind"], told["created_at"]) == ("auto_billing_failed", calendar.clock.at)
    assert "declined" in told["body"]
    state = await world.db.fetchval(
        "select count(*) from mail where notice_id = $1", told["notice_id"]
    )
    assert state == 1


@pytest.mark.parametrize("switched_off_first", [True, False])
async def test_re_armed_by_a_purchase(calendar: Calendar, switched_off_first: bool) -> None:
    """https://github.com/openai/codex/issues/31987: each purchase by hand switched automatic
    charging on again, for about $1,000."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    if switched_off_first:
        await world.auto_billing("Agency")
        await world.auto_billing("Agency", enabled=False)
    for _ in range(3):
        assert isinstance(await world.buy("Agency", await pack_of(world)), Bought)
        await calendar.go(HOUR)
    refused = await world.spend("Agency", 6_001)
    assert isinstance(refused, Refuse) and refused.reason is Reason.insufficient_credits
    assert len(world.taken()) == 3


async def test_charged_after_switching_off(calendar: Calendar) -> None:
    """https://github.com/anthropics/claude-code/issues/92883: charged again and again after it was
    switched off, and the card could not be removed."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.auto_billing("Agency", enabled=False)
    behave(world, None)
    for _ in range(30):
        await calendar.go(DAY)
        assert isinstance(await world.spend("Agency", 10), Refuse)
    assert world.taken() == [] and declines(world) == 1


async def test_loop_of_charges(calendar: Calendar) -> None:
    """https://github.com/anthropics/claude-code/issues/68773: 29 charges, $661, six in ten minutes."""
    world = calendar.world
    await small_world(world, clients=0)
    for _ in range(9):
        assert isinstance(await world.spend("Agency", 2_000), SpendDone)
        await calendar.go(DAY)
    before = len(world.taken())
    for _ in range(29):
        calendar.clock.at += MINUTE
        await world.spend("Agency", 35_000)
    assert len(world.taken()) == before + 3
    assert await kinds(world, "Agency") == ["auto_billed"] * 12 + ["paused"]


async def test_loop_nobody_noticed_for_weeks(calendar: Calendar) -> None:
    """https://github.com/getlago/lago-api/pull/6103: a loop of purchases ran for weeks before a
    customer told its seller. Here each is told at once, and a balance that is there buys nothing."""
    world = calendar.world
    await small_world(world, clients=0)
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    for _ in range(21):
        await calendar.go(DAY)
    assert world.taken() == [1_000]
    assert await kinds(world, "Agency") == ["auto_billed"]


async def test_new_card_did_not_re_fire(calendar: Calendar) -> None:
    """https://github.com/thinking-machines-lab/tinker-feedback/issues/97: a new card was added, and
    jobs stayed blocked all day."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.card("Agency", "tok_success_2")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert await kinds(world, "Agency") == ["auto_billing_failed", "resumed", "auto_billed"]


async def test_terminal_refusal_while_it_is_being_bought(world: World) -> None:
    """https://github.com/Kilo-Org/cloud/pull/6217: a request during a purchase under way was refused
    for good although a card was on file. Here it waits for that purchase."""
    await small_world(world, clients=0)
    world.desk.faults.close_gate("confirm")
    first = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    second = asyncio.create_task(world.spend("Agency", 10))
    await asyncio.sleep(0.1)
    world.desk.faults.open_gate("confirm")
    assert isinstance(await first, SpendDone) and isinstance(await second, SpendDone)
    await world.settle()
    assert world.taken() == [1_000]
