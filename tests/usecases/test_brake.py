"""R30: auto-billing that runs away stops and asks its owner instead of charging on."""

from typing import Any

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.set_auto_billing import AutoBillingSet, resume_auto_billing
from tests.builders.calendar import DAY, HOUR, Calendar, subscribers
from tests.builders.world import World, small_world


async def quiet_weeks(calendar: Calendar, days: int = 9) -> None:
    """An agency that buys a small pack every day."""
    await small_world(calendar.world, clients=1)
    for _ in range(days):
        assert isinstance(await calendar.world.spend("Agency", 2_000), SpendDone)
        await calendar.go(DAY)


async def rush(world: World, times: int, credits: int = 35_000) -> list[Any]:
    """So many large needs in one day."""
    return [await world.spend("Agency", credits) for _ in range(times)]


async def resume(world: World, name: str) -> Any:
    """The owner lets it go on."""
    account = await world.account(name)
    answer = await resume_auto_billing(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        given_by="Owner",
        terms="Charge my card for what is missing.",
        moment=world.engine.clock.moment(),
    )
    if isinstance(answer, AutoBillingSet):
        world.engine.run(answer.effects)
    await world.settle()
    return answer


async def kinds(world: World, name: str) -> list[str]:
    """What an account's owner was told of brakes."""
    return [
        n["kind"] for n in await world.notices(name) if n["kind"] in ("paused", "client_waiting")
    ]


async def test_r30_a_day_of_ten_times_the_usual_stops_at_the_fourth_charge(
    calendar: Calendar,
) -> None:
    """$10.00 a day, then $100.00 thrice: the fourth is asked about, once, and stays so tomorrow."""
    world = calendar.world
    await quiet_weeks(calendar)
    before = len(world.taken())
    answers = await rush(world, 6)
    assert [isinstance(one, SpendDone) for one in answers] == [True] * 3 + [False] * 3
    assert {one.reason for one in answers[3:]} == {Reason.auto_billing_braked}
    assert len(world.taken()) == before + 3
    assert await kinds(world, "Agency") == ["paused"]
    await calendar.go(DAY)
    tomorrow = await world.spend("Agency", 10)
    assert isinstance(tomorrow, Refuse) and tomorrow.reason is Reason.auto_billing_braked
    assert len(world.taken()) == before + 3


async def test_r30_the_owner_lets_it_go_on(calendar: Calendar) -> None:
    """The same day: it counts anew from there. Switching off and on does the same."""
    world = calendar.world
    await quiet_weeks(calendar)
    assert isinstance((await rush(world, 4))[-1], Refuse)
    assert isinstance(await resume(world, "Agency"), AutoBillingSet)
    calendar.clock.at += HOUR
    answers = await rush(world, 4)
    assert [isinstance(one, SpendDone) for one in answers] == [True] * 3 + [False]
    await world.auto_billing("Agency", enabled=False)
    await world.auto_billing("Agency")
    calendar.clock.at += HOUR
    assert isinstance((await rush(world, 1))[0], SpendDone)
    consents = await world.db.fetchval(
        "select count(*) from consent where account_id = $1", world.names["Agency"]
    )
    assert consents == 4


async def test_r30_a_client_is_not_charged_when_its_seller_is_braked(calendar: Calendar) -> None:
    """It hears the neutral answer, and the seller's owner who waits."""
    world = calendar.world
    await quiet_weeks(calendar)
    await world.package("Agency", 40_000, credits=36_000, name="Large")
    await rush(world, 3)
    taken = world.taken()
    answer = await world.spend("Client 1", 36_000)
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    assert world.taken() == taken and world.held_open() == []
    assert set(await kinds(world, "Agency")) == {"paused", "client_waiting"}


async def test_r30_needs_a_week_of_history(calendar: Calendar) -> None:
    """A busy day in the first week is no sign."""
    await quiet_weeks(calendar, days=6)
    assert all(isinstance(one, SpendDone) for one in await rush(calendar.world, 5))


async def test_r30_renewals_of_clients_do_not_brake(calendar: Calendar) -> None:
    """Four clients renew at four hours of one day, each for a hundred times the usual."""
    world = calendar.world
    names = ("One", "Two", "Three", "Four", "Five")
    await subscribers(calendar, *names, credits=100_000)
    due_at = (await calendar.subscription("One"))["due_at"]
    for day in range(9, 0, -1):
        await calendar.go_to(due_at - day * DAY)
        assert isinstance(await world.spend("Agency", 2_000), SpendDone)
    for place, name in enumerate(names):
        await world.db.execute(
            "update subscription set wake_at = wake_at + make_interval(hours => $2) where account_id = $1",
            world.names[name],
            place,
        )
    for place in range(len(names)):
        await calendar.go_to(due_at.replace(hour=due_at.hour + place, minute=30))
    plans = [await calendar.subscription(name) for name in names]
    assert [plan["months_done"] for plan in plans] == [2] * 5
    assert isinstance(await world.spend("Agency", 35_000), SpendDone), "they do not count, either"
    assert "paused" not in await kinds(world, "Agency")


async def test_r30_a_renewal_goes_on_where_another_purchase_would_be_asked_about(
    calendar: Calendar,
) -> None:
    """Three large charges today: a client's renewal is bought for all the same, a query is not."""
    world = calendar.world
    await subscribers(calendar, "One", credits=100_000)
    due_at = (await calendar.subscription("One"))["due_at"]
    for day in range(9, 0, -1):
        await calendar.go_to(due_at - day * DAY)
        assert isinstance(await world.spend("Agency", 2_000), SpendDone)
    await calendar.go_to(due_at.replace(hour=0, minute=1))
    assert all(isinstance(one, SpendDone) for one in await rush(world, 3))
    await calendar.go_to(due_at)
    assert (await calendar.subscription("One"))["months_done"] == 2
    assert isinstance((await rush(world, 1, 99_000))[0], Refuse)


async def test_r30_a_purchase_that_does_not_cure_stops(calendar: Calendar) -> None:
    """What was delivered is gone at once (here by a hand in the books): it is not bought again."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.settle()
    await world.db.execute(
        "create function eat() returns trigger language plpgsql as $$ begin "
        "update demand set credits = credits + 5000 "
        "where state = 'waiting'; return new; end $$"
    )
    await world.db.execute(
        "create trigger eat after update on purchase for each row "
        "when (new.state = 'capturing' or new.state = 'created') execute function eat()"
    )
    answer = await world.spend("Agency", 10)
    await world.settle()
    await world.db.execute("drop trigger eat on purchase")
    assert isinstance(answer, Refuse) and answer.reason is Reason.auto_billing_braked
    assert len(world.taken()) == 1
    assert await kinds(world, "Agency") == ["paused"]
