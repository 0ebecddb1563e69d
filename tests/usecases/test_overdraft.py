"""R33, R2: a small overdraft lets a conversation finish; what is owed is repaid by what comes next."""

import asyncio
import contextvars
from random import Random

from brimful.domain.explanation import sentences
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.ledger.audit import audit
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.preview import preview_spend
from brimful.usecases.renew import renew_due
from brimful.usecases.set_overdraft import set_overdraft
from brimful.usecases.spend_credits import spend_credits
from brimful.usecases.steps import Step
from tests.builders.clock import put_clock
from tests.builders.held import blocked, held_at, until
from tests.builders.http import acc, caller, serving_api
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world
from tests.usecases.test_buy_ahead import kinds, look, threshold
from tests.usecases.test_forecast import MONDAY
from tests.usecases.test_warnings import told, warn


async def allow(world: World, name: str, limit: int) -> bool:
    """An account may be overdrawn by so many credits."""
    account = await world.account(name)
    return await set_overdraft(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        limit_credits=limit, moment=world.engine.clock.moment(),
    )  # fmt: skip


async def test_r33_r46_what_is_closed_meanwhile_is_not_let_overdraw(world: World) -> None:
    """Its seller asked while it was open; by the time that its pool is free it is closed."""
    await small_world(world)
    client, outside = await world.account("Client 1"), contextvars.copy_context()
    async with world.db.transaction() as tx:
        await demands.lock_pools(tx, client.tenant_id, client.account_id)
        allowing = asyncio.create_task(allow(world, "Client 1", 50), context=outside)
        await until(lambda: blocked(tx, 1))
        await tx.execute(
            "update account set state = 'closed' where account_id = $1", client.account_id
        )
    assert await allowing is False
    assert await world.db.fetchval("select count(*) from overdraft") == 0


async def without_auto_billing(world: World, credits: int, limit: int) -> None:
    """A client with so many credits and such a limit, whose agency has plenty."""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.stock("Agency", credits=10_000)
    await world.stock("Client 1", credits=credits)
    await allow(world, "Client 1", limit)


async def owes(world: World, name: str) -> tuple[int, int, int]:
    """What is free, owed and used of an account's credits."""
    stock = await world.credits(name)
    return stock.free, stock.overdrawn, stock.used


async def test_r33_a_spend_short_by_no_more_than_the_limit_is_done(world: World) -> None:
    """10 are left and a reply costs 25: done at once with 15 owed; the next one, which would owe 40
    of 30, is refused as without an overdraft, and changes nothing."""
    await without_auto_billing(world, 10, 30)
    done = await world.spend("Client 1", 25)
    assert isinstance(done, SpendDone) and done.balance_after == -15
    refused = await world.spend("Client 1", 25)
    assert isinstance(refused, Refuse) and refused.reason is Reason.insufficient_credits
    assert await owes(world, "Client 1") == (0, 15, 25)
    done = await world.spend("Client 1", 15)
    assert isinstance(done, SpendDone) and done.balance_after == -30
    assert isinstance(await world.spend("Client 1", 1), Refuse)
    entries = await world.db.fetch(
        "select kind, source, target, amount, free_after from entry where account_id = $1 "
        "and resource = 'credits' order by seq", world.names["Client 1"],
    )  # fmt: skip
    assert [tuple(row) for row in entries] == [
        ("allotment", "outside", "free", 10, 10),
        ("spend", "overdrawn", "used", 15, 10),
        ("spend", "free", "used", 10, 0),
        ("spend", "overdrawn", "used", 15, 0),
    ]
    assert world.taken() == []


async def test_r32_r33_a_preview_knows_of_the_overdraft(world: World) -> None:
    """What would be done is possible and charges nothing; one more credit is not."""
    await without_auto_billing(world, 10, 30)
    await world.spend("Client 1", 15)
    account = await world.account("Client 1")
    shown = [
        await preview_spend(
            world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
            credits=credits, moment=world.engine.clock.moment(),
        )
        for credits in (25, 26)
    ]  # fmt: skip
    assert [(one.possible, one.charge_minor) for one in shown] == [(True, 0), (False, 0)]


async def test_r2_without_a_limit_nothing_is_owed(world: World) -> None:
    """None by default, none of zero; lowered, nobody owes more, and what is owed stays."""
    await without_auto_billing(world, 10, 0)
    assert isinstance(await world.spend("Client 1", 11), Refuse)
    await allow(world, "Client 1", 5)
    assert isinstance(await world.spend("Client 1", 12), SpendDone)
    await allow(world, "Client 1", 1)
    assert isinstance(await world.spend("Client 1", 1), Refuse)
    assert await owes(world, "Client 1") == (0, 2, 12)


async def test_r33_what_comes_next_repays_it(world: World) -> None:
    """A gift of 10 leaves 5 owed; a purchase of 3,000 repays them; what was repaid came out of the
    lots that brought it."""
    await without_auto_billing(world, 0, 30)
    await world.spend("Client 1", 15)
    await world.stock("Client 1", credits=10)
    assert await owes(world, "Client 1") == (0, 5, 15)
    package = await world.db.fetchval("select package_id from package where seller_ref = $1",
                                      world.names["Agency"])  # fmt: skip
    assert isinstance(await world.buy("Client 1", package), Bought)
    assert await owes(world, "Client 1") == (2_995, 0, 15)
    await world.stock("Client 1", credits=1)
    lots = await world.db.fetch(
        "select amount, free from lot where account_id = $1 order by lot_id",
        world.names["Client 1"],
    )
    assert [tuple(row) for row in lots] == [(10, 0), (3_000, 2_995), (1, 1)]


async def test_r33_auto_billing_repays_it_behind_the_answer(world: World) -> None:
    """The caller has its answer while the card is still being charged; then what was owed is repaid,
    and the charge is explained. For a client as for a seller."""
    await small_world(world)
    await world.stock("Agency", credits=2_000)
    await allow(world, "Client 1", 30)
    async with held_at(Step.before_create) as held:
        done = await world.spend("Client 1", 25)
        assert isinstance(done, SpendDone) and done.balance_after == -25
        await held.arrived.wait()
        assert await owes(world, "Client 1") == (0, 25, 25)
        held.go.set()
        await world.settle()
    assert await owes(world, "Client 1") == (2_975, 0, 25)
    [bought] = await world.purchases("Client 1")
    assert bought["trigger_kind"] == "overdraft"
    told_first = sentences(bought["explanation"])[0]
    assert told_first == "25 credits were used beyond what the pool had, as its seller allows."
    [notice] = await world.notices("Client 1")
    assert notice["body"].startswith("More credits were used than your pool had, so 3,000 credits")
    await look(world)
    assert len(await world.purchases("Client 1")) == 1


async def test_r33_a_worker_repays_what_a_crash_left(world: World) -> None:
    """The process died behind its answer: a scan finds the account that owes."""
    await small_world(world, clients=0)
    await allow(world, "Agency", 30)
    account = await world.account("Agency")
    answer = await spend_credits(
        world.engine.ctx,
        world.engine.gatherer.spend,
        new_spend(account.tenant_id, account.account_id, 25),
        wait_ms=0,
        moment=world.engine.clock.moment(),
    )
    assert isinstance(answer, SpendDone) and world.taken() == []
    await look(world)
    assert world.taken() == [1_000]
    assert await owes(world, "Agency") == (1_975, 0, 25)


async def test_r28_r33_what_a_cap_stops_is_told_once_and_stays_owed(world: World) -> None:
    """Nobody is refused for it; it is tried again at the next look and no sooner."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_charge_minor=500)
    await allow(world, "Agency", 30)
    assert isinstance(await world.spend("Agency", 25), SpendDone)
    for _ in range(3):
        await look(world)
    assert await kinds(world, "Agency") == ["cap_reached"]
    assert await owes(world, "Agency") == (0, 25, 25)
    gate = await world.db.fetchval("select retry_at from overdraft")
    assert gate > world.engine.clock.moment().at


async def test_r33_a_threshold_counts_what_is_owed(world: World) -> None:
    """25 owed, target 2,000: 2,025 are bought for, in one charge."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=2_000)
    await allow(world, "Agency", 30)
    await threshold(world, "Agency", 1, 2_000)
    await world.spend("Agency", 2_025)
    await world.settle()
    [bought] = await world.purchases("Agency")
    assert (bought["trigger_kind"], bought["credits"]) == ("threshold", 4_000)
    assert await owes(world, "Agency") == (3_975, 0, 2_025)


async def test_r20_r33_who_waits_is_served_before_what_is_owed(world: World) -> None:
    """25 owed, for which a purchase is under way, and a spend of 1,990 waits: the purchase serves it,
    what it leaves repays 10, and the next scan buys for the rest."""
    await small_world(world, clients=0)
    await allow(world, "Agency", 30)

    async def waits() -> bool:
        return len(world.engine.waiters) == 1

    async with held_at(Step.before_create) as held:
        await world.spend("Agency", 25)
        await held.arrived.wait()
        waiting = asyncio.create_task(world.spend("Agency", 1_990))
        await until(waits)
        held.go.set()
        answer = await waiting
    await world.settle()
    assert isinstance(answer, SpendDone)
    assert (await owes(world, "Agency"))[:2] == (0, 15)
    await look(world)
    stock = await world.credits("Agency")
    assert (stock.overdrawn, stock.used) == (0, 2_015)
    assert world.taken() == [1_000, 1_000]


async def test_r33_spends_at_once_never_owe_more_than_the_limit(world: World) -> None:
    """40 replies of 3 with 10 credits and a limit of 20: ten are done, to the last credit."""
    await without_auto_billing(world, 10, 20)
    answers = await asyncio.gather(*(world.spend("Client 1", 3) for _ in range(40)))
    done = [one for one in answers if isinstance(one, SpendDone)]
    assert len(done) == 10
    assert min(one.balance_after for one in done) == -20
    assert await owes(world, "Client 1") == (0, 20, 30)


async def test_r36_r33_a_renewal_repays_it(world: World) -> None:
    """The month's credits come by a group's delivery and repay what is owed, which came out of them."""
    clock = put_clock(world, MONDAY)
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.stock("Agency", credits=2_000)
    plan = await world.package("Agency", 900, credits=1_000, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    await allow(world, "Client 1", 30)
    await world.spend("Client 1", 1_025)
    due = await world.db.fetchval("select due_at from subscription")
    clock.advance(due - clock.moment().at)
    account = await world.account("Agency")
    others = [account.account_id, world.names["Client 1"]]
    async with world.db.transaction() as tx:
        offered = await demands.waited_on(tx, account.tenant_id, others)
    assert offered == [world.names["Client 1"]]
    begun = await renew_due(
        world.engine.ctx, tenant_id=account.tenant_id, seller_id=account.account_id,
        moment=clock.moment(),
    )  # fmt: skip
    world.engine.run(begun.effects)
    await world.settle()
    assert await owes(world, "Client 1") == (975, 0, 1_025)


async def test_r42_who_owes_and_cannot_buy_is_told(world: World) -> None:
    """In the agency's brand, without a word of prices."""
    clock = put_clock(world, MONDAY)
    await without_auto_billing(world, 10, 30)
    await world.spend("Client 1", 25)
    await warn(world, clock)
    await warn(world, clock)
    [notice] = await told(world, "Client 1", "low_balance")
    assert notice["body"].startswith("15 credits more than you had are used")


async def test_r1_r33_the_books_are_right_through_anything(world: World) -> None:
    """150 random spends, gifts and limits: after each tenth the audit finds nothing, and what is free,
    owed and used is what plain arithmetic says."""
    await without_auto_billing(world, 0, 0)
    random, balance, limit, used = Random(11), 0, 0, 0
    for step in range(150):
        what = random.random()
        if what < 0.15:
            limit = random.choice((0, 20, 60))
            await allow(world, "Client 1", limit)
        elif what < 0.35:
            gift = random.randint(1, 40)
            await world.stock("Client 1", credits=gift)
            balance += gift
        else:
            credits = random.choice((1, 10, 25))
            done = isinstance(await world.spend("Client 1", credits), SpendDone)
            assert done == (balance >= credits or balance - credits >= -limit)
            balance -= credits if done else 0
            used += credits if done else 0
        assert await owes(world, "Client 1") == (max(0, balance), max(0, -balance), used)
        if step % 10 == 9:
            assert await audit(world.db) == []


async def test_r33_r40_only_its_seller_sets_it(world: World) -> None:
    """The agency for its client, the platform for the agency; an account itself only reads it."""
    await without_auto_billing(world, 0, 0)
    path = {name: f"/v1/accounts/{acc(world, name)}/overdraft" for name in ("Agency", "Client 1")}
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Agency") as agency,
        caller(world, url, "Client 1") as client,
        caller(world, url, None) as platform,
    ):
        body = {"limit_credits": 40}
        assert (await agency.http.put(path["Client 1"], json=body)).json() == {
            "limit_credits": 40, "overdrawn": 0,
        }  # fmt: skip
        assert (await platform.http.put(path["Agency"], json=body)).status_code == 200
        for one, name in ((client, "Client 1"), (agency, "Agency")):
            answer = await one.http.put(path[name], json={"limit_credits": 90})
            assert (answer.status_code, answer.json()["code"]) == (403, "only_its_seller")
        for bad in (-1, 100_001, 1.5, "9", None):
            answer = await agency.http.put(path["Client 1"], json={"limit_credits": bad})
            assert answer.status_code == 422
        spends = f"/v1/accounts/{acc(world, 'Client 1')}/spends"
        spent = await client.post(spends, {"credits": 25}, key="one")
        again = await client.post(spends, {"credits": 25}, key="one")
        assert spent.json() == again.json() and spent.json()["balance"] == -25
        assert (await client.get(path["Client 1"])).json() == {
            "limit_credits": 40, "overdrawn": 25,
        }  # fmt: skip
