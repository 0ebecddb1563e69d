"""R42: a notice tells something; nothing that failed for nobody is told."""

from datetime import timedelta
from uuid import UUID

from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import spends
from brimful.ledger.spends import NewSpend
from brimful.usecases.plan_auto_billing import plan_auto_billing
from tests.builders.world import World, small_world


async def a_spend_waits(
    world: World, name: str, credits: int, moment: Moment, wait_s: int = 0
) -> None:
    """Register a spend whose caller is due its answer so long after the moment, and plan nothing."""
    account = await world.account(name)
    new = NewSpend(
        tenant_id=account.tenant_id, account_id=account.account_id, key=world.key(), body_hash=b"",
        spend_id=UUID(int=credits), credits=credits, model=None, messages=None,
    )  # fmt: skip
    answer_by = moment.real_at + timedelta(seconds=wait_s)
    state = await world.db.run(lambda tx: spends.wait_for_spend(tx, new, answer_by, moment))
    assert state == "waiting"


async def plan(world: World, name: str, moment: Moment) -> None:
    """Plan an account's auto-billing once."""
    account = await world.account(name)
    done = await plan_auto_billing(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id, moment=moment
    )
    world.engine.run(done)
    await world.settle()


async def test_r20_r42_a_plan_that_finds_its_caller_gone_tells_nobody(world: World) -> None:
    """The only spend that waits was due its answer a second ago: it is abandoned, not refused."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=5)
    await world.settle()  # whatever the new setting began must not find the spend
    moment = world.engine.clock.moment()
    await a_spend_waits(world, "Agency", 10, moment)
    late = timedelta(seconds=1)
    await plan(world, "Agency", Moment(at=moment.at + late, real_at=moment.real_at + late))
    assert await world.notices("Agency") == []


async def test_r27_r42_who_switches_off_is_not_told_that_it_is_off(world: World) -> None:
    """The spend that waited ends with its reason; its owner has just done it."""
    await small_world(world, clients=0)
    await world.settle()
    moment = world.engine.clock.moment()
    await a_spend_waits(world, "Agency", 10, moment, wait_s=60)
    await world.auto_billing("Agency", enabled=False)
    await world.settle()
    state = await world.db.fetchrow("select state, reason from spend")
    assert tuple(state) == ("refused", "auto_billing_off")
    assert await world.notices("Agency") == []


async def test_r29_r42_a_decline_is_told_though_its_caller_has_gone(world: World) -> None:
    """The owner must know that the card was declined, whoever still waits."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    answer = await world.spend("Agency", 10)
    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.card_declined
    await world.settle()
    assert [n["kind"] for n in await world.notices("Agency")] == ["auto_billing_failed"]
