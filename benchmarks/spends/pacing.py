"""When the next request is due: as soon as the last was answered, or at a rate that waits for nobody."""

from typing import Protocol


class Pacing(Protocol):
    """Shared by all connections of a generator: whichever is free takes the next request."""

    def next_at(self, now: float) -> float:
        """When the next request is to be sent, in seconds of the caller's clock; it may be past."""


class ClosedLoop:
    """Full load: each connection asks again at once."""

    def next_at(self, now: float) -> float:
        """Now."""
        return now


class OpenLoop:
    """A rate: requests are due at even distances whether or not earlier ones were answered. Latency
    that is measured from when a request was due counts what it waited for a server that had stopped,
    which a closed loop leaves out (coordinated omission)."""

    def __init__(self, per_second: float, starts_at: float) -> None:
        self._distance = 1 / per_second
        self._starts_at = starts_at
        self._taken = 0

    def next_at(self, now: float) -> float:
        """The next in the row."""
        at = self._starts_at + self._taken * self._distance
        self._taken += 1
        return at
