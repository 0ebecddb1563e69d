"""A clock for business time in a world, so that weeks pass at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from brimful.domain.moment import Moment
from tests.builders.world import World


class ShiftedClock:
    """Business time runs on from where it was put; leases and waits stay on real time."""

    def __init__(self, at: datetime) -> None:
        self._offset = at - datetime.now(UTC)

    def moment(self) -> Moment:
        """Now, on both clocks."""
        now = datetime.now(UTC)
        return Moment(at=now + self._offset, real_at=now)

    def advance(self, span: timedelta) -> None:
        """Move business time on by a span, which is not negative."""
        if span < timedelta(0):
            raise ValueError("business time only runs forward")
        self._offset += span


def put_clock(world: World, at: datetime) -> ShiftedClock:
    """Let a world's business time run on from an instant."""
    clock = ShiftedClock(at)
    world.engine.clock = clock
    world.engine.driver = replace(world.engine.driver, now=clock.moment)
    return clock
