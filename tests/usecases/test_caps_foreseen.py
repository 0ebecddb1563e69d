"""R28: a cap that a check ahead finds holds nothing, charges nothing, and is told once (R17, R18)."""

from typing import Any

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.set_auto_billing import set_child_limit
from tests.builders.world import World, small_world


async def limit_child(world: World, seller: str, child: str, per_month_minor: int) -> None:
    """What one client may make its seller pay in a month."""
    account = await world.account(seller)
    await set_child_limit(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        child_id=world.names[child],
        per_month_minor=per_month_minor,
    )


async def told(world: World, name: str, kind: str) -> list[dict[str, Any]]:
    """The notices of one kind."""
    return [notice for notice in await world.notices(name) if notice["kind"] == kind]


async def test_r17_r28_the_nearest_sellers_limit_for_a_child_is_foreseen(world: World) -> None:
    """The client's package would cost the agency $10.00, its limit for this client is $9.99: no card
    is touched, neither by a purchase by hand nor by the client's own auto-billing."""
    await small_world(world)
    await limit_child(world, "Agency", "Client 1", 999)
    small = await world.package("Agency", 700, credits=100)
    bought = await world.buy("Client 1", small)
    spent = await world.spend("Client 1", 50)
    await world.settle()
    for answer in (bought, spent):
        assert isinstance(answer, Refuse)
        assert answer.reason is Reason.temporarily_unavailable
        assert answer.detail == {}
    assert world.desk.journal.effects() == []
    assert [n["facts"] for n in await told(world, "Agency", "client_waiting")] != []
    await limit_child(world, "Agency", "Client 1", 1_000)
    assert isinstance(await world.spend("Client 1", 50), SpendDone)


async def test_r28_r42_a_cap_that_stops_a_spend_is_told_once(world: World) -> None:
    """However often the spend is tried; a cap that was raised and reached again is told again."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=999)
    answers = [await world.spend("Agency", 10) for _ in range(3)]
    await world.settle()
    assert {a.reason for a in answers if isinstance(a, Refuse)} == {Reason.cap_per_month}
    [notice] = await told(world, "Agency", "cap_reached")
    assert "Your own chatbots needed 10 credits (spend)." in notice["body"]
    await world.auto_billing("Agency", per_month_minor=1_500)
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    for _ in range(2):
        assert isinstance(await world.spend("Agency", 2_000), Refuse)
    assert len(await told(world, "Agency", "cap_reached")) == 2
    assert world.taken() == [1_000]


async def test_r28_r42_each_cap_is_told_by_itself(world: World) -> None:
    """The limit for one charge, then that of the month."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_charge_minor=500, per_month_minor=5_000)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.auto_billing("Agency", per_month_minor=500)
    assert isinstance(await world.spend("Agency", 10), Refuse)
    reasons = [n["facts"]["reason"] for n in await told(world, "Agency", "cap_reached")]
    assert reasons == ["cap_per_charge", "cap_per_month"]
