"""The same request sent several times at once: every caller is answered as soon as it is done (R20,
R39). Found by the kill campaign: all but the last caller of a key waited out their time."""

import asyncio
import time

import pytest

from brimful.usecases.answers import Bought, SpendDone
from tests.builders.world import World, small_world

WAIT_MS = 60_000


@pytest.mark.parametrize("what", ["spend", "purchase"])
async def test_r20_r39_every_caller_of_a_key_is_answered_when_it_is_done(
    world: World, what: str
) -> None:
    """Three callers, one effect, and nobody waits longer than the work takes."""
    await small_world(world)
    pack = await world.package("Agency", 900, credits=1_000)
    world.desk.faults.close_gate("confirm")

    async def call() -> object:
        if what == "spend":
            return await world.spend("Client 1", 25, key="one", wait_ms=WAIT_MS)
        return await world.buy("Client 1", pack, key="one", wait_ms=WAIT_MS)

    calls = [asyncio.create_task(call()) for _ in range(3)]
    await world.desk.faults.wait_for("confirm", 1)
    while len(world.engine.waiters) < 3:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    world.desk.faults.open_gate("confirm")
    answers = await asyncio.gather(*calls)
    assert time.monotonic() - began < WAIT_MS / 2_000
    assert {type(answer) for answer in answers} == {SpendDone if what == "spend" else Bought}
    stock = await world.credits("Client 1")
    assert stock.received - stock.free == (25 if what == "spend" else 0)
    assert len(await world.purchases("Client 1")) == 1
