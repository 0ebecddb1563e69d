"""Clocks: the system's, and the test clock that stands where it was put (R38)."""

from datetime import UTC, datetime

from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.domain.moment import Moment
from brimful.settings import Settings, WrongSettings
from brimful.usecases.move_clock import ClockState, read_clock


class SystemClock:
    """Business time is real time."""

    def moment(self) -> Moment:
        """Now, on both clocks."""
        now = datetime.now(UTC)
        return Moment(at=now, real_at=now)


class DatabaseClock:
    """Business time as the test clock of the database had it when this was last refreshed; real
    time while there is none."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.state: ClockState | None = None

    async def refresh(self) -> ClockState | None:
        """See where the clock stands now: before each request, scan and step."""
        self.state = await read_clock(self._db)
        return self.state

    def moment(self) -> Moment:
        """Now, on both clocks."""
        now = datetime.now(UTC)
        return Moment(at=now if self.state is None else self.state.frozen_at, real_at=now)


async def clock_of(settings: Settings, db: Database) -> Clock:
    """The clock of a process. Raises WrongSettings when the database has a test clock that the
    settings do not allow: on real time, what is written there would lie in the future."""
    clock = DatabaseClock(db)
    await clock.refresh()
    if settings.test_clock:
        return clock
    if clock.state is not None:
        raise WrongSettings(
            f"the database has a test clock, at {clock.state.frozen_at.isoformat()}: "
            "BRIMFUL_TEST_CLOCK has to be true, never in production, or another database used"
        )
    return SystemClock()
