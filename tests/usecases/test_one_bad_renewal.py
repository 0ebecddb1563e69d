"""R24, R35: one buyer whose renewal cannot be begun, for a fault of ours, holds up no other."""

from datetime import timedelta

from brimful.usecases.answers import SpendDone
from tests.builders.calendar import HOUR, Calendar, subscribers


async def test_r35_the_others_renew_and_the_one_is_looked_at_again(calendar: Calendar) -> None:
    """Its plan has an interval that nothing knows any more; mended, it renews within the hour."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", "Cleo")
    due_at = (await calendar.subscription("Anna"))["due_at"]
    ben = world.names["Ben"]
    await world.db.execute(
        "update subscription set anchor_at = anchor_at + interval '40 years' where account_id = $1",
        ben,
    )
    await calendar.go_to(due_at)
    plans = {name: await calendar.subscription(name) for name in ("Anna", "Ben", "Cleo")}
    done = {name: plan["months_done"] for name, plan in plans.items()}
    assert done == {"Anna": 2, "Ben": 1, "Cleo": 2}
    assert plans["Ben"]["wake_at"] - due_at == timedelta(hours=1)
    await world.db.execute(
        "update subscription set anchor_at = anchor_at - interval '40 years' where account_id = $1",
        ben,
    )
    await calendar.go_to(due_at + HOUR)
    assert (await calendar.subscription("Ben"))["months_done"] == 2


async def test_r16_r35_a_query_of_the_one_is_served_all_the_same(calendar: Calendar) -> None:
    """It waited for the renewal, which is put off, and then is planned for by itself."""
    world = calendar.world
    await subscribers(calendar, "Ben")
    await world.auto_billing("Ben")
    await world.settle()
    due_at = (await calendar.subscription("Ben"))["due_at"]
    await world.db.execute(
        "update subscription set anchor_at = anchor_at + interval '40 years' where account_id = $1",
        world.names["Ben"],
    )
    calendar.clock.at = due_at
    assert isinstance(await world.spend("Ben", 25), SpendDone)
    assert (await world.credits("Ben")).free == 3_000 - 25
