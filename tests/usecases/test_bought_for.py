"""What was bought for a demand is its own, whoever arrived before it (R13, R17, R28, R30)."""

import asyncio

from brimful.domain.effect import Plan
from brimful.usecases.answers import Bought
from brimful.usecases.set_auto_billing import set_child_limit
from brimful.usecases.steps import Step
from tests.builders.held import held_at, until
from tests.builders.world import World, small_world

_WAITING = "select count(*) from demand where account_id = $1 and state = 'waiting'"


async def test_r17_stock_goes_to_those_it_was_bought_for_before_others_that_came_earlier(
    world: World,
) -> None:
    """1,900, 200 and 100 credits are wanted. All three would cost $20.00, of which the first client's
    share is over its limit: the second has to wait for the next purchase. The first, for $10.00, is
    of 2,000 credits, and the third gets what is its own, so that nobody is braked."""
    await small_world(world, clients=3)
    names = ("Client 1", "Client 2", "Client 3")
    packages = [
        await world.package("Agency", credits * 2, credits=credits) for credits in (1_900, 200, 100)
    ]
    agency = await world.account("Agency")
    await set_child_limit(
        world.engine.ctx,
        tenant_id=agency.tenant_id,
        account_id=agency.account_id,
        child_id=world.names["Client 1"],
        per_month_minor=1_200,
    )
    async with held_at(
        Step.before_plan,
        lambda effect: isinstance(effect, Plan) and effect.account_id == agency.account_id,
    ) as held:
        tasks = []
        for name, package in zip(names, packages, strict=True):
            tasks.append(asyncio.create_task(world.buy(name, package)))

            async def waits(count: int = len(tasks)) -> bool:
                found = await world.db.fetchval(_WAITING, agency.account_id)
                return bool(found == count)

            await until(waits)
        held.go.set()
        answers = await asyncio.gather(*tasks)
    await world.settle()
    assert all(isinstance(answer, Bought) for answer in answers), answers
    assert world.taken("platform") == [1_000, 1_000]
    assert await world.db.fetchval("select count(*) from brake") == 0
