"""What must never be, and where a row breaks it."""

from models.design import Design, Scene
from models.layout import (
    AUTO,
    BY_HAND,
    CAPTURING,
    D_CONSUMED,
    D_MET,
    D_ORDER,
    D_RESERVED,
    D_WAITING,
    DELIVERED,
    DEMANDS,
    FAILED,
    FIRST,
    FREE_AGENCY,
    FREE_CLIENT,
    GRANTED,
    IN_STATE,
    NONE,
    OPEN,
    P_CAPTURED,
    P_HELD,
    PURCHASES,
    QUANTITY,
    S_DONE,
    S_LATE,
    S_TOLD,
    S_WAITING,
    SECOND,
    SIZED,
    SPENDS,
    TASK,
    WORKERS,
    WRONG,
)

# What a move itself may break is kept in the row; 0 is nothing.
BY_A_MOVE = (
    "",
    "a spend was debited after its caller had heard that it is pending",
    "money was taken and given back",
    "what was delivered had not been reserved",
    "a request for money was sent again more than 23 hours after its first try",
)
_, SERVED_AFTER_PENDING, TAKEN_AND_GIVEN_BACK, NOT_RESERVED, SENT_TOO_LATE = range(len(BY_A_MOVE))
SPENT_CAP = "the cap is passed"
DOUBLE = "one purchase was charged twice"
TWICE_FOR_ONE = "one shortage was charged for twice"
FOR_NOTHING = "charged for a purchase that failed"
UNPAID = "granted without a captured payment"
GRANTED_TWICE = "granted twice for one payment"
TWO_OPEN = "two open auto-billings of one account"
NOT_CONSERVED = "stock came from nowhere or was lost"
MET_WITHOUT = "a demand is met without its stock"
FREE_WHILE_WAITING = "stock is free while a demand waits for it"
OUT_OF_TURN = "a demand has stock that an earlier one waits for"
CAPTURING_WITHOUT = "a capture has begun without its stock"
# And of the end: of a row in which nothing is to be done, or from which no such row is reached.
WAITS = "an operation waits for ever"
NEVER_ENDS = "work may never end"


def what_is_wrong(row: bytes, scene: Scene, design: Design) -> str | None:
    """The first rule that a row breaks, or None."""
    if row[WRONG]:
        return BY_A_MOVE[row[WRONG]]
    packs = opened = 0
    charged_for = [0, 0, 0, 0]
    for purchase, at in enumerate(PURCHASES):
        state = row[at]
        if state == NONE:
            continue
        captured = (row[at + FIRST] & IN_STATE == P_CAPTURED) + (
            row[at + SECOND] & IN_STATE == P_CAPTURED
        )
        if broken := _of_purchase(row, purchase, at, captured):
            return broken
        if purchase not in AUTO:
            continue
        opened += state in OPEN
        if captured or state != FAILED:
            packs += row[at + QUANTITY]
        if captured:
            for demand in range(4):
                charged_for[demand] += row[at + SIZED] >> demand & 1
    if opened > 1:
        return TWO_OPEN
    if packs > scene.cap:
        return SPENT_CAP
    if max(charged_for) > 1:
        return TWICE_FOR_ONE
    return _of_stock(row, scene) or _of_queue(row, design)


def _of_purchase(row: bytes, purchase: int, at: int, captured: int) -> str | None:
    state, granted = row[at], row[at + GRANTED]
    if captured > 1:
        return DOUBLE
    if granted > 1:
        return GRANTED_TWICE
    if captured and state == FAILED:
        return FOR_NOTHING
    if granted and not captured:
        return UNPAID
    if state == CAPTURING and row[DEMANDS[purchase]] != D_MET:
        return CAPTURING_WITHOUT
    return None


def _of_stock(row: bytes, scene: Scene) -> str | None:
    """Conservation (R1), of the agency's pool and of the client's; a met demand has its stock."""
    there = row[FREE_AGENCY]
    for demand, at in enumerate(DEMANDS):
        there += row[at + D_RESERVED]
        if row[at] == D_CONSUMED:
            there += scene.needs[demand]
        elif row[at] == D_MET and row[at + D_RESERVED] != scene.needs[demand]:
            return MET_WITHOUT
    granted = sum(row[PURCHASES[auto] + GRANTED] * row[PURCHASES[auto] + QUANTITY] for auto in AUTO)
    if there != scene.free + granted * scene.pack:
        return NOT_CONSERVED
    had = row[PURCHASES[0] + GRANTED] * scene.needs[0]
    used = scene.query if row[SPENDS] == S_DONE else 0
    return None if row[FREE_CLIENT] + used == had else NOT_CONSERVED


def _of_queue(row: bytes, design: Design) -> str | None:
    """What is free is offered at once, and in arrival order (R20). The design that reserves in a
    later transaction breaks this by its nature; of it, what that costs is to be seen."""
    if design.grant_without_reservation:
        return None
    first, served = 255, 0
    for at in DEMANDS:
        if row[at] == D_WAITING:
            order = row[at + D_ORDER]
            first = min(first, order)
            if row[at + D_RESERVED]:
                served = max(served, order)
    if served > first:
        return OUT_OF_TURN
    if first < 255 and row[FREE_AGENCY]:
        return FREE_WHILE_WAITING
    return None


def is_unfinished(row: bytes, scene: Scene) -> str | None:
    """What a row in which nothing is to be done any more has left open, or None (R20, R24)."""
    for worker in WORKERS:
        if row[worker + TASK]:
            return "a worker is stuck"
    for spend in range(4):
        if spend != BY_HAND and row[SPENDS + spend] in (S_WAITING, S_LATE, S_TOLD):
            return WAITS
    for at in DEMANDS:
        if row[at] in (D_WAITING, D_MET):
            return "a demand outlives its operation"
    for at in PURCHASES:
        if row[at] in OPEN:
            return "a purchase never ends"
        if P_HELD in (row[at + FIRST] & IN_STATE, row[at + SECOND] & IN_STATE):
            return "a card stays held"
        if row[at] == DELIVERED and row[at + GRANTED] != 1:
            return UNPAID
    return None
