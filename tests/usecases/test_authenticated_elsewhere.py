"""R29, R42: a link to a payment whose shortage is served otherwise by then leads to no second charge."""

import asyncio

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Missing, SpendDone
from brimful.usecases.authenticate import renew_link
from brimful.usecases.steps import Step
from brimful.wiring import Authenticating
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.cards import POOR, behave
from tests.builders.held import held_at
from tests.builders.world import World, small_world
from tests.usecases.test_authentication import at_bank, token_of
from tests.usecases.test_backup_card import backup, charged

NOTHING = Missing(what="authentication")


async def asked(world: World, *, other: str | None = None) -> str:
    """An agency whose bank wants its owner present for what a spend needs; it may have a backup card.
    The secret of its link."""
    await small_world(world, clients=1)
    await world.card("Agency", "tok_authenticate")
    if other is not None:
        await backup(world, "Agency", other)
    answer = await world.spend("Agency", 10)
    assert isinstance(answer, SpendDone if other == "tok_success_2" else Refuse)
    await world.settle()
    return await token_of(world, "Agency")


async def another_link(world: World) -> object:
    """As the platform asks for one."""
    account = await world.account("Agency")
    return await renew_link(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        moment=world.engine.now(),
    )


async def body_of(world: World, name: str) -> str:
    """What an account's owner was asked to confirm."""
    [told] = [n for n in await world.notices(name) if n["kind"] == "action_required"]
    return str(told["body"])


async def test_r29_r42_what_the_backup_paid_is_not_charged_again_by_the_link(world: World) -> None:
    """The notice names the backup and says of no pause; the link that it brought opens nothing then,
    nor is there another."""
    token = await asked(world, other="tok_success_2")
    told = await body_of(world, "Agency")
    assert "mastercard ending 4444" in told and "is paused until you do" not in told
    assert token in told and "If that card does not pay, confirm it here" in told
    assert await world.engine.authenticate(token) == NOTHING
    assert await another_link(world) == NOTHING
    await world.settle()
    assert world.taken() == [1_000] and await charged(world) == ["4444"]


async def test_r29_a_backup_that_does_not_pay_leaves_the_link(world: World) -> None:
    """Nothing was bought: the owner confirms, and it is charged once."""
    token = await asked(world, other="tok_insufficient_funds")
    assert "is tried instead" in await body_of(world, "Agency")
    await at_bank(await world.engine.authenticate(token), complete=True)
    done = await world.engine.authenticate(token)
    assert isinstance(done, Authenticating) and done.state == "delivered"
    assert world.taken() == [1_000]


async def with_backup(world: World) -> None:
    """An agency whose bank wants its owner present, and whose backup card pays."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    await backup(world, "Agency")
    await world.settle()


async def is_refused(world: World) -> bool:
    """The link begins nothing now, for another purchase is under way."""
    answer = await world.engine.authenticate(await token_of(world, "Agency"))
    return isinstance(answer, Refuse) and answer.reason is Reason.purchase_under_way


async def test_r29_while_the_first_charge_is_cancelled_the_link_begins_nothing(
    world: World,
) -> None:
    """It may be taken yet, and the backup waits for its end."""
    await with_backup(world)
    world.desk.faults.close_gate("cancel")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("cancel", 1)
    assert await is_refused(world)
    world.desk.faults.open_gate("cancel")
    assert isinstance(await spend, SpendDone)


async def test_r29_until_the_backup_is_planned_for_the_link_begins_nothing(world: World) -> None:
    """The first charge is cancelled for good, and what waits is about to be bought for on the backup."""
    await with_backup(world)
    plans: list[object] = []

    def is_second(plan: object) -> bool:
        plans.append(plan)
        return len(plans) > 1

    async with held_at(Step.before_plan, is_second) as held:
        spend = asyncio.create_task(world.spend("Agency", 10))
        await held.arrived.wait()
        assert [one["state"] for one in await world.purchases("Agency")] == ["failed"]
        assert await is_refused(world)
        held.go.set()
        assert isinstance(await spend, SpendDone)


async def test_r29_while_the_backup_is_charged_the_link_begins_nothing(world: World) -> None:
    """It is at the gateway, and pays in the end: the link is void."""
    await with_backup(world)
    async with held_at(Step.before_confirm, lambda one: one.card.endswith("4444")) as held:
        spend = asyncio.create_task(world.spend("Agency", 10))
        await held.arrived.wait()
        assert await is_refused(world)
        held.go.set()
        assert isinstance(await spend, SpendDone)
    await world.settle()
    assert await world.engine.authenticate(await token_of(world, "Agency")) == NOTHING
    assert world.taken() == [1_000]


async def test_r29_what_a_new_card_paid_is_not_charged_again_by_the_link(world: World) -> None:
    """The next spend was bought for on the new card: that served the shortage."""
    token = await asked(world)
    assert "is paused until you do" in await body_of(world, "Agency")
    await world.card("Agency", "tok_success_2")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    await world.settle()
    assert await world.engine.authenticate(token) == NOTHING
    assert world.taken() == [1_000]


async def test_r29_what_was_bought_by_hand_since_is_not_charged_again_by_the_link(
    world: World,
) -> None:
    """A purchase by hand brought credits."""
    token = await asked(world)
    await world.card("Agency", "tok_success_2")
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    assert isinstance(await world.buy("Agency", pack), Bought)
    await world.settle()
    assert await world.engine.authenticate(token) == NOTHING
    assert world.taken() == [1_000]


async def test_r29_what_failed_or_came_before_or_brought_chatbots_leaves_the_link(
    calendar: Calendar,
) -> None:
    """Credits were asked for: chatbots are no answer to that, nor is what was bought before, at the same
    instant, nor a purchase by hand that was declined."""
    world = calendar.world
    await small_world(world, clients=0)
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    seats = await world.package(None, 500, chatbots=1, interval="month", kind="extra_chatbots")
    assert isinstance(await world.buy("Agency", pack), Bought)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 2_500), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    await world.card("Agency", "tok_success_2")
    assert isinstance(await world.buy("Agency", seats), Bought)
    behave(world, POOR)
    assert isinstance(await world.buy("Agency", pack), Refuse)
    await world.settle()
    behave(world, None)
    opened = await world.engine.authenticate(token)
    assert isinstance(opened, Authenticating) and opened.state == "delivered"
    assert world.taken() == [1_000, 500, 1_000]


async def test_r29_r42_a_renewal_that_the_backup_pays_is_told_so(calendar: Calendar) -> None:
    """Its subscriber has no auto-billing: nothing is said of that, and the backup is named."""
    world = calendar.world
    await subscribers(calendar, "One")
    await world.auto_billing("One", enabled=False)
    await world.card("One", "tok_authenticate")
    await backup(world, "One")
    await calendar.go_to((await calendar.subscription("One"))["due_at"] + HOUR)
    assert (await calendar.subscription("One"))["state"] == "active"
    told = await body_of(world, "One")
    assert "mastercard ending 4444" in told and "uto-billing" not in told
    assert await world.engine.authenticate(await token_of(world, "One")) == NOTHING
