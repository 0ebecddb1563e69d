"""A month in the life: what the demo tells of renewals, with business time advanced (R31, R34 to R36)."""

from datetime import UTC, datetime, timedelta

from brimful.cli.progress import instant
from brimful.cli.teller import Teller, amount_of
from brimful.usecases.change_period_end import PeriodEndSet, cancel_subscription

CLIENTS = ("Anna of Northwind", "Boris of Northwind", "Dmitri of Northwind")
PLAN_MINOR = 9_900


async def tell_month(teller: Teller) -> None:
    """Tell a month of an agency and three clients, each with the plan of 10,000 credits."""
    for story in (_prepared, _renewed, _late, _released):
        await story(teller)


async def _prepared(teller: Teller) -> None:
    world = teller.world
    teller.head("A month begins: three clients with a plan (R34)")
    await world.stock("Northwind", credits=20_000)
    for name in CLIENTS[1:]:
        await world.buy(name, await world.plan_of("Northwind"))
    await world.spend(CLIENTS[0], 4_000)
    await world.settle()
    teller.say(f"It is {instant(world.engine.clock.moment().at)}.")
    teller.say("The platform allots Northwind 20,000 credits; Boris and Dmitri buy the plan, too.")
    teller.say("Anna's chatbots use 4,000 of her 10,000 credits, those of the others nothing.")
    teller.charges()
    await teller.pools("Northwind", *CLIENTS)
    assert (await world.credits("Northwind")).free == 1_000
    assert (await world.credits(CLIENTS[0])).free == 6_000


async def _renewed(teller: Teller) -> None:
    """The plans renew on the last day of a month that is shorter: one charge serves the group."""
    world = teller.world
    teller.head("The plans renew: what was left lapses, one charge serves all who pay (R35, R36)")
    await world.card(CLIENTS[2], "tok_insufficient_funds")
    teller.say("Dmitri's card has no money on it any more.")
    before = world.engine.clock.moment().at
    await world.advance(to=before + timedelta(days=28))
    teller.say(f"It is {instant(world.engine.clock.moment().at)}.")
    taken = teller.charges()
    await teller.explain("Northwind")
    await teller.pools("Northwind", *CLIENTS)
    lapsed = {name: (await world.credits(name)).lapsed for name in CLIENTS}
    for name, credits in lapsed.items():
        teller.say(f"{credits:,} credits of {name} lapsed with their month.")
    await teller.notices("Northwind")
    [told] = await teller.notices(CLIENTS[2])
    assert told["kind"] == "past_due", told
    assert sorted(charge["amount"] for charge in taken) == [9_000, PLAN_MINOR, PLAN_MINOR], taken
    assert list(lapsed.values()) == [6_000, 10_000, 10_000], lapsed
    frees = [(await world.credits(name)).free for name in ("Northwind", *CLIENTS)]
    assert frees == [1_500, 10_000, 10_000, 0], frees


async def _late(teller: Teller) -> None:
    world = teller.world
    teller.head("A late payer: two more tries, then a new card (R29)")
    at = world.engine.clock.moment().at
    await world.advance(to=at + timedelta(days=2))
    tries = [
        p for p in await teller.listed(CLIENTS[2], "list_purchases") if p["origin"] == "renewal"
    ]
    for attempt in tries[::-1]:
        teller.say(f"{instant(attempt['planned_at'])}: Dmitri's card was tried, and declined.")
    assert teller.charges() == []
    assert len(tries) == 3, tries
    teller.say("Dmitri saves another card.")
    await world.card(CLIENTS[2], "tok_success_2")
    await world.settle()
    taken = teller.charges()
    teller.say(f"Dmitri paid {amount_of(taken[-1])}, and Northwind bought what it lacked for him.")
    await teller.pools("Northwind", CLIENTS[2])
    await teller.notices("Northwind")
    await teller.notices(CLIENTS[2])
    assert sorted(charge["amount"] for charge in taken) == [5_000, PLAN_MINOR], taken
    assert (await world.credits(CLIENTS[2])).free == 10_000
    assert (await world.credits("Northwind")).free == 4_000


async def _released(teller: Teller) -> None:
    """Chatbots bought for a client come back when its plan ends, and go when nobody needs them."""
    world, client = teller.world, "Carla of Northwind"
    teller.head("Chatbots that come and go: exactly the missing ones, then a release (R11, R31)")
    await world.auto_billing("Northwind", release_chatbots=True)
    plan = await world.package(
        "Northwind", 4_900, credits=1_000, chatbots=3, interval="month", name="Plan with 3 chatbots"
    )
    teller.answer("Carla", await world.buy(client, plan))
    await world.settle()
    teller.charges()
    await _chatbots(teller, client)
    assert await _paid_for_chatbots(teller) == [1_500]
    account = await world.account(client)
    [held] = await teller.listed(client, "list_subscriptions")
    ended = await cancel_subscription(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        subscription_id=held["subscription_id"],
        moment=world.engine.clock.moment(),
    )
    assert ended == PeriodEndSet(), ended
    teller.say("Carla cancels: the plan ends with its period.")
    for month in (4, 5):
        await world.advance(to=datetime(2027, month, 2, 10, tzinfo=UTC))
        teller.say(f"It is {instant(world.engine.clock.moment().at)}.")
        await _chatbots(teller, client)
    teller.say("Nobody needs them any more, so they are released and not paid for again.")
    assert await _paid_for_chatbots(teller) == [1_500, 1_500]
    assert (await world.chatbots("Northwind")).free == 0
    assert (await world.chatbots(client)).free == 0


async def _chatbots(teller: Teller, client: str) -> None:
    for name in ("Northwind", client):
        stock = await teller.world.chatbots(name)
        teller.say(f"{name} has {stock.free} chatbots free.")


async def _paid_for_chatbots(teller: Teller) -> list[int]:
    """What Northwind paid for extra chatbots so far, oldest first."""
    bought = await teller.listed("Northwind", "list_purchases")
    return [p["amount_minor"] for p in bought[::-1] if p["chatbots"] or p["origin"] == "renewal"]
