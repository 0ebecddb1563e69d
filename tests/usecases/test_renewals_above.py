"""Whoever waited for a renewal of its own account or one above is planned for when that is over: no
worker comes by here, so that each answer is that of the process which was asked (R16, R35)."""

import asyncio
from datetime import timedelta
from typing import Any

from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.change_period_end import PeriodEndSet, cancel_subscription
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.renew import renew_due
from brimful.usecases.steps import Step
from brimful.wiring import Authenticating
from brimful_testbank.cards import Behaviour
from tests.builders.calendar import Calendar
from tests.builders.cards import behave
from tests.builders.held import held_at, until
from tests.usecases.test_authentication import token_of
from tests.usecases.test_renewals import NEXT

WAIT_MS = 60_000
_WAITING = "select count(*) from demand where account_id = $1 and state = 'waiting'"


async def subscribed_agency(
    calendar: Calendar, *, credits: int = 12_000, stock: int = 0, opened: bool = False
) -> None:
    """An agency with a monthly plan, and a client that buys of it automatically."""
    world = calendar.world
    if not opened:
        await world.open("Agency", sells=True)
        await world.card("Agency")
    await world.auto_billing("Agency")
    wholesale = await world.package(
        None, 9_900, credits=credits, interval="month", name="Wholesale"
    )
    await world.package("Agency", 2_500, credits=3_000)
    await world.open("Anna", "Agency")
    await world.card("Anna")
    await world.auto_billing("Anna")
    assert isinstance(await world.buy("Agency", wholesale), Bought)
    if stock:
        await world.stock("Agency", credits=stock)
    await world.settle()


async def is_due(calendar: Calendar) -> None:
    """Let the hour of the renewals come, when nothing is under way any more."""
    await calendar.world.settle()
    calendar.clock.at = NEXT


async def cancel(calendar: Calendar, name: str) -> None:
    """Let a plan end with its period."""
    account = await calendar.world.account(name)
    held = await calendar.subscription(name)
    answer = await cancel_subscription(
        calendar.world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        subscription_id=held["subscription_id"],
        moment=Moment(at=NEXT - timedelta(days=1), real_at=calendar.clock.moment().real_at),
    )
    assert answer == PeriodEndSet()


async def waiting_spend(calendar: Calendar) -> asyncio.Task[Any]:
    """A client's spend that was planned for, and waits all the same."""
    world = calendar.world
    anna = await world.account("Anna")
    spending = asyncio.create_task(world.spend("Anna", 25))

    async def waits() -> bool:
        return bool(await world.db.fetchval(_WAITING, anna.account_id))

    await until(waits)
    follows = await plan_auto_billing(
        world.engine.ctx,
        tenant_id=anna.tenant_id,
        account_id=anna.account_id,
        moment=calendar.clock.moment(),
    )
    assert follows == () and await waits()
    return spending


async def test_r16_r35_a_spend_below_is_served_when_the_renewal_above_is_done(
    calendar: Calendar,
) -> None:
    """The agency's plan brings what its client buys: the agency is charged for the plan alone."""
    world = calendar.world
    await subscribed_agency(calendar)
    await is_due(calendar)
    assert isinstance(await world.spend("Anna", 25, wait_ms=WAIT_MS), SpendDone)
    assert [one["origin"] for one in await world.purchases("Agency")] == ["by_hand", "renewal"]
    assert world.taken() == [9_900, 9_900, 2_500]


async def test_r16_r35_a_spend_two_levels_below_is_served_too(calendar: Calendar) -> None:
    """Of all that is due above, one renews after the other, and then the spend is planned for."""
    world = calendar.world
    await subscribed_agency(calendar)
    plan = await world.package("Agency", 4_900, credits=3_000, interval="month", name="Branch plan")
    await world.open("Branch", "Agency", sells=True)
    await world.card("Branch")
    await world.auto_billing("Branch")
    await world.package("Branch", 1_500, credits=1_000)
    await world.open("Ben", "Branch")
    await world.card("Ben")
    await world.auto_billing("Ben")
    assert isinstance(await world.buy("Branch", plan), Bought)
    await is_due(calendar)
    assert isinstance(await world.spend("Ben", 25, wait_ms=WAIT_MS), SpendDone)
    assert [one["origin"] for one in await world.purchases("Branch")] == ["by_hand", "renewal"]


async def test_r16_r35_a_spend_below_is_served_when_the_renewal_above_fails(
    calendar: Calendar,
) -> None:
    """The agency's card is declined for its plan, but it has stock to sell."""
    world = calendar.world
    await subscribed_agency(calendar, stock=5_000)
    await world.card("Agency", "tok_insufficient_funds")
    await is_due(calendar)
    assert isinstance(await world.spend("Anna", 25, wait_ms=WAIT_MS), SpendDone)
    assert (await calendar.subscription("Agency"))["state"] == "past_due"


async def test_r16_r35_a_spend_below_is_served_when_the_renewal_above_cannot_begin(
    calendar: Calendar,
) -> None:
    """The agency's card may not be tried for an hour: its plan is past due with no attempt."""
    world = calendar.world
    await subscribed_agency(calendar, stock=5_000)
    await world.card("Agency", "tok_insufficient_funds")
    calendar.clock.at = NEXT - timedelta(minutes=10)
    assert isinstance(await world.spend("Agency", 30_000, wait_ms=WAIT_MS), Refuse)
    await is_due(calendar)
    assert isinstance(await world.spend("Anna", 25, wait_ms=WAIT_MS), SpendDone)
    origins = [one["origin"] for one in await world.purchases("Agency")]
    assert origins == ["by_hand", "auto_billing"]


async def test_r16_r31_r35_a_spend_below_is_served_when_the_plan_above_ends(
    calendar: Calendar,
) -> None:
    """The agency cancelled its plan, which ends where it would have renewed."""
    world = calendar.world
    await subscribed_agency(calendar, stock=5_000)
    await cancel(calendar, "Agency")
    await is_due(calendar)
    assert isinstance(await world.spend("Anna", 25, wait_ms=WAIT_MS), SpendDone)
    assert (await calendar.subscription("Agency"))["state"] == "ended"


async def test_r16_r35_a_spend_is_served_when_its_own_renewal_cannot_be_furnished(
    calendar: Calendar,
) -> None:
    """The agency's cap forbids the 10,000 credits of a client's plan; a pack of 3,000 it has."""
    world = calendar.world
    await subscribed_agency(calendar)
    plan = await world.package("Agency", 4_900, credits=10_000, interval="month", name="Plan")
    assert isinstance(await world.buy("Anna", plan), Bought)
    await world.spend("Anna", 10_000)
    await world.stock("Agency", credits=5_000)
    await cancel(calendar, "Agency")
    await world.auto_billing("Agency", per_charge_minor=1)
    await is_due(calendar)
    assert isinstance(await world.spend("Anna", 25, wait_ms=WAIT_MS), SpendDone)
    assert (await world.credits("Anna")).received == 13_000


async def test_r35_a_spend_is_not_refused_for_what_a_renewal_under_way_above_brings(
    calendar: Calendar,
) -> None:
    """The agency may buy nothing beside its plan, which is at the gateway: its client waits for that
    instead of being told that it cannot be served."""
    world = calendar.world
    await subscribed_agency(calendar)
    await world.auto_billing("Agency", per_charge_minor=1)
    await is_due(calendar)
    agency = await world.account("Agency")
    assert agency.parent_id is not None
    async with held_at(Step.before_confirm) as held:
        begun = await renew_due(
            world.engine.ctx,
            tenant_id=agency.tenant_id,
            seller_id=agency.parent_id,
            moment=calendar.clock.moment(),
        )
        world.engine.run(begun.effects)
        await held.arrived.wait()
        spending = await waiting_spend(calendar)
        held.go.set()
        assert isinstance(await spending, SpendDone)
    assert world.taken() == [9_900, 9_900, 2_500]


async def test_r29_r35_a_spend_below_is_served_when_the_owner_above_confirms_the_renewal(
    calendar: Calendar,
) -> None:
    """The agency is paused until its owner is there, whose confirmation is at the gateway."""
    world = calendar.world
    await subscribed_agency(calendar)
    await world.card("Agency", "tok_authenticate")
    await is_due(calendar)
    await calendar.work()
    token = await token_of(world, "Agency")
    behave(world, Behaviour())
    async with held_at(Step.before_confirm, lambda one: getattr(one, "present", False)) as held:
        confirming = asyncio.create_task(world.engine.authenticate(token))
        await held.arrived.wait()
        spending = await waiting_spend(calendar)
        held.go.set()
        assert isinstance(await spending, SpendDone)
    assert isinstance(await confirming, Authenticating)
    assert world.taken() == [9_900, 9_900, 2_500]


async def test_r19_r20_what_is_due_beside_a_renewal_that_waits_for_its_owner_blocks_nobody(
    calendar: Calendar,
) -> None:
    """The agency's chatbots renew with its owner at the bank, and meanwhile its plan is due, which begins
    after that: its client's spend is bought for at once, out of the agency's stock."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    seats = await world.package(None, 500, kind="extra_chatbots", interval="month")
    assert isinstance(await world.buy("Agency", seats), Bought)
    calendar.clock.at += timedelta(days=2)
    await subscribed_agency(calendar, stock=5_000, opened=True)
    await world.card("Agency", "tok_authenticate")
    await is_due(calendar)
    await calendar.work()
    opened = await world.engine.authenticate(await token_of(world, "Agency"))
    assert isinstance(opened, Authenticating) and opened.state == "action_required"
    calendar.clock.at = NEXT + timedelta(days=2)
    due = await world.db.fetchval(
        "select count(*) from subscription where kind = 'subscription' and wake_at <= $1",
        calendar.clock.at,
    )
    assert due == 1
    assert isinstance(await world.spend("Anna", 25, wait_ms=10_000), SpendDone)


async def test_r20_r46_what_is_due_at_one_that_is_to_move_by_now_blocks_nobody(
    calendar: Calendar,
) -> None:
    """It renews at its new seller, when it has moved, which waits for a purchase whose owner is at the bank: its
    client's spend is bought for at once."""
    world = calendar.world
    await subscribed_agency(calendar, stock=5_000)
    agency = await world.account("Agency")
    pack = await world.package(None, 100, credits=1)
    assert isinstance(await world.buy("Agency", pack), Bought)
    await is_due(calendar)
    stand = "update purchase set state = $2, ended_at = $3, wake_real_at = $4 where buyer_id = $1 and credits = 1"
    later = calendar.clock.moment().real_at + timedelta(hours=1)
    await world.db.execute(stand, agency.account_id, "authenticating", None, later)
    await world.db.execute(
        "update account set moves_to = parent_id, moves_by = account_id, moves_at = $2 where account_id = $1",
        agency.account_id,
        calendar.clock.at,
    )
    assert isinstance(await world.spend("Anna", 25, wait_ms=10_000), SpendDone)
    await world.db.execute(stand, agency.account_id, "delivered", calendar.clock.at, None)
    await world.db.execute("update account set moves_to = null, moves_by = null, moves_at = null")
