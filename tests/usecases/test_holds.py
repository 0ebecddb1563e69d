"""R39, R20, R33: credits held before the work is done, then captured, released, or let go by time."""

import asyncio
from datetime import timedelta

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.ledger import usage
from brimful.usecases.answers import KeyConflict, Pending, SpendDone
from brimful.usecases.close_account import close_account
from brimful.usecases.end_hold import HoldChanged, end_holds, end_holds_of
from tests.archive.past import put_away
from tests.builders.calendar import DAY, Calendar
from tests.builders.holds import capture, held, is_over, place, places, release, state
from tests.builders.reversals import bought, debts, record
from tests.builders.spends import new_spend, spend_with_key
from tests.builders.world import World, small_world
from tests.usecases.test_overdraft import allow, without_auto_billing


async def client(world: World, credits: int) -> None:
    """A client without auto-billing that has so many credits."""
    await without_auto_billing(world, credits, 0)


def refused(answer: object) -> Reason:
    """Why something was refused."""
    found = answer.refusal if isinstance(answer, HoldChanged) else answer
    assert isinstance(found, Refuse), answer
    return found.reason


async def test_r39_what_is_held_is_nobody_elses(world: World) -> None:
    """Of 100 credits 60 are held: 41 cannot be spent, 40 can; captured in part, the rest is back."""
    await client(world, 100)
    hold = await held(world, "Client 1", 60)
    assert await places(world, "Client 1") == (40, 60, 0, 0)
    assert refused(await world.spend("Client 1", 41)) is Reason.insufficient_credits
    assert isinstance(await world.spend("Client 1", 40), SpendDone)
    assert isinstance(await capture(world, "Client 1", hold, 25), HoldChanged)
    assert await places(world, "Client 1") == (35, 0, 65, 0)
    assert await state(world, hold) == ("captured", 0, 25)
    entries = await world.db.fetch(
        "select kind, source, target, amount, free_after from entry where account_id = $1 "
        "and resource = 'credits' order by seq", world.names["Client 1"],
    )  # fmt: skip
    assert [tuple(row) for row in entries][1:] == [
        ("hold", "free", "held", 60, 40),
        ("spend", "free", "used", 40, 0),
        ("capture", "held", "used", 25, 0),
        ("unhold", "held", "free", 35, 35),
    ]


async def test_r39_a_key_holds_once_and_belongs_to_one_body(world: World) -> None:
    """Placed again it is the same hold, also when it has ended; a spend under its key, or a hold under
    a spend's, is another request."""
    await client(world, 100)
    hold = await held(world, "Client 1", 60, key="one")
    again = await asyncio.gather(*(held(world, "Client 1", 60, key="one") for _ in range(5)))
    assert again == [hold] * 5
    assert isinstance(await place(world, "Client 1", 61, key="one"), KeyConflict)
    assert isinstance(await world.spend("Client 1", 60, key="one"), KeyConflict)
    await world.spend("Client 1", 10, key="two")
    assert isinstance(await place(world, "Client 1", 10, key="two"), KeyConflict)
    await release(world, "Client 1", hold)
    assert await held(world, "Client 1", 60, key="one") == hold
    assert await places(world, "Client 1") == (90, 0, 10, 0)


async def test_r39_twins_hold_once(world: World) -> None:
    """Ten at the same instant, none before: one hold."""
    await client(world, 100)
    twins = await asyncio.gather(*(held(world, "Client 1", 60, key="one") for _ in range(10)))
    assert len(set(twins)) == 1
    assert await places(world, "Client 1") == (40, 60, 0, 0)


async def test_r39_capture_and_release_are_idempotent_by_what_the_hold_is(world: World) -> None:
    """The same again changes nothing and is no error; anything else is, and changes nothing."""
    await client(world, 100)
    captured, released = [await held(world, "Client 1", 30) for _ in range(2)]
    for _ in range(2):
        assert await capture(world, "Client 1", captured, 20) == HoldChanged()
        assert isinstance(await release(world, "Client 1", released), HoldChanged)
    before = await places(world, "Client 1")
    assert refused(await capture(world, "Client 1", captured, 21)) is Reason.hold_captured
    assert refused(await release(world, "Client 1", captured)) is Reason.hold_captured
    assert refused(await capture(world, "Client 1", released, 20)) is Reason.hold_released
    assert await places(world, "Client 1") == before == (80, 0, 20, 0)


async def test_r39_twins_capture_once(world: World) -> None:
    """Ten captures at once are one; of two different ones, one is refused."""
    await client(world, 100)
    hold = await held(world, "Client 1", 30)
    await asyncio.gather(*(capture(world, "Client 1", hold, 20) for _ in range(10)))
    assert await places(world, "Client 1") == (80, 0, 20, 0)
    other = await held(world, "Client 1", 30)
    answers = await asyncio.gather(*(capture(world, "Client 1", other, n) for n in (10, 30)))
    assert [isinstance(answer, Refuse) for answer in answers].count(True) == 1


async def test_r33_more_than_is_held_takes_what_is_free_and_the_overdraft(world: World) -> None:
    """30 held, 10 free, 15 may be overdrawn: 56 is refused and the hold stands; 55 is done."""
    await without_auto_billing(world, 40, 0)
    hold = await held(world, "Client 1", 30)
    assert refused(await capture(world, "Client 1", hold, 41)) is Reason.capture_too_large
    await allow(world, "Client 1", 15)
    assert refused(await capture(world, "Client 1", hold, 56)) is Reason.capture_too_large
    assert await state(world, hold) == ("standing", 30, 0)
    assert isinstance(await capture(world, "Client 1", hold, 55), HoldChanged)
    stock = await world.credits("Client 1")
    assert (stock.free, stock.held, stock.used, stock.overdrawn) == (0, 0, 55, 15)
    assert await state(world, hold) == ("captured", 0, 55)


async def test_r33_nothing_is_overdrawn_to_place_a_hold(world: World) -> None:
    """A hold pins what is there; the overdraft is for the end of a reply that took more."""
    await without_auto_billing(world, 10, 30)
    assert refused(await place(world, "Client 1", 11)) is Reason.insufficient_credits
    hold = await held(world, "Client 1", 10)
    assert isinstance(await capture(world, "Client 1", hold, 40), HoldChanged)
    assert (await world.credits("Client 1")).overdrawn == 30


async def test_r33_what_a_release_frees_repays_what_is_overdrawn(world: World) -> None:
    """20 held and 5 owed: released, 15 are free and nothing is owed."""
    await without_auto_billing(world, 20, 5)
    hold = await held(world, "Client 1", 20)
    assert isinstance(await world.spend("Client 1", 5), SpendDone)
    await release(world, "Client 1", hold)
    stock = await world.credits("Client 1")
    assert (stock.free, stock.held, stock.used, stock.overdrawn) == (15, 0, 5, 0)


async def test_r16_r20_a_short_hold_is_bought_for_and_held_by_the_grant(world: World) -> None:
    """As a spend: one answer, done. What the purchase brought is held by the transaction that granted
    it, so that nobody takes it in between."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    await world.stock("Client 1", credits=100)
    answer = await place(world, "Client 1", 400)
    assert isinstance(answer, SpendDone) and answer.balance_after == 2_700
    assert await places(world, "Client 1") == (2_700, 400, 0, 0)
    assert len(world.taken()) == 1
    marks = await world.db.fetchrow(
        "select (select xmin::text from spend where spend_id = $1) as spend, "
        "(select xmin::text from credit_hold where hold_id = $1) as hold, "
        "(select xmin::text from purchase where buyer_id = $2 and state = 'delivered') as purchase",
        answer.spend_id, world.names["Client 1"],
    )  # fmt: skip
    assert len(set(marks)) == 1
    assert isinstance(await capture(world, "Client 1", answer.spend_id, 400), HoldChanged)


async def test_r20_a_hold_whose_caller_has_gone_is_not_held(world: World) -> None:
    """Answered "pending" nothing is held, the credits land in the pool; placed again with its key it
    is held, once."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    world.desk.faults.close_gate("create")
    answer = await place(world, "Client 1", 400, key="one", wait_ms=50)
    assert isinstance(answer, Pending)
    world.desk.faults.open_gate("create")
    await world.settle()
    assert await places(world, "Client 1") == (3_000, 0, 0, 0)
    await held(world, "Client 1", 400, key="one")
    assert await places(world, "Client 1") == (2_600, 400, 0, 0)


async def test_r18_a_short_hold_that_cannot_be_bought_for_is_refused_as_a_spend_is(
    world: World,
) -> None:
    """Its caller hears why, and nothing is held; with credits the same key is held."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    await world.card("Client 1", "tok_insufficient_funds")
    assert refused(await place(world, "Client 1", 400, key="one")) is Reason.card_declined
    assert await places(world, "Client 1") == (0, 0, 0, 0)
    await world.stock("Client 1", credits=400)
    await held(world, "Client 1", 400, key="one")


async def test_r20_what_a_hold_gives_back_serves_whoever_waits(world: World) -> None:
    """A spend waits at the gateway; a release brings what it lacks, and it is answered at once."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    await world.stock("Client 1", credits=100)
    hold = await held(world, "Client 1", 80)
    world.desk.faults.close_gate("create")
    waiting = asyncio.create_task(world.spend("Client 1", 50))
    await world.desk.faults.wait_for("create", 1)
    assert await places(world, "Client 1") == (0, 80, 0, 20)
    await capture(world, "Client 1", hold, 40)
    assert isinstance(await waiting, SpendDone)
    assert await places(world, "Client 1") == (10, 0, 90, 0)
    world.desk.faults.open_gate("create")


async def test_r38_a_worker_ends_what_outlived_its_caller(world: World) -> None:
    """By real time: its credits are free again, and captured afterwards it is refused."""
    await client(world, 100)
    hold = await held(world, "Client 1", 60)
    await world.engine.take_up_due_work()
    assert (await state(world, hold))[0] == "standing"
    await is_over(world, hold)
    await world.engine.take_up_due_work()
    assert await state(world, hold) == ("expired", 0, 0)
    assert await places(world, "Client 1") == (100, 0, 0, 0)
    assert refused(await capture(world, "Client 1", hold, 60)) is Reason.hold_expired
    assert isinstance(await release(world, "Client 1", hold), HoldChanged)


async def test_r38_whoever_lets_many_run_out_keeps_nobody_waiting(world: World) -> None:
    """Six of one client were over before the one of another: that is among the first two to be ended."""
    await client(world, 100)
    await world.open("Client 2", "Agency")
    await world.stock("Client 2", credits=100)
    many = [await held(world, "Client 1", 10) for _ in range(6)]
    one = await held(world, "Client 2", 60)
    for hold in [*many, one]:
        await is_over(world, hold)
    await end_holds(world.engine.ctx, moment=world.engine.now(), limit=2)
    assert await state(world, one) == ("expired", 0, 0)
    assert await places(world, "Client 1") == (50, 50, 0, 0)


async def test_r20_whoever_is_short_ends_only_so_many_and_those_that_hold_most(
    world: World,
) -> None:
    """Of four whose time is over two: the small ones are left to the worker."""
    await client(world, 100)
    account = await world.account("Client 1")
    of = {"tenant_id": account.tenant_id, "account_id": account.account_id}
    for credits in (10, 40, 5, 45):
        await is_over(world, await held(world, "Client 1", credits))
    moment = world.engine.now()
    for free, limit in ((85, 2), (100, 2)):
        assert await end_holds_of(world.engine.ctx, **of, moment=moment, limit=limit) is not None
        assert (await world.credits("Client 1")).free == free
    assert await end_holds_of(world.engine.ctx, **of, moment=moment) is None


@pytest.mark.parametrize("asks", ["spend", "with_key", "hold", "batch"])
async def test_r38_whoever_is_short_finds_what_is_over_without_a_worker(
    world: World, asks: str
) -> None:
    """A spend, with or without its key, a hold, a spend of a batch: 100 held, its time over, and no
    worker came by."""
    await client(world, 100)
    hold = await held(world, "Client 1", 100)
    await is_over(world, hold)
    if asks == "hold":
        await held(world, "Client 1", 70)
    elif asks == "spend":
        assert isinstance(await world.spend("Client 1", 70), SpendDone)
    elif asks == "with_key":
        assert isinstance(await spend_with_key(world, "Client 1", 70), SpendDone)
    else:
        account = await world.account("Client 1")
        new = new_spend(account.tenant_id, account.account_id, 70)
        assert isinstance((await world.engine.spend_all([new], 100))[0], SpendDone)
    assert (await world.credits("Client 1")).free == 30
    assert (await state(world, hold))[0] == "expired"


async def test_r38_what_is_over_is_not_captured_though_nobody_ended_it(world: World) -> None:
    """Whether a worker came by makes no difference to what is answered."""
    await client(world, 100)
    one, two = [await held(world, "Client 1", 40) for _ in range(2)]
    await is_over(world, one)
    await is_over(world, two)
    assert refused(await capture(world, "Client 1", one, 40)) is Reason.hold_expired
    assert isinstance(await release(world, "Client 1", two), HoldChanged)
    assert [(await state(world, hold))[0] for hold in (one, two)] == ["expired", "expired"]
    assert await places(world, "Client 1") == (100, 0, 0, 0)


async def test_r36_a_hold_keeps_what_it_pins_from_lapsing(calendar: Calendar) -> None:
    """100 credits end after five days while 60 are held: 40 lapse; captured are 25 of the 60, and the
    other 35 lapse at once."""
    world = calendar.world
    await small_world(world)
    await world.stock("Agency", credits=1_000)
    pack = await world.package("Agency", 900, credits=100, expires_after_days=5, name="Five days")
    await world.buy("Client 1", pack)
    await world.settle()
    hold = await held(world, "Client 1", 60)
    await calendar.go(6 * DAY)
    assert await places(world, "Client 1") == (0, 60, 0, 0)
    await capture(world, "Client 1", hold, 25)
    stock = await world.credits("Client 1")
    assert (stock.free, stock.held, stock.used, stock.lapsed) == (0, 0, 25, 75)
    assert await world.db.fetchval("select balance_after from credit_hold") == 0


async def test_r33_what_is_captured_counts_as_used(world: World) -> None:
    """A forecast is made of what was used, however it was asked for."""
    await client(world, 100)
    await world.spend("Client 1", 10)
    await capture(world, "Client 1", await held(world, "Client 1", 60), 25)
    account = await world.account("Client 1")
    at = world.engine.now()
    ids, when = (account.tenant_id, account.account_id), {"since": account.created_at, "at": at.at}
    before = await usage.read_usage(world.db, *ids, **when)
    await usage.carry_usage(world.db, *ids, at)
    assert await usage.read_usage(world.db, *ids, **when) == before
    sums = await world.db.fetch("select credits, largest from usage_sum where grain = 'hour'")
    assert [tuple(row) for row in sums] == [(35, 25)]


async def test_r46_an_account_that_closes_is_emptied_when_its_hold_has_ended(world: World) -> None:
    """Work that has begun is charged; what is left goes back to the seller then, not before."""
    await client(world, 100)
    hold = await held(world, "Client 1", 60)
    account = await world.account("Client 1")
    closed = await close_account(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        given_by="Its owner", moment=world.engine.now(),
    )  # fmt: skip
    assert not isinstance(closed, Refuse)
    await world.engine.take_up_due_work()
    agency = (await world.credits("Agency")).free
    assert await places(world, "Client 1") == (0, 60, 0, 0)
    await capture(world, "Client 1", hold, 25)
    await world.engine.take_up_due_work()
    await world.settle()
    assert await places(world, "Client 1") == (0, 0, 25, 0)
    assert (await world.credits("Agency")).free == agency + 35
    assert (await world.db.fetchval("select emptied_at from account where account_id = $1",
                                    account.account_id)) is not None  # fmt: skip


async def test_r33_r46_nothing_is_overdrawn_for_an_account_that_is_closed(world: World) -> None:
    """60 held, 50 may be overdrawn: once it is closed nobody repays them, and 60 is the most."""
    await without_auto_billing(world, 100, 50)
    hold = await held(world, "Client 1", 60)
    account = await world.account("Client 1")
    await close_account(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        given_by="Its owner", moment=world.engine.now(),
    )  # fmt: skip
    assert refused(await capture(world, "Client 1", hold, 61)) is Reason.capture_too_large
    assert isinstance(await capture(world, "Client 1", hold, 60), HoldChanged)
    assert (await world.credits("Client 1")).overdrawn == 0


async def test_r25_what_is_held_when_its_money_goes_back_is_taken_once_it_is_free(
    world: World,
) -> None:
    """As what is reserved: it stands for work that has begun. What the work did not use is taken."""
    charge = await bought(world, spent=1_000)
    hold = await held(world, "Client 1", 2_000)
    world.desk.bank.dispute(charge["payment_id"], None, state="lost")
    await record(world, charge["payment_id"])
    assert await debts(world, "Agency") == [3_000]
    assert await places(world, "Client 1") == (0, 2_000, 1_000, 0)
    await capture(world, "Client 1", hold, 500)
    await world.engine.take_up_due_work()
    await world.settle()
    assert await places(world, "Client 1") == (0, 0, 1_500, 0)
    assert await debts(world, "Agency") == [1_500]


async def test_r39_a_hold_is_as_it_was_when_its_month_is_archived(calendar: Calendar) -> None:
    """Its entries are elsewhere; its key is kept, one that stands is captured, and the books are right."""
    world = calendar.world
    await client(world, 100)
    ended, stands = [await held(world, "Client 1", 30, key=key) for key in ("one", "two")]
    await capture(world, "Client 1", ended, 25)
    await world.spend("Client 1", 5)
    await calendar.go(100 * DAY)
    report = await put_away(world.db, calendar.clock, key_days=35)
    assert [month.became for month in report.months] == ["archived"]
    assert await held(world, "Client 1", 30, key="one") == ended
    assert await capture(world, "Client 1", ended, 25) == HoldChanged()
    await capture(world, "Client 1", stands, 10)
    assert await places(world, "Client 1") == (60, 0, 40, 0)


async def test_r38_it_ends_by_the_real_clock(calendar: Calendar) -> None:
    """However far business time is moved on, a hold of 15 minutes stands for 15 minutes."""
    await client(calendar.world, 100)
    hold = await held(calendar.world, "Client 1", 60)
    await calendar.go(3 * DAY)
    assert (await state(calendar.world, hold))[0] == "standing"
    row = await calendar.world.db.fetchrow("select * from credit_hold")
    assert row["ends_real_at"] - row["placed_real_at"] == timedelta(seconds=900)
