"""A way through the model in words: what happened, and what it changed."""

import itertools

from models import actions as act
from models.layout import (
    AUTO,
    BREAKERS,
    BY_SELLER,
    CHARGE_STATE,
    CHARGE_STATES,
    D_RESERVED,
    DAYS,
    DEMAND_STATES,
    DEMANDS,
    FAULTS,
    FIRST,
    FREE_AGENCY,
    FREE_CLIENT,
    GRANTED,
    IN_STATE,
    KEY_GONE,
    LATE,
    LATE_REQUESTS,
    MODE,
    MODES,
    NOT_SENT,
    OUTCOME,
    OUTCOMES,
    PAYMENT,
    PAYMENT_STATES,
    PLAN,
    PURCHASE_STATES,
    PURCHASES,
    QUANTITY,
    SECOND,
    SPEND_STATES,
    SPENDS,
    STATE,
    SWITCHES,
    TASK,
    TASKS,
    VERBS,
    WORKERS,
)

OPERATIONS = (
    "the client's query", "the purchase by hand", "the agency's query", "the agency's other query",
)  # fmt: skip
PURCHASE_NAMES = (
    "the client's auto-billing",
    "the purchase by hand",
    *(f"the agency's auto-billing {number}" for number in range(1, len(AUTO) + 1)),
)
_ABOUT_OPERATIONS = (act.DEMAND_REGISTERED, act.ANSWER_BY, act.ABANDON_SPEND, act.SWEPT)
_ABOUT_ACCOUNTS = (act.BEFORE_PLAN, act.INTENT_COMMITTED, act.SWITCH_OFF)


def tell(trace: list[tuple[int, bytes]]) -> list[str]:
    """The lines of a trace: each move numbered, below it what it changed."""
    lines: list[str] = []
    for number, ((_, before), (move, after)) in enumerate(itertools.pairwise(trace), 1):
        lines.append(f"{number:3}. {in_words(move)}")
        changed = _changes(_facts(before), _facts(after))
        lines += [f"       {line}" for line in changed]
    return lines


def in_words(move: int) -> str:
    """A move: its name, what it means, and what it is about."""
    action, subject = divmod(move, 8)
    name, _, about = act.ACTIONS[action]
    if action in _ABOUT_OPERATIONS:
        whom = OPERATIONS[subject]
    elif action in _ABOUT_ACCOUNTS:
        whom = "the agency" if subject >= AUTO[0] else "the client"
    elif action == act.KILL:
        whom = f"before or after {VERBS[subject]}"
    elif action == act.DAY:
        return f"{name}: {about}"
    else:
        whom = PURCHASE_NAMES[subject]
    return f"{name}: {about} ({whom})"


def _changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    lines = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, "-"), after.get(name, "-")
        if old != new:
            lines.append(f"{name}: {old} → {new}")
    return lines


def _facts(row: bytes) -> dict[str, str]:
    """All that a state says, by name."""
    facts = {
        "free at the agency": str(row[FREE_AGENCY]),
        "free at the client": str(row[FREE_CLIENT]),
        "accidents left": str(row[FAULTS]),
        "days passed": str(row[DAYS]),
        "switched on": _accounts(row[SWITCHES]),
        "declined": _accounts(row[BREAKERS]),
    }
    held = sorted(_of_worker(row, worker) for worker in WORKERS if row[worker + TASK])
    facts["workers"] = "; ".join(held) or "idle"
    for number, name in enumerate(OPERATIONS):
        facts[name] = SPEND_STATES[row[SPENDS + number]]
        at = DEMANDS[number]
        if row[at]:
            facts[f"demand of {name}"] = (
                f"{DEMAND_STATES[row[at]]}, {row[at + D_RESERVED]} reserved"
            )
    for number, at in enumerate(PURCHASES):
        if row[at + STATE]:
            facts |= _of_purchase(row, PURCHASE_NAMES[number], at)
    return facts


def _accounts(bits: int) -> str:
    names = ("client", "purchase by hand", "agency")
    return ", ".join(name for bit, name in enumerate(names) if bits >> bit & 1) or "nobody"


def _of_worker(row: bytes, worker: int) -> str:
    verb, subject, _ = TASKS[row[worker + TASK]]
    if verb == PLAN:
        return f"about to plan for {'the agency' if subject else 'the client'}"
    whom = f"{VERBS[verb]} of {PURCHASE_NAMES[subject]}"
    heard = row[worker + OUTCOME]
    return f"about to send {whom}" if heard == NOT_SENT else f"heard {OUTCOMES[heard]} to {whom}"


def _of_purchase(row: bytes, name: str, at: int) -> dict[str, str]:
    facts = {
        name: f"{PURCHASE_STATES[row[at]]}, to {MODES[row[at + MODE]]}, {row[at + QUANTITY]}, "
        f"charge {CHARGE_STATES[row[at + CHARGE_STATE]]}, granted {row[at + GRANTED]} times, "
        f"id {'stored' if row[at + PAYMENT] else 'not stored'}"
    }
    for place, which in ((FIRST, "payment"), (SECOND, "second payment")):
        if row[at + place]:
            facts[f"{which} of {name}"] = _of_payment(row[at + place])
    late = [VERBS[verb] for verb, _, bit in LATE_REQUESTS if row[at + LATE] & bit]
    if late:
        facts[f"late requests for {name}"] = ", ".join(late)
    return facts


def _of_payment(payment: int) -> str:
    words = PAYMENT_STATES[payment & IN_STATE]
    if payment & BY_SELLER:
        words += " by the agency's own hands"
    return words + (", its key forgotten" if payment & KEY_GONE else "")
