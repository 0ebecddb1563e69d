"""The port to time: the only thing that may say what the moment is, held at the edge."""

from typing import Protocol

from brimful.domain.moment import Moment


class Clock(Protocol):
    """Reads both clocks at once."""

    def moment(self) -> Moment:
        """The present business and real time, aware and in UTC."""
        ...
