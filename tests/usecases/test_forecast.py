"""R33: the burn rate, the run-out and the needs of 7 and 30 days, on a real ledger, and bought ahead."""

from datetime import UTC, datetime, timedelta

import httpx

from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.buy_ahead import LOOK, buy_ahead
from tests.api.dump import everything
from tests.builders.clock import ShiftedClock, put_clock
from tests.builders.held import until
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world
from tests.usecases.test_buy_ahead import forecasts, look

MONDAY = datetime(2026, 2, 2, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def used_for(world: World, clock: ShiftedClock, name: str, hours: int, credits: int) -> None:
    """So many credits in each of so many hours."""
    for _ in range(hours):
        assert isinstance(await world.spend(name, credits), SpendDone)
        clock.advance(HOUR)


async def asked(world: World, name: str, key: str | None = None) -> httpx.Response:
    """GET the forecast of an account, with its own key or another's; read-only."""
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, key or name, read_only=True) as one,
    ):
        return await one.get(f"/v1/accounts/{acc(world, name)}/forecast")


async def test_r33_burn_rate_and_run_out_by_the_api(world: World) -> None:
    """30 credits an hour for two days: 720 a day; 1,440 more last two days. A read-only key reads it,
    and nothing is written by reading."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.stock("Agency", credits=2_880)
    await used_for(world, clock, "Agency", 48, 30)
    before = await everything(world)
    now = clock.moment().at
    answer = (await asked(world, "Agency")).json()
    after = await everything(world)
    assert await world.db.fetchval("select count(*) from usage_sum") == 0

    assert answer["free_credits"] == 1_440
    assert answer["burn_rate"] == {"per_hour": 30, "per_day": 720, "basis": "days"}
    run_out = datetime.fromisoformat(answer["run_out_at"])
    assert abs(run_out - (now + timedelta(hours=48))) < HOUR
    assert (run_out.second, run_out.microsecond) == (0, 0)
    assert answer["need_7_days"] == answer["need_30_days"] == {"credits": 0, "chatbots": 0}
    assert {name for name in after if after[name] != before[name]} <= {"public.api_key"}


async def test_r33_needs_of_the_renewals_due_within_7_and_30_days(world: World) -> None:
    """Two plans of 1,000, one that began a week later, one of 500 a quarter with credits monthly: the
    seller's needs by date. A client has none, and may read its own forecast, not its seller's."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=3)
    await world.stock("Agency", credits=50_000, chatbots=9)
    plan = await world.package("Agency", 900, credits=1_000, chatbots=1, interval="month")
    quarter = await world.package("Agency", 900, credits=500, interval="quarter")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    clock.advance(timedelta(days=7))
    assert isinstance(await world.buy("Client 2", plan), Bought)
    assert isinstance(await world.buy("Client 3", quarter), Bought)
    clock.advance(timedelta(days=14, hours=2))

    # Due 2 March, 9 March (twice, 28 days after 9 February), then 2 and 9 April.
    seen = (await asked(world, "Agency")).json()
    assert seen["need_7_days"] == {"credits": 1_000, "chatbots": 0}
    assert seen["need_30_days"] == {"credits": 2_500, "chatbots": 0}
    clock.advance(timedelta(days=7))
    seen = (await asked(world, "Agency")).json()
    assert seen["need_7_days"] == {"credits": 2_500, "chatbots": 0}
    assert seen["need_30_days"] == {"credits": 2_500, "chatbots": 0}

    client = await asked(world, "Client 1")
    assert client.json()["need_30_days"] == {"credits": 0, "chatbots": 0}
    assert (await asked(world, "Agency", "Client 1")).status_code == 404


async def test_r33_bought_ahead_of_the_run_out_no_query_waits(world: World) -> None:
    """Two days at 400 credits an hour are known. Played on for a day in looks of five minutes, 40
    credits before each: a purchase is there before each run-out, so none is made for a query; the
    same day without the forecast has queries that wait."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.stock("Agency", credits=19_400)
    await used_for(world, clock, "Agency", 48, 400)
    await forecasts(world, "Agency")
    for _ in range(24 * 12):
        await look(world)
        assert isinstance(await world.spend("Agency", 40), SpendDone)
        clock.advance(LOOK)

    bought = await world.purchases("Agency")
    assert {one["trigger_kind"] for one in bought} == {"forecast"}
    # What the day used, what six minutes may use (a query of 400 was seen), and a pack at most.
    assert sum(one["credits"] for one in bought) <= 24 * 480 + 1_000 + 2_000
    first = bought[0]["explanation"]
    assert first["trigger"] == "forecast" and first["ahead"]["needed"] > first["ahead"]["free"]

    await forecasts(world, "Agency", enabled=False)
    for _ in range(24 * 12):
        await look(world)
        await world.spend("Agency", 40)
        clock.advance(LOOK)
    later = await world.purchases("Agency")
    assert {one["trigger_kind"] for one in later[len(bought) :]} == {"spend"}


async def test_r33_renewals_are_bought_for_only_with_a_consent_of_their_own(world: World) -> None:
    """A renewal of 1,000 is due in five minutes, the pool is empty: without the consent it will buy for
    itself when it is due; with it the pool is ready."""
    clock = put_clock(world, MONDAY)
    await small_world(world)
    await world.stock("Agency", credits=1_000)
    plan = await world.package("Agency", 900, credits=1_000, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    due = await world.db.fetchval("select due_at from subscription")
    clock.advance(due - timedelta(minutes=5) - clock.moment().at)
    await forecasts(world, "Agency")
    await look(world)
    assert world.taken("platform") == []
    await forecasts(world, "Agency", renewals=True)
    await look(world)
    assert world.taken("platform") == [1_000]
    assert (await world.credits("Agency")).free == 2_000


async def test_r33_a_renewal_that_is_under_way_is_not_bought_for_again(world: World) -> None:
    """Its 1,000 credits are reserved at the agency already, which has no others; a look comes by while its
    card is charged."""
    clock = put_clock(world, MONDAY)
    await small_world(world)
    await world.stock("Agency", credits=2_000)
    plan = await world.package("Agency", 900, credits=1_000, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    due = await world.db.fetchval("select due_at from subscription")
    await forecasts(world, "Agency", renewals=True)
    await look(world)
    clock.advance(due - clock.moment().at)
    world.desk.faults.close_gate("confirm")
    await world.engine.take_up_due_work()
    await world.desk.faults.wait_for("confirm", 1)
    assert (await world.credits("Agency")).free == 0
    account = await world.account("Agency")
    await buy_ahead(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        moment=clock.moment(),
    )
    world.desk.faults.open_gate("confirm")
    await look(world)
    assert [one["origin"] for one in await world.purchases("Agency")] == []
    assert (await world.credits("Client 1")).received == 2_000


async def test_r35_r33_what_is_due_is_renewed_before_anything_is_bought_ahead(world: World) -> None:
    """The agency's own plan is due: a look waits for it, and is made after it."""
    clock = put_clock(world, MONDAY)
    await small_world(world, clients=0)
    await world.package(None, 900, credits=100, interval="month", name="Plan")
    plan = await world.db.fetchval("select package_id from package where kind = 'subscription'")
    assert isinstance(await world.buy("Agency", plan), Bought)
    due = await world.db.fetchval("select due_at from subscription")
    clock.advance(due - clock.moment().at)
    account = await world.account("Agency")
    await world.db.execute(
        "insert into buy_ahead (tenant_id, account_id, threshold_credits, target_credits, look_at) "
        "values ($1, $2, 500, 500, now())",
        account.tenant_id,
        account.account_id,
    )

    async def bought_ahead() -> bool:
        await look(world)
        return len(await world.purchases("Agency")) == 3

    await until(bought_ahead)
    origins = [one["origin"] for one in await world.purchases("Agency")]
    assert origins == ["by_hand", "renewal", "auto_billing"]


async def test_r33_an_account_without_any_use_is_expected_to_use_nothing(world: World) -> None:
    """No rate, no run-out, and no division by nothing; so is one that used nothing for a week."""
    clock = put_clock(world, MONDAY)
    await small_world(world)
    answer = (await asked(world, "Client 1")).json()
    assert answer["burn_rate"] == {"per_hour": 0, "per_day": 0, "basis": "nothing"}
    await world.stock("Agency", credits=100)
    await used_for(world, clock, "Agency", 3, 1)
    clock.advance(timedelta(days=8))
    answer = (await asked(world, "Agency")).json()
    assert answer["burn_rate"]["basis"] == "nothing" and answer["run_out_at"] is None
