"""Clocks: the system's, and one that stands where a test or demo puts it (R38)."""

from datetime import UTC, datetime, timedelta

from brimful.domain.moment import Moment


class SystemClock:
    """Business time is real time."""

    def moment(self) -> Moment:
        """Now, on both clocks."""
        now = datetime.now(UTC)
        return Moment(at=now, real_at=now)


class TestClock:
    """Business time runs on from where it was put; leases and waits stay on real time."""

    __test__ = False

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
