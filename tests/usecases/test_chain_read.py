"""R17: a check reads no more of the chain than it needs, and finds what it would find on all of it."""

import pytest

from brimful.db.transaction import Transaction
from brimful.domain.chain import Need, check_chain
from brimful.usecases.chain import Chain, read_chain
from brimful.usecases.context import with_covers
from tests.builders.world import World, small_world


async def read(world: World, name: str, need: Need | None) -> Chain:
    """The chain above an account, all of it or as far as a need reaches."""
    account, at = await world.account(name), world.engine.now().at

    async def body(tx: Transaction) -> Chain:
        return await read_chain(
            world.engine.ctx,
            tx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            at=at,
            need=need,
        )

    return await with_covers(world.engine.ctx, body)


@pytest.mark.parametrize(
    ("credits", "agency_has", "client_buys", "levels_read"),
    [
        pytest.param(10, 0, True, 0, id="the pool itself has it"),
        pytest.param(50, 10_000, True, 1, id="the seller has it"),
        pytest.param(50, 0, True, 2, id="up to the supply"),
        pytest.param(50, 10_000, False, 1, id="the account buys nothing"),
        pytest.param(50, 0, False, 1, id="nor does it look who would sell"),
    ],
)
async def test_r17_a_check_reads_as_far_as_it_needs(
    world: World, credits: int, agency_has: int, client_buys: bool, levels_read: int
) -> None:
    """The verdict is that on the whole chain, plans and refusals alike."""
    await small_world(world)
    await world.stock("Agency", credits=agency_has + 20)
    await world.stock("Client 1", credits=20)
    if not client_buys:
        await world.auto_billing("Client 1", enabled=False)
    need = Need(credits=credits, chatbots=0)
    whole, part = await read(world, "Client 1", None), await read(world, "Client 1", need)
    at = world.engine.now().at
    assert check_chain(part.levels, need, at) == check_chain(whole.levels, need, at)
    assert (len(part.facts), len(whole.facts)) == (levels_read, 2)
