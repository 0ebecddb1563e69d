"""R35, R20: credits that come free in a seller's pool bring at once the renewals that it could not furnish."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from brimful.domain.effect import Renew
from brimful.domain.moment import Moment
from brimful.domain.planning import RESERVATION_LASTS
from brimful.usecases.end_hold import end_holds
from brimful.usecases.spend_credits import abandon_spends
from brimful.usecases.steps import Step
from brimful.usecases.sweep import sweep
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.held import held_at, until
from tests.builders.holds import capture, give_back, held, is_over, release
from tests.builders.world import World
from tests.usecases.test_consent_and_cards import take_card_away, waits_at_seller
from tests.usecases.test_no_idle_notices import a_spend_waits
from tests.usecases.test_renewals import NEXT

MINUTE = timedelta(minutes=1)
End = Callable[[World, UUID], Awaitable[None]]


async def put_off(calendar: Calendar) -> None:
    """Anna's renewal of 10,000 is due, and its agency can furnish it neither from what is free nor by
    buying: it is put off for an hour, of which a minute passes."""
    agency = await calendar.world.account("Agency")
    calendar.clock.at = NEXT
    await calendar.world.engine.renewing.renew(Renew(agency.tenant_id, agency.account_id))
    assert (await calendar.subscription("Anna"))["wake_at"] == NEXT + HOUR
    calendar.clock.at += MINUTE


async def is_renewed(calendar: Calendar) -> bool:
    """Anna's renewal is made within the minute, by what follows alone: no worker comes by."""
    await calendar.world.settle()
    received = (await calendar.world.credits("Anna")).received
    return (received, calendar.world.taken()) == (20_000, [4_900] * 2)


async def _release(world: World, hold: UUID) -> None:
    await release(world, "Agency", hold)


async def _capture(world: World, hold: UUID) -> None:
    await capture(world, "Agency", hold, 1_000)


async def _return(world: World, hold: UUID) -> None:
    answer = await give_back(world, "Agency", hold, 1_000)
    world.engine.run(answer.effects)


async def _run_out(world: World, hold: UUID) -> None:
    await is_over(world, hold)
    world.engine.run(await end_holds(world.engine.ctx, moment=world.engine.now()))


@pytest.mark.parametrize(
    ("held_as", "end"),
    [("hold", _release), ("hold", _capture), ("hold", _run_out), ("lease", _return)],
    ids=["released", "captured", "over", "lease"],
)
async def test_r35_a_hold_that_ends_brings_what_was_put_off(
    calendar: Calendar, held_as: str, end: End
) -> None:
    """Of 15,000 credits 12,000 are held when the renewal is due, and go back a minute later."""
    await subscribers(calendar, "Anna", stock=15_000)
    await calendar.world.auto_billing("Agency", enabled=False)
    hold = await held(calendar.world, "Agency", 12_000, held_as=held_as)
    await put_off(calendar)
    await end(calendar.world, hold)
    assert await is_renewed(calendar)


async def test_r35_a_reservation_that_runs_out_brings_what_was_put_off(calendar: Calendar) -> None:
    """All 15,000 are reserved for a spend of 16,000 whose caller has died; it is swept."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=15_000)
    await world.auto_billing("Agency", enabled=False)
    await world.settle()
    await a_spend_waits(world, "Agency", 16_000, world.engine.now())
    await put_off(calendar)
    now = world.engine.now()
    late = Moment(now.at, now.real_at + RESERVATION_LASTS + MINUTE)
    world.engine.run(await sweep(world.engine.ctx, moment=late))
    assert await is_renewed(calendar)


async def test_r35_a_spend_that_is_given_up_brings_what_was_put_off(calendar: Calendar) -> None:
    """All 15,000 are reserved for a spend of 16,000 whose caller does not wait any longer."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=15_000)
    await world.auto_billing("Agency", enabled=False)
    await world.settle()
    await a_spend_waits(world, "Agency", 16_000, world.engine.now())
    await put_off(calendar)
    spend = await world.db.fetchrow("select * from spend where state = 'waiting'")
    ended, effects = await abandon_spends(
        world.engine.ctx,
        tenant_id=spend["tenant_id"],
        account_id=spend["account_id"],
        answer_by={spend["spend_id"]: spend["answer_by"]},
        moment=world.engine.now(),
        unplanned_too=True,
    )
    assert list(ended.values()) == ["abandoned"]
    world.engine.run(effects)
    assert await is_renewed(calendar)


async def test_r35_a_purchase_that_leaves_the_queue_brings_what_was_put_off(
    calendar: Calendar,
) -> None:
    """All 15,000 are reserved for Ben's purchase of 16,000, and of the rest the agency may buy no more
    than that is short of; his card is taken away."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=15_000)
    await world.auto_billing("Agency", per_charge_minor=4_000)
    large = await world.package("Agency", 9_900, credits=16_000)
    await world.open("Ben", "Agency")
    await world.card("Ben")
    agency = world.names["Agency"]
    async with held_at(Step.before_plan, lambda plan: plan.account_id == agency) as held_up:
        bought = asyncio.create_task(world.buy("Ben", large, wait_ms=60_000))
        await until(lambda: waits_at_seller(world, "Ben"))
        await put_off(calendar)
        await take_card_away(world, "Ben")
        held_up.go.set()
        await bought
    assert await is_renewed(calendar)
