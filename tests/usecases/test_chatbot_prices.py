"""R11, R37: chatbots join the buyer's running period at a price for it, whatever they are priced by."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from brimful.domain.moment import Moment
from brimful.usecases.answers import Bought
from brimful.usecases.preview import Preview, preview_purchase
from tests.builders.world import World, small_world

HOUR = timedelta(hours=1)


async def put_period(world: World, kind: str, starts: datetime, ends: datetime) -> None:
    """Move the running period of the subscriptions of a kind."""
    await world.db.execute(
        "update subscription set anchor_at = $2, period_starts_at = $2, period_ends_at = $3 where kind = $1",
        kind,
        starts,
        ends,
    )


async def price_at(world: World, package: UUID, quantity: int, at: datetime) -> int:
    """What a package would cost Client 1 at a time."""
    account = await world.account("Client 1")
    told = await preview_purchase(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        package_id=package,
        quantity=quantity,
        moment=Moment(at=at, real_at=at),
    )
    assert isinstance(told, Preview)
    return told.charge_minor


async def client_with_plan(world: World) -> datetime:
    """A client with a monthly plan of 720 hours; returns when its period begins."""
    await small_world(world)
    await world.stock("Agency", credits=1_000, chatbots=50)
    plan = await world.package("Agency", 3_000, credits=100, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    await world.settle()
    starts = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 24 * HOUR
    await put_period(world, "subscription", starts, starts + 720 * HOUR)
    return starts


async def test_r11_r37_a_yearly_chatbot_joins_a_monthly_plan_at_a_twelfth(world: World) -> None:
    """$120.00 a year is $10.00 a month, by the hours that are left of it; and so it recurs."""
    starts = await client_with_plan(world)
    seat = await world.package("Agency", 12_000, kind="extra_chatbots", interval="year")
    assert await price_at(world, seat, 3, starts) == 3_000
    assert await price_at(world, seat, 3, starts + 360 * HOUR) == 1_500
    assert isinstance(await world.buy("Client 1", seat, 3), Bought)
    await world.settle()
    [row] = await world.db.fetch("select * from subscription where kind = 'extra_chatbots'")
    assert (row["recurring_minor"], row["billing_interval"]) == (3_000, "month")
    assert (row["period_starts_at"], row["period_ends_at"]) == (starts, starts + 720 * HOUR)


async def test_r37_the_period_joined_is_that_of_the_plan_and_of_no_two_rows(world: World) -> None:
    """Chatbots of an earlier quarter, which began before the plan and ends before it, set no part of
    the period; without a plan it is theirs."""
    starts = await client_with_plan(world)
    seat = await world.package("Agency", 720, kind="extra_chatbots", interval="month")
    assert isinstance(await world.buy("Client 1", seat), Bought)
    await put_period(world, "extra_chatbots", starts - 500 * HOUR, starts + 100 * HOUR)
    assert await price_at(world, seat, 1, starts + 50 * HOUR) == 670
    await world.db.execute("update subscription set state = 'ended' where kind = 'subscription'")
    assert await price_at(world, seat, 1, starts + 50 * HOUR) == 60
