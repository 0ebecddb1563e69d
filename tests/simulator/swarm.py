"""What differs from seed to seed: who competes, what fails and how often, what is asked, how time goes.

No two seeds stress the same thing: each draws which faults there are at all and how many, so that what
only shows without the others, or only with two of them, is met as well.
"""

from dataclasses import dataclass, field
from random import Random
from typing import get_args

from tests.simulator.gate import Order

COMMIT_FATES = ("dies_before_commit", "dies_after_commit", "commit_undone", "commit_reply_lost")
CALL_FATES = (
    "unreachable", "lost_request", "lost_reply", "http_500_before", "http_500_after", "late_request",
    "slow_reply", "refused", "rate_limited", "dies_before_call", "dies_after_call",
)  # fmt: skip
EVENT_FATES = ("event_lost", "event_late", "event_twice", "event_shuffled")
CARD_FATES = (
    "insufficient_funds", "generic_decline", "lost_card", "expired_card", "do_not_try_again",
    "authenticate", "capture_declined",
)  # fmt: skip
# What may be asked, with its usual weight.
VERBS = {
    "spend": 30, "buy": 12, "plan": 5, "again": 8, "other_body": 2, "allot": 3, "switch_off": 3,
    "switch_on": 4, "caps": 3, "card": 5, "drop_card": 1, "mood": 6, "price": 3, "withdraw": 1,
    "pass_time": 6, "scan": 9, "crash": 3, "freeze": 3, "join": 2, "outage": 2, "refund": 3, "dashboard": 2,
    "dispute": 4, "overdraft": 2, "ahead": 2,
}  # fmt: skip
# Of chatbots, and of subscriptions that change and end.
RECURRING = {
    "chatbot": 9, "delete_chatbot": 3, "keep_chatbots": 1, "seats": 3, "change": 5, "cancel": 2, "resume": 1,
    "release": 1, "pass_month": 2,
}  # fmt: skip
MUST = ("spend", "buy", "scan", "again")


@dataclass(slots=True)
class Swarm:
    """The figures of one seed. Chances are per call, commit or event."""

    order: Order
    impatience: float
    pace_s: float
    stall_chance: float
    stalls_most: int
    processes: int
    operations: int
    at_once: int
    commit_chance: float
    call_chance: float
    event_chance: float
    events: bool
    commit_fates: tuple[str, ...]
    call_fates: tuple[str, ...]
    event_fates: tuple[str, ...]
    moods: tuple[str, ...]
    verbs: dict[str, float]
    leap_days: float
    real_leaps: bool
    waits_ms: tuple[int, ...]
    clock_lasts_s: float = field(default=15.0)


def draw(random: Random) -> Swarm:
    """The figures of a seed."""
    verbs = _verbs(random, VERBS)
    swarm = Swarm(
        order=random.choice(get_args(Order)),
        impatience=random.choice((0.0, 0.02, 0.1)),
        pace_s=random.choice((0.0005, 0.002, 0.02)),
        stall_chance=random.choice((0.0, 0.1, 0.4)),
        stalls_most=random.choice((4, 12, 30)),
        processes=random.choice((1, 2, 2, 3)),
        operations=random.randint(42, 62),
        at_once=random.choice((2, 4, 8, 12)),
        commit_chance=random.choice((0.0, 0.004, 0.012)),
        call_chance=random.choice((0.02, 0.08, 0.2)),
        event_chance=random.choice((0.1, 0.4)),
        events=random.random() < 0.7,
        commit_fates=_some(random, COMMIT_FATES),
        call_fates=_some(random, CALL_FATES),
        event_fates=_some(random, EVENT_FATES),
        moods=_some(random, CARD_FATES),
        verbs=verbs,
        leap_days=random.choice((0.1, 2, 10)),
        real_leaps=random.random() < 0.5,
        waits_ms=random.choice(((0, 300, 10_000), (10_000,), (300, 2_000), (5_000, 60_000))),
    )
    if random.random() < 0.75:
        swarm.verbs |= _verbs(random, RECURRING)
    return swarm


def _verbs(random: Random, of: dict[str, int]) -> dict[str, float]:
    verbs: dict[str, float] = {}
    for verb, weight in of.items():
        if verb in MUST or random.random() < 0.75:
            verbs[verb] = weight * random.choice((0.5, 1, 1, 2))
    return verbs


def _some(random: Random, of: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in of if random.random() < 0.6) or (random.choice(of),)
