"""R29: how often a card is tried, counted by the bank's own journal (invariant I22)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.steps import Step, set_hook
from brimful_testbank.faults import Rule
from tests.builders.calendar import DAY, HOUR, Calendar
from tests.builders.cards import LOST, POOR, behave, declines, most_within, share_card
from tests.builders.world import World, small_world


async def reenable(world: World, name: str) -> None:
    """The owner switches auto-billing off and on again."""
    await world.auto_billing(name, enabled=False)
    await world.auto_billing(name)


async def free(world: World, name: str) -> int:
    """The credits that an account can spend."""
    return (await world.credits(name)).free


@contextlib.asynccontextmanager
async def none_tried_before(together: int) -> AsyncIterator[None]:
    """No charge is confirmed until so many are about to be: none hears of another's decline first."""
    about, enough = 0, asyncio.Event()

    async def wait(step: Step, _subject: object) -> None:
        nonlocal about
        if step is Step.before_confirm:
            about += 1
            if about >= together:
                enough.set()
            await enough.wait()

    set_hook(wait)
    try:
        yield
    finally:
        set_hook(None)
        enough.set()


async def test_r29_90_days_of_constant_demand_never_exceed_3_a_day_or_8_in_30_days(
    calendar: Calendar,
) -> None:
    """A card without funds, an operation every four hours, an owner who clears each pause daily."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    tried = []
    for step in range(90 * 6):
        calendar.clock.at += 4 * HOUR
        if step % 6 == 0:
            await reenable(world, "Agency")
        before = declines(world)
        assert isinstance(await world.spend("Agency", 10), Refuse)
        tried += [calendar.clock.at] * (declines(world) - before)
    assert most_within(tried, DAY) == 3
    assert most_within(tried, 30 * DAY) == 8
    assert len(tried) >= 3 * 8, "it is tried again as soon as it may be"
    assert world.taken() == []


async def test_r29_after_a_hard_decline_it_is_never_tried_again(calendar: Calendar) -> None:
    """Whatever is asked of it, for 90 days."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    for _ in range(90):
        await calendar.go(DAY)
        assert isinstance(await world.spend("Agency", 10), Refuse)
    assert declines(world) == 1
    assert len(await world.purchases("Agency")) == 1


async def test_r29_many_who_share_a_card_try_it_no_more_often_than_one(calendar: Calendar) -> None:
    """Seven clients are short at the same instant: three are declined, the others hear it."""
    world = calendar.world
    await small_world(world, clients=7)
    await world.stock("Agency", credits=50_000)
    names = [f"Client {number}" for number in range(1, 8)]
    for name in names:
        await share_card(world, name, "tok_insufficient_funds")
    async with none_tried_before(3):
        asked = asyncio.gather(*(world.spend(name, 10) for name in names))
        while not asked.done():
            await world.engine.take_up_due_work()
            await asyncio.sleep(0.05)
    reasons = [answer.reason for answer in await asked]
    assert sorted(reasons) == [Reason.card_declined] * 3 + [Reason.retry_later] * 4
    assert declines(world) == 3
    await calendar.work()
    calendar.clock.at += 2 * HOUR
    assert isinstance(await world.spend("Client 1", 10), Refuse)
    assert declines(world) == 3, "an hour has passed, but there were three in a day"
    calendar.clock.at += DAY
    assert isinstance(await world.spend("Client 1", 10), Refuse)
    assert declines(world) == 4


async def test_r29_many_who_share_a_good_card_are_all_served(calendar: Calendar) -> None:
    """Only so many at once; the others wait for their answers and go on."""
    world = calendar.world
    await small_world(world, clients=5)
    await world.stock("Agency", credits=50_000)
    names = [f"Client {number}" for number in range(1, 6)]
    for name in names:
        await share_card(world, name, "tok_slow")
    asked = asyncio.gather(*(world.spend(name, 10) for name in names))
    while not asked.done():
        await world.engine.take_up_due_work()
        await asyncio.sleep(0.05)
    assert all(isinstance(answer, SpendDone) for answer in await asked)
    assert len(world.taken()) == 5
    await calendar.work()


async def test_r29_a_purchase_by_hand_is_never_kept_from_trying_and_counts(
    calendar: Calendar,
) -> None:
    """The owner acts; what was in vain counts for what is tried without the owner."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, POOR)
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    for _ in range(5):
        assert isinstance(await world.buy("Agency", pack), Refuse)
        await calendar.go(timedelta(minutes=1))
    assert declines(world) == 5
    await reenable(world, "Agency")
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse)
    assert (refused.reason, declines(world)) == (Reason.retry_later, 5)
    behave(world, None)
    assert isinstance(await world.buy("Agency", pack), Bought)
    behave(world, POOR)
    refused = await world.spend("Agency", 5_000)
    assert isinstance(refused, Refuse)
    assert (refused.reason, declines(world)) == (Reason.card_declined, 6), "it starts anew"


async def test_r29_a_purchase_by_hand_makes_the_counts_begin_anew_whatever_the_card_did_last(
    calendar: Calendar,
) -> None:
    """Seven soft declines in a month, each followed by a success: the eighth would pause the card, but
    its owner has bought with it by hand since."""
    world = calendar.world
    await small_world(world, clients=0)
    for _ in range(7):
        behave(world, POOR)
        refused = await world.spend("Agency", 1)
        assert isinstance(refused, Refuse) and refused.reason is Reason.card_declined
        behave(world, None)
        calendar.clock.at += DAY
        assert isinstance(await world.spend("Agency", 1), SpendDone)
        await world.settle()
        assert isinstance(await world.spend("Agency", await free(world, "Agency")), SpendDone)
        calendar.clock.at += 2 * DAY
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    assert isinstance(await world.buy("Agency", pack), Bought)
    await world.settle()
    told = [one["kind"] for one in await world.notices("Agency")]
    assert "resumed" not in told, "nothing had been stopped"
    calendar.clock.at += HOUR
    behave(world, POOR)
    refused = await world.spend("Agency", 5_000)
    assert isinstance(refused, Refuse) and refused.reason is Reason.card_declined
    behave(world, None)
    calendar.clock.at += HOUR
    assert isinstance(await world.spend("Agency", 5_000), SpendDone), "it is not paused"
    assert declines(world) == 8


async def test_r29_a_soft_decline_by_hand_does_not_re_arm_a_stolen_card(calendar: Calendar) -> None:
    """The pause of the hard decline stays."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    behave(world, POOR)
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    assert isinstance(await world.buy("Agency", pack), Refuse)
    await calendar.go(2 * DAY)
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse)
    assert (refused.reason, declines(world)) == (Reason.auto_billing_paused, 2)


async def test_r29_a_decline_of_which_no_answer_told_counts_when_its_charge_is_cancelled(
    calendar: Calendar,
) -> None:
    """Each confirm and every look at it is lost, and the bank tells nothing by itself. What the card said
    comes with the cancellation: a lost card is not tried again when the bank answers."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    world.desk.faults.rules += [
        Rule("lost_after", verb="confirm", times=10**9),
        Rule("lost_before", verb="look_up", times=10**9),
    ]
    assert not isinstance(await world.spend("Agency", 10, wait_ms=0), SpendDone)
    await calendar.work()
    [tried] = await world.purchases("Agency")
    assert tried["state"] == "failed" and declines(world) == 1
    assert await world.db.fetchval("select decline_code from charge") == "lost_card"
    world.desk.faults.rules.clear()
    for _ in range(3):
        await calendar.go(2 * DAY)
        refused = await world.spend("Agency", 10)
        assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_paused
    assert declines(world) == 1 and world.taken() == []
