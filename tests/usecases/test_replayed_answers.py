"""What a key did is answered again, however little the caller waits (R39). Found by the simulator."""

from typing import cast

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, KeyConflict
from brimful.usecases.steps import Step
from tests.builders.clock import ShiftedClock
from tests.builders.moving import HOUR, MAY, client_of_north, pack_of
from tests.builders.world import World, small_world
from tests.builders.year import Year, held_up


async def test_r39_a_replay_that_waits_for_nothing_hears_what_was_done(world: World) -> None:
    """A purchase that was delivered is not pending, even for who does not wait at all."""
    await small_world(world)
    package = await world.package("Agency", 900, credits=1_000)
    bought = await world.buy("Client 1", package, key="one")
    assert isinstance(bought, Bought)

    again = await world.buy("Client 1", package, key="one", wait_ms=0)

    assert isinstance(again, Bought) and again.purchase_id == bought.purchase_id


async def test_r39_what_was_bought_is_replayed_while_a_renewal_is_under_way(year: Year) -> None:
    """The renewal that comes first hangs at the gateway: who asks again for what was bought before
    hears that it was, not that a purchase is under way; with another body, that the key is taken."""
    await client_of_north(year)
    pack = await pack_of(year, "North")
    bought = await year.buy("Client", pack, key="one")
    assert isinstance(bought, Bought)
    await year.until(MAY - HOUR)
    async with held_up(year, Step.before_confirm, "Client") as reached:
        cast(ShiftedClock, year.engine.clock).advance(HOUR)
        await year.engine.take_up_due_work()
        await reached.wait()

        again = await year.buy("Client", pack, key="one", wait_ms=0)
        new = await year.buy("Client", pack, key="two", wait_ms=0)
        other = await year.buy("Client", pack, key="one", quantity=2, wait_ms=0)

    assert isinstance(other, KeyConflict)
    assert isinstance(again, Bought) and again.purchase_id == bought.purchase_id
    assert isinstance(new, Refuse) and new.reason is Reason.purchase_under_way
    await year.settle()
