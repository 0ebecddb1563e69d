"""What a key did is answered again, however little the caller waits (R39). Found by the simulator."""

from brimful.usecases.answers import Bought
from tests.builders.world import World, small_world


async def test_r39_a_replay_that_waits_for_nothing_hears_what_was_done(world: World) -> None:
    """A purchase that was delivered is not pending, even for who does not wait at all."""
    await small_world(world)
    package = await world.package("Agency", 900, credits=1_000)
    bought = await world.buy("Client 1", package, key="one")
    assert isinstance(bought, Bought)

    again = await world.buy("Client 1", package, key="one", wait_ms=0)

    assert isinstance(again, Bought) and again.purchase_id == bought.purchase_id
