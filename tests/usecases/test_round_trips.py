"""R19: a thousand who wait for one purchase do not make its owner wait a thousand times as long."""

from datetime import timedelta

from asyncpg.connection import LoggedQuery

from brimful.ledger.spends import wait_for_spend
from brimful.usecases.plan_auto_billing import plan_auto_billing
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world


async def planned_for(world: World, name: str, number: int) -> list[str]:
    """The statements of a plan for so many spends of a client, each short of its credits."""
    account, moment = await world.account(name), world.engine.now()
    for _ in range(number):
        new = new_spend(account.tenant_id, account.account_id, 10)
        late = moment.real_at + timedelta(hours=1)
        assert await wait_for_spend(world.db, new, late, moment) == "waiting"
    sent: list[str] = []

    async def note(query: LoggedQuery) -> None:
        sent.append(query.query)

    # One connection serves a world in which nothing else happens.
    async with world.db.reading() as connection:
        connection.add_query_logger(note)
    await plan_auto_billing(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        moment=world.engine.now(),
    )
    async with world.db.reading() as connection:
        connection.remove_query_logger(note)
    return sent


async def test_r19_a_purchase_for_many_takes_no_more_statements_than_one_for_one(
    world: World,
) -> None:
    """Whom it serves, and with what share of its cost (R13), is written with its intent."""
    await small_world(world, clients=3)
    await world.stock("Agency", credits=10_000)
    # The first time the driver asks what types there are.
    await planned_for(world, "Client 3", 2)
    one, many = await planned_for(world, "Client 1", 1), await planned_for(world, "Client 2", 40)
    assert any("purchase_demand" in statement for statement in one) and one == many
    served = await world.db.fetch(
        "select p.buyer_id, count(*), sum(d.short_credits)::bigint as short from purchase_demand d "
        "join purchase p using (tenant_id, purchase_id) where p.automatic group by 1 order by 2"
    )
    assert [(row["count"], row["short"]) for row in served] == [(1, 10), (2, 20), (40, 400)]
