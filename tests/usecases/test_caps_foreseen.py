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
