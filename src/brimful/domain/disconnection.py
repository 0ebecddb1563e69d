"""A seller's gateway account that is closed to the platform: nobody's card, no outage (R10, R44).

While it lasts its clients' auto-billing is inactive and nothing of theirs is put to the gateway; the
account itself is asked after now and then. An event about it is only a reason to ask (R45).
"""

from dataclasses import dataclass
from datetime import timedelta

from brimful.domain.event import Hint, Verdict
from brimful.domain.payment import (
    DISCONNECTED,
    NotFound,
    Refused,
    SavedMethod,
    Unknown,
    Unreachable,
)

# After it was noted the gateway is asked again so much later, in real time, and then ever less often.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3_600))
# What is left to be cancelled at a closed account is tried again so much later, or when it opens.
CANCEL_PAUSE = timedelta(minutes=10)

# The events that are about an account and not about one of its payments.
SAYS_DISCONNECTED = "account.disconnected"
SAYS_CHANGED = "account.updated"
ABOUT_AN_ACCOUNT = (SAYS_DISCONNECTED, SAYS_CHANGED)


@dataclass(frozen=True, slots=True)
class Connected:
    """The gateway answers for the account: we may charge on it."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The account is closed to us: its owner disconnected it, or it is not there."""


AccountOutcome = Connected | Disconnected | Unknown | Unreachable
# What a saved card is now, as the gateway shows it under an account.
MethodReading = SavedMethod | NotFound | Disconnected | Unknown | Unreachable


def is_disconnected(outcome: object) -> bool:
    """Tell whether an answer of the gateway says that the account it was about is closed to us."""
    return isinstance(outcome, Refused) and outcome.code == DISCONNECTED


def judge_reading(hint: Hint, outcome: Connected | Disconnected) -> Verdict:
    """Judge an event about an account by the fresh reading of that account, which is what is
    recorded: one that says it is closed while the gateway answers for it is false, or late (R45)."""
    if hint.kind == SAYS_DISCONNECTED and isinstance(outcome, Connected):
        return Verdict.read_disagrees
    return Verdict.recorded
