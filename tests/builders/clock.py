"""A clock for business time in a world, so that weeks pass at once."""

from dataclasses import replace
from datetime import datetime

from brimful.effects.clocks import TestClock
from tests.builders.world import World


def put_clock(world: World, at: datetime) -> TestClock:
    """Let a world's business time run on from an instant."""
    clock = TestClock(at)
    world.engine.clock = clock
    world.engine.driver = replace(world.engine.driver, now=clock.moment)
    return clock
