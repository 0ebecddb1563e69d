"""Signed webhooks out: what an answer means, and when what failed is tried again (R42).

Times are real, not business time: what waits is somebody's server.
"""

from dataclasses import dataclass
from datetime import timedelta

# After the first try; together three days and a few hours, as Standard Webhooks advises.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# An endpoint that fails is left alone for a while, twice as long each time.
REST = timedelta(seconds=5)
REST_AT_MOST = timedelta(minutes=5)
# With its account's old secret a receiver has so long to take up the new one, unless it says else.
OVERLAP_HOURS = 24
GONE = 410


@dataclass(frozen=True, slots=True)
class Answered:
    """A receiver answered, with this status."""

    status: int


@dataclass(frozen=True, slots=True)
class NotReached:
    """No answer, and why: a stable word, such as ``timeout``."""

    why: str


Answer = Answered | NotReached


@dataclass(frozen=True, slots=True)
class Arrived:
    """It was taken."""


@dataclass(frozen=True, slots=True)
class Again:
    """It is tried again after a pause."""

    pause: timedelta


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It was tried often enough."""


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """The receiver says that there is no such endpoint any more: nothing more is sent to it."""


Verdict = Arrived | Again | GivenUp | NobodyThere


def judge(answer: Answer, tries: int) -> Verdict:
    """What follows from the answer to a try; ``tries`` are those before it.

    Only 2xx is success: a redirect is not followed, and a refusal may be a mistake that is mended.
    """
    if isinstance(answer, Answered):
        if 200 <= answer.status < 300:
            return Arrived()
        if answer.status == GONE:
            return NobodyThere()
    return Again(PAUSES[tries]) if tries < len(PAUSES) else GivenUp()


def rest_after(failures: int) -> timedelta:
    """How long an endpoint is left alone after so many failures in a row, at least one."""
    rest = REST
    for _ in range(min(failures - 1, 16)):
        rest *= 2
    return min(rest, REST_AT_MOST)


def why_not(answer: Answer) -> str:
    """A stable word for what went wrong: "http_500", or why there was no answer."""
    return f"http_{answer.status}" if isinstance(answer, Answered) else answer.why
