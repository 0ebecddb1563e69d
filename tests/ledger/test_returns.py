"""R1, R25, R46: what goes back goes to where it came from, with entries on both sides."""

from uuid import UUID

import asyncpg
import pytest

from brimful.db.ids import new_id
from brimful.ledger import transfers
from brimful.ledger.transfers import Route
from tests.builders.world import World


async def sold(world: World) -> tuple[UUID, UUID]:
    """An agency with three gifts of 100, 200 and 300, the first two ending soon, of which a client has
    500 and 4 of 5 chatbots. Returns the tenant and the client's lot."""
    await world.open("Agency", sells=True)
    for credits in (100, 200, 300):
        await world.stock("Agency", credits=credits)
    await world.stock("Agency", chatbots=5)
    for credits, days in ((100, 10), (200, 20)):
        await world.db.execute(
            "update lot set expires_at = now() + make_interval(days => $2) where amount = $1",
            credits,
            days,
        )
    client = await world.open("Client", "Agency")
    await world.stock("Client", credits=500, chatbots=4)
    lot = await world.db.fetchval(
        "select lot_id from lot where account_id = $1", world.names["Client"]
    )
    return client.tenant_id, lot


async def give_back(world: World, tenant_id: UUID, lot_id: UUID, credits: int) -> None:
    """Return credits of a lot."""
    async with world.db.transaction() as tx:
        await transfers.return_credits(
            tx,
            tenant_id=tenant_id,
            lot_id=lot_id,
            credits=credits,
            operation_id=new_id(),
            moment=world.engine.clock.moment(),
        )


async def free_lots(world: World) -> list[int]:
    """What is free in each of the agency's lots, by size."""
    rows = await world.db.fetch(
        "select free from lot where account_id = $1 order by amount", world.names["Agency"]
    )
    return [row["free"] for row in rows]


async def test_r25_r46_parts_go_back_to_the_lots_they_came_from_the_latest_first(
    world: World,
) -> None:
    """500 were taken as 100, 200 and 200. Back come 150 of the last, then 50 of it and 40 of the
    second; the client spends what is left of the first."""
    tenant_id, lot = await sold(world)
    assert await free_lots(world) == [0, 0, 100]
    await give_back(world, tenant_id, lot, 150)
    assert await free_lots(world) == [0, 0, 250]
    await give_back(world, tenant_id, lot, 90)
    assert await free_lots(world) == [0, 40, 300]
    await world.spend("Client", 260)
    with pytest.raises(asyncpg.PostgresError):
        await give_back(world, tenant_id, lot, 1)
    assert await free_lots(world) == [0, 40, 300]


async def test_r36_what_has_ended_meanwhile_lapses_where_it_comes_back(world: World) -> None:
    """The seller gets no more than it would have had."""
    tenant_id, lot = await sold(world)
    await world.db.execute("update lot set expires_at = now() where amount = 200")
    await give_back(world, tenant_id, lot, 500)
    agency = await world.credits("Agency")
    assert (agency.free, agency.lapsed, agency.sold) == (400, 200, 0)


async def test_r1_what_goes_back_to_the_platform_was_never_issued(world: World) -> None:
    """The supply holds nothing: it has issued so much less."""
    tenant_id, _ = await sold(world)
    own = await world.db.fetchval("select lot_id from lot where amount = 300")
    await give_back(world, tenant_id, own, 100)
    issued = await world.db.fetchval("select sum(issued) from balance where resource = 'credits'")
    assert issued == 500


async def test_r31_chatbots_that_are_not_free_do_not_go_back(world: World) -> None:
    """Of 4 one is used: 3 can go and no more, and each side has its entry."""
    tenant_id, _ = await sold(world)
    await world.create_chatbot("Client", "bot")
    route = Route(
        tenant_id=tenant_id,
        seller_id=world.names["Agency"],
        buyer_id=world.names["Client"],
        operation_id=new_id(),
    )
    moment = world.engine.clock.moment()
    with pytest.raises(asyncpg.CheckViolationError):
        async with world.db.transaction() as tx:
            await transfers.return_chatbots(tx, route=route, chatbots=4, moment=moment)
    async with world.db.transaction() as tx:
        await transfers.return_chatbots(tx, route=route, chatbots=3, moment=moment)
    assert ((await world.chatbots("Agency")).free, (await world.chatbots("Client")).free) == (4, 0)
    entries = await world.db.fetch(
        "select source, target, amount from entry where kind = 'return' order by source"
    )
    assert [tuple(row) for row in entries] == [("free", "outside", 3), ("sold", "free", 3)]
