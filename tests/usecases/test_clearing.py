"""R29: what clears a pause, and that it serves what still waits and charges for nothing else."""

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.cards import LOST, behave
from tests.builders.networks import replace_card
from tests.builders.world import World, small_world
from tests.usecases.test_brake import quiet_weeks, resume, rush

ACTS = ["new card", "by hand", "switched on again", "resumed", "replaced by its network"]
acts = pytest.mark.parametrize("act", ACTS)


async def clear(world: World, name: str, act: str) -> int:
    """The owner acts, or its card's network; returns how many charges that is by itself."""
    if act == "new card":
        await world.card(name, "tok_success_2")
    elif act == "replaced by its network":
        await replace_card(world, name)
    elif act == "by hand":
        pack = await world.db.fetchval(
            "select package_id from package where kind = 'additional_credits' and seller_ref = $1 "
            "order by position limit 1",
            world.platform.platform_id if name == "Agency" else world.names["Agency"],
        )
        assert isinstance(await world.buy(name, pack), Bought)
    elif act == "switched on again":
        await world.auto_billing(name, enabled=False)
        await world.auto_billing(name)
    else:
        await resume(world, name)
    return int(act == "by hand")


async def is_paused(world: World, name: str) -> bool:
    """The account's next shortage is refused because of its card."""
    answer = await world.spend(name, 90_000)
    return isinstance(answer, Refuse) and answer.reason is Reason.auto_billing_paused


@acts
async def test_r29_clears_the_pause_and_charges_nothing_by_itself(
    calendar: Calendar, act: str
) -> None:
    """The spend that met the decline was refused for good; only one that comes now is bought for."""
    world = calendar.world
    await small_world(world, clients=0)
    behave(world, LOST)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    assert await is_paused(world, "Agency")
    behave(world, None)
    by_itself = await clear(world, "Agency", act)
    await calendar.work()
    assert len(world.taken()) == by_itself
    assert isinstance(await world.spend("Agency", 2_001), SpendDone)
    assert len(world.taken()) == by_itself + 1


@acts
async def test_r29_serves_the_renewal_that_still_waits(calendar: Calendar, act: str) -> None:
    """Its month is granted, by one charge of its subscriber and one of the agency."""
    world = calendar.world
    await subscribers(calendar, "One")
    await world.auto_billing("One")
    behave(world, LOST)
    await calendar.go_to((await calendar.subscription("One"))["due_at"] + HOUR)
    plan = await calendar.subscription("One")
    assert (plan["state"], plan["wake_at"]) == ("past_due", None)
    behave(world, None)
    before = len(world.taken("platform")), len(world.taken())
    by_itself = await clear(world, "One", act)
    await calendar.work()
    plan = await calendar.subscription("One")
    assert (plan["state"], plan["months_done"]) == ("active", 2)
    own = len(world.taken()) - before[1] - (len(world.taken("platform")) - before[0])
    assert own == 1 + by_itself


async def test_r30_a_brake_is_let_go_by_its_owners_word_alone(calendar: Calendar) -> None:
    """It asked whether to charge on: another card, a purchase by hand and other limits are no answer."""
    world = calendar.world
    await quiet_weeks(calendar)
    await rush(world, 3)

    async def is_braked() -> bool:
        answer = await world.spend("Agency", 90_000)
        return isinstance(answer, Refuse) and answer.reason is Reason.auto_billing_braked

    assert await is_braked()
    for act in ("new card", "replaced by its network", "by hand"):
        await clear(world, "Agency", act)
        assert await is_braked(), act
    await world.auto_billing("Agency", per_day_minor=10_000_000, brake_factor=None)
    assert await is_braked(), "saved again"
    await resume(world, "Agency")
    assert not await is_braked()


async def test_r29_the_owner_is_told_at_the_first_failure_and_not_at_each(
    calendar: Calendar,
) -> None:
    """Soft declines on their schedule: one notice each, with when the card may be tried again; what
    is refused in between is no news."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.card("Agency", "tok_insufficient_funds")
    for _ in range(5):
        assert isinstance(await world.spend("Agency", 10), Refuse)
    assert [n["kind"] for n in await world.notices("Agency")] == ["auto_billing_failed"]
    for _ in range(2):
        calendar.clock.at += 8 * HOUR
        assert isinstance(await world.spend("Agency", 10), Refuse)
    told = [n for n in await world.notices("Agency") if n["kind"] == "auto_billing_failed"]
    assert len(told) == 3
    assert told[-1]["facts"]["paused"] is True
