"""Renewals: each month once, a group by one purchase of its seller, nobody charged in vain (R34 to R36)."""

import asyncio
from datetime import UTC, datetime

from brimful.domain.effect import Renew
from brimful.ledger.spends import wait_for_spend
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.plan_auto_billing import plan_auto_billing
from tests.builders.calendar import DAY, HOUR, Calendar, subscribers
from tests.builders.held import until
from tests.builders.spends import new_spend

NEXT = datetime(2027, 2, 15, 9, tzinfo=UTC)


async def test_r34_a_plan_renews_each_month_at_its_anchor(calendar: Calendar) -> None:
    """Charged and granted at the hour, not before; what was left of the last month lapses."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=20_000)
    await world.spend("Anna", 4_000)
    await calendar.go_to(NEXT - HOUR)
    assert (await world.credits("Anna")).free == 6_000
    await calendar.go_to(NEXT)
    stock = await world.credits("Anna")
    assert (stock.free, stock.lapsed) == (10_000, 6_000)
    assert world.taken() == [4_900, 4_900]
    assert (await calendar.subscription("Anna"))["due_at"] == datetime(2027, 3, 15, 9, tzinfo=UTC)


async def test_r34_nothing_is_granted_twice(calendar: Calendar) -> None:
    """However often it is looked for."""
    await subscribers(calendar, "Anna", stock=20_000)
    await calendar.go_to(NEXT)
    await calendar.work()
    await calendar.go(HOUR)
    assert calendar.world.taken() == [4_900, 4_900]
    assert (await calendar.world.credits("Anna")).received == 20_000


async def test_r34_a_run_that_was_missed_catches_up_once(calendar: Calendar) -> None:
    """A clock that stood still for 40 days: one renewal, for the month that runs."""
    await subscribers(calendar, "Anna", stock=30_000)
    await calendar.go(40 * DAY)
    assert calendar.world.taken() == [4_900, 4_900]
    await calendar.go_to(datetime(2027, 3, 15, 9, tzinfo=UTC))
    assert calendar.world.taken() == [4_900] * 3


async def test_r35_a_group_that_is_short_is_served_by_one_charge(calendar: Calendar) -> None:
    """Three clients are due 30,000, the pool holds 12,000: one is covered, and the agency buys once
    for the two that are held."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben", "Cleo", stock=12_000)
    await calendar.go_to(NEXT)
    bought = [one for one in await world.purchases("Agency") if one["automatic"]]
    assert [(one["state"], one["credits"]) for one in bought] == [("delivered", 18_500)]
    for name in ("Anna", "Ben", "Cleo"):
        assert (await world.credits(name)).free == 10_000
    modes = [(await world.purchases(name))[-1]["mode"] for name in ("Anna", "Ben", "Cleo")]
    assert sorted(modes) == ["charge", "hold", "hold"]
    assert (await world.credits("Agency")).free == 12_000 + 18_500 - 30_000


async def test_r35_a_declined_subscriber_costs_its_agency_nothing(calendar: Calendar) -> None:
    """It is past due; its agency buys for the other alone. A new card renews it at once, once."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben")
    await world.card("Ben", "tok_insufficient_funds")
    await calendar.go_to(NEXT)
    bought = [one for one in await world.purchases("Agency") if one["automatic"]]
    assert [one["credits"] for one in bought] == [12_500]
    assert (await world.credits("Anna")).free == 10_000
    assert (await world.credits("Ben")).free == 0
    assert (await calendar.subscription("Ben"))["state"] == "past_due"
    assert [n["kind"] for n in await world.notices("Ben")] == ["past_due"]
    await world.card("Ben")
    await calendar.work()
    assert (await world.credits("Ben")).free == 10_000
    assert (await calendar.subscription("Ben"))["state"] == "active"
    assert (await calendar.subscription("Ben"))["due_at"] == datetime(2027, 3, 15, 9, tzinfo=UTC)
    assert world.taken().count(4_900) == 4


async def test_r29_a_soft_decline_is_tried_again_after_1_and_7_hours(calendar: Calendar) -> None:
    """Three attempts, then only the owner can bring another."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await world.card("Anna", "tok_insufficient_funds")
    tried = []
    await calendar.go_to(NEXT)
    for _ in range(30):
        tried.append(len([p for p in await world.purchases("Anna") if p["origin"] == "renewal"]))
        await calendar.go(HOUR)
    assert tried[:2] == [1, 2]
    assert tried[6:8] == [2, 3]
    assert tried[-1] == 3
    assert (await calendar.subscription("Anna"))["wake_at"] is None


async def test_r35_a_past_due_subscriber_is_suspended_after_7_days(calendar: Calendar) -> None:
    """Nothing is deleted, and a new card brings it back."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await world.card("Anna", "tok_lost_card")
    await calendar.go_to(NEXT)
    await calendar.go(7 * DAY - HOUR)
    assert (await calendar.subscription("Anna"))["state"] == "past_due"
    await calendar.go(HOUR)
    assert (await calendar.subscription("Anna"))["state"] == "suspended"
    assert [n["kind"] for n in await world.notices("Anna")] == ["past_due", "suspended"]
    await world.card("Anna")
    await calendar.work()
    assert (await calendar.subscription("Anna"))["state"] == "active"
    assert (await world.credits("Anna")).free == 10_000


async def test_r35_a_declined_agency_costs_its_clients_nothing(calendar: Calendar) -> None:
    """Holds are released, the renewals stay due; a new card of the agency completes them once."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben")
    await world.card("Agency", "tok_insufficient_funds")
    await calendar.go_to(NEXT)
    assert world.taken() == [4_900, 4_900]
    assert world.held_open() == []
    for name in ("Anna", "Ben"):
        subscription = await calendar.subscription(name)
        assert (subscription["state"], subscription["wake_at"]) == ("active", NEXT + HOUR)
        assert await world.notices(name) == []
    await world.card("Agency")
    await calendar.work()
    await calendar.go(HOUR)
    assert sorted(world.taken()) == [4_900] * 4 + [9_000]
    for name in ("Anna", "Ben"):
        assert (await world.credits(name)).free == 10_000


async def test_r35_renewals_wait_for_their_seller_1_6_24_48_72_hours(calendar: Calendar) -> None:
    """An agency that does not buy: its renewals stay due, and its pool filling completes them."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.auto_billing("Agency", enabled=False)
    wakes = []
    await calendar.go_to(NEXT)
    for hours in (1, 5, 18, 24, 24, 24):
        wakes.append((await calendar.subscription("Anna"))["wake_at"])
        await calendar.go(hours * HOUR)
    assert [(at - NEXT) // HOUR for at in wakes] == [1, 6, 24, 48, 72, 96]
    assert world.taken() == [4_900]
    await world.stock("Agency", credits=10_000)
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000
    assert world.taken() == [4_900, 4_900]


async def test_r35_what_is_due_comes_before_a_shortage(calendar: Calendar) -> None:
    """A query in the hour of the renewal is served from it: nothing else is charged."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await world.auto_billing("Anna")
    await world.spend("Anna", 9_990)
    calendar.clock.at = NEXT
    done = await world.spend("Anna", 25)
    assert isinstance(done, SpendDone)
    assert (await world.credits("Anna")).free == 9_975
    assert world.taken() == [4_900, 4_900]


async def test_r35_what_fell_due_while_a_plan_waited_comes_first(calendar: Calendar) -> None:
    """Whoever plans looked at the clock before a query came in the hour of the renewal, and has the pool
    only then: it is planned for by the query's time."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await world.auto_billing("Anna")
    await world.spend("Anna", 9_990)
    await world.settle()
    anna, before = await world.account("Anna"), world.engine.now()
    calendar.clock.at = NEXT
    asked, now = new_spend(anna.tenant_id, anna.account_id, 25), world.engine.now()
    waits = await wait_for_spend(world.db, asked, now.real_at + HOUR, now)
    effects = await plan_auto_billing(
        world.engine.ctx, tenant_id=anna.tenant_id, account_id=anna.account_id, moment=before
    )
    assert (waits, effects) == ("waiting", (Renew(anna.tenant_id, anna.tenant_id),))
    await calendar.work()
    assert (await world.credits("Anna")).free == 9_975
    assert world.taken() == [4_900, 4_900]


async def test_r35_ancestors_renew_before_descendants(calendar: Calendar) -> None:
    """The agency's own plan brings what its client's renewal needs: no auto-billing at all."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency")
    wholesale = await world.package(None, 9_900, credits=12_000, interval="month", name="Wholesale")
    await world.package("Agency", 2_500, credits=3_000)
    plan = await world.package("Agency", 4_900, credits=10_000, interval="month", name="Plan")
    await world.open("Anna", "Agency")
    await world.card("Anna")
    assert isinstance(await world.buy("Agency", wholesale), Bought)
    assert isinstance(await world.buy("Anna", plan), Bought)
    await calendar.go_to(NEXT)
    assert (await world.credits("Anna")).free == 10_000
    assert [one["origin"] for one in await world.purchases("Agency")] == ["by_hand", "renewal"]
    assert sorted(world.taken()) == [4_900, 4_900, 9_900, 9_900]


async def test_r35_a_purchase_by_hand_waits_for_what_is_due(calendar: Calendar) -> None:
    """A client buys credits in the hour of its renewal: the renewal is first, then the purchase."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    packs = await world.package("Agency", 1_000, credits=1_000)
    calendar.clock.at = NEXT
    assert isinstance(await world.buy("Anna", packs), Bought)
    assert [one["origin"] for one in await world.purchases("Anna")] == [
        "by_hand", "renewal", "by_hand",
    ]  # fmt: skip
    assert (await world.credits("Anna")).free == 11_000


async def test_r36_additional_credits_survive_a_renewal(calendar: Calendar) -> None:
    """Plan credits lapse, additional ones do not, whether or not the renewal succeeds."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    packs = await world.package("Agency", 1_000, credits=1_000)
    await world.buy("Anna", packs)
    await world.card("Anna", "tok_lost_card")
    await calendar.go_to(NEXT)
    assert not isinstance(await world.spend("Anna", 1_001, wait_ms=200), SpendDone)
    assert isinstance(await world.spend("Anna", 1_000), SpendDone)


async def test_r34_a_year_brings_credits_each_month(calendar: Calendar) -> None:
    """Paid once, granted twelve times."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=30_000)
    plan = await world.package("Agency", 49_900, credits=1_000, interval="year", name="Year")
    await world.open("Anna", "Agency")
    await world.card("Anna")
    await world.buy("Anna", plan)
    for month in range(1, 12):
        await calendar.go_to(datetime(2027, 1 + month, 15, 9, tzinfo=UTC))
        assert (await world.credits("Anna")).free == 1_000
    assert world.taken() == [49_900]
    await calendar.go_to(datetime(2028, 1, 15, 9, tzinfo=UTC))
    assert world.taken() == [49_900, 49_900]
    assert (await world.credits("Anna")).received == 13_000


async def test_r19_a_renewal_and_a_storm_of_queries_make_one_charge(calendar: Calendar) -> None:
    """Clients query in the very hour: the agency is charged once for the renewals of all."""
    world = calendar.world
    names = [f"Client {number}" for number in range(6)]
    await subscribers(calendar, *names)
    calendar.clock.at = NEXT
    answers = await asyncio.gather(*(world.spend(name, 5) for name in names for _ in range(5)))
    assert all(isinstance(answer, SpendDone) for answer in answers)

    async def settled() -> bool:
        await world.settle()
        return not await world.db.fetchval(
            "select count(*) from purchase where state not in ('delivered', 'failed')"
        )

    await until(settled)
    bought = [one for one in await world.purchases("Agency") if one["automatic"]]
    assert [one["credits"] for one in bought] == [70_000]


async def test_r36_what_has_ended_lapses_by_itself(calendar: Calendar) -> None:
    """Of a subscriber that does not pay, the month's credits are gone at its end, in the books too."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await world.card("Anna", "tok_lost_card")
    await calendar.go_to(NEXT)
    stock = await world.credits("Anna")
    assert (stock.free, stock.lapsed) == (0, 10_000)


async def test_r36_lapse_and_grant_of_a_renewal_are_one_transaction(calendar: Calendar) -> None:
    """Nobody ever sees the account without the credits of either month."""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=50_000)
    await calendar.go_to(NEXT)
    written = await world.db.fetch(
        "select distinct xmin::text from entry where account_id = $1 and at = $2",
        world.names["Anna"],
        NEXT,
    )
    kinds = await world.db.fetch(
        "select kind from entry where account_id = $1 and at = $2 order by seq",
        world.names["Anna"],
        NEXT,
    )
    assert [row["kind"] for row in kinds] == ["lapse", "purchase"]
    assert len(written) == 1


async def test_r35_a_payer_is_not_suspended_for_its_sellers_trouble(calendar: Calendar) -> None:
    """Its card was declined; by the time it has a good one its seller cannot be secured. The days
    that the seller loses do not count against it."""
    world = calendar.world
    await subscribers(calendar, "Anna")
    await world.card("Anna", "tok_insufficient_funds")
    await calendar.go_to(NEXT)
    await world.auto_billing("Agency", enabled=False)
    await world.card("Anna")
    await calendar.work()
    await calendar.go(8 * DAY)
    assert (await calendar.subscription("Anna"))["state"] == "active"
    assert [n["kind"] for n in await world.notices("Anna")] == ["past_due"]
    await world.stock("Agency", credits=10_000)
    await calendar.work()
    assert (await world.credits("Anna")).free == 10_000


async def test_r18_the_owner_learns_whose_renewals_it_could_not_furnish(calendar: Calendar) -> None:
    """Once a day, by name, with the cause that is its own; its clients hear nothing."""
    world = calendar.world
    await subscribers(calendar, "Anna", "Ben")
    await world.auto_billing("Agency", enabled=False)
    await calendar.go_to(NEXT)
    await calendar.go(HOUR)
    told = [n for n in await world.notices("Agency") if n["kind"] == "renewal_failed"]
    assert [n["title"] for n in told] == ["2 of your clients could not be renewed"]
    assert "Anna needs 10,000 credits." in told[0]["body"]
    assert await world.notices("Anna") == await world.notices("Ben") == []
    assert world.held_open() == [] and world.taken() == [4_900, 4_900]
