"""R39: a key is unique per account, whatever it was used for, at the same instant as well."""

import asyncio
import contextvars

import pytest

from brimful.billing import commands
from brimful.billing.commands import Before, Key
from brimful.db.ids import new_id
from brimful.ledger.spends import spend_many
from brimful.usecases.answers import Bought, KeyConflict, SpendDone
from tests.builders.held import blocked, until
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world
from tests.usecases.test_hostile_payer import first_pack


@pytest.mark.parametrize("first", ["purchase", "spend"])
async def test_r39_one_key_for_a_purchase_and_a_spend_is_an_error(world: World, first: str) -> None:
    """Keys are unique per account, whatever they were used for."""
    await small_world(world, clients=0)
    pack = await first_pack(world)
    if first == "purchase":
        assert isinstance(await world.buy("Agency", pack, key="one"), Bought)
        again = await world.spend("Agency", 10, key="one")
    else:
        assert isinstance(await world.spend("Agency", 10, key="one"), SpendDone)
        again = await world.buy("Agency", pack, key="one")
    assert again == KeyConflict(key="one")
    assert len(world.taken()) == 1


async def test_r39_a_purchase_waits_for_a_spend_under_its_key(world: World) -> None:
    """The spend is done and not committed: of the two the purchase is told that its key is taken."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=10)
    pack, agency = await first_pack(world), await world.account("Agency")
    outside, moment = contextvars.copy_context(), world.engine.now()
    new = new_spend(agency.tenant_id, agency.account_id, 10, key="one")
    async with world.db.transaction() as tx:
        [done] = await spend_many(tx, [new], moment, wait=True)
        assert done.outcome == "done"
        buying = asyncio.create_task(world.buy("Agency", pack, key="one"), context=outside)
        await until(lambda: blocked(tx, 1))
    assert await buying == KeyConflict(key="one")
    assert world.taken() == []


@pytest.mark.parametrize("credits", [10, 20])
async def test_r39_a_spend_waits_for_a_command_under_its_key(world: World, credits: int) -> None:
    """The command is done and not committed: the spend is told that its key is taken, be it short or not."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=10)
    agency = await world.account("Agency")
    outside, moment = contextvars.copy_context(), world.engine.now()
    command = Key(
        tenant_id=agency.tenant_id, account_id=agency.account_id, key="one", verb="v", body_hash=b""
    )
    async with world.db.transaction() as tx:
        await commands.remember(tx, command, Before(None, conflict=False), new_id(), moment)
        spending = asyncio.create_task(world.spend("Agency", credits, key="one"), context=outside)
        await until(lambda: blocked(tx, 1))
    assert await spending == KeyConflict(key="one")
    assert (await world.credits("Agency")).used == 0
