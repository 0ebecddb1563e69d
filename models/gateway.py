"""A payment at the gateway: what each call does to it, and what is answered.

A payment is created without moving money, charged or held at most once, and cancelled for good. A
request with a key that the gateway remembers makes no second payment; keys are gone after a day (R22).
"""

from models.design import Design
from models.layout import (
    BY_SELLER,
    CANCEL,
    CAPTURE,
    CHARGE,
    CONFIRM,
    CREATE,
    FIRST,
    IN_STATE,
    KEY_GONE,
    MODE,
    O_AUTHENTICATE,
    O_CANCELED,
    O_CAPTURED,
    O_CREATED,
    O_CREATED_2,
    O_DECLINED,
    O_HELD,
    O_REFUNDED,
    O_REFUSED,
    P_AUTHENTICATE,
    P_CANCELED,
    P_CAPTURED,
    P_CREATED,
    P_DECLINED,
    P_HELD,
    P_NONE,
    P_REFUNDED,
    PURCHASES,
    REFUND,
    SECOND,
    WRONG,
)
from models.wrong import TAKEN_AND_GIVEN_BACK

ANSWERS = {
    P_NONE: O_REFUSED,
    P_CREATED: O_CREATED,
    P_DECLINED: O_DECLINED,
    P_AUTHENTICATE: O_AUTHENTICATE,
    P_HELD: O_HELD,
    P_CAPTURED: O_CAPTURED,
    P_CANCELED: O_CANCELED,
    P_REFUNDED: O_REFUNDED,
}
CONFIRMABLE = (P_CREATED, P_DECLINED, P_AUTHENTICATE)


def execute(row: bytearray, design: Design, verb: int, purchase: int, payment: int) -> int:
    """What a call does when it reaches the gateway and the card is good; returns the answer."""
    base = PURCHASES[purchase]
    if verb == CREATE:
        return _create(row, design, base)
    at = base + FIRST + payment - 1
    state = row[at] & IN_STATE
    if verb == CONFIRM and state in CONFIRMABLE:
        charged = row[base + MODE] == CHARGE or design.capture_first
        state = P_CAPTURED if charged else P_HELD
    elif verb == CAPTURE and state == P_HELD:
        state = P_CAPTURED
    elif verb == CAPTURE and state in CONFIRMABLE:
        return O_REFUSED
    elif verb == CANCEL and state not in (P_CAPTURED, P_REFUNDED):
        state = P_CANCELED
    elif verb == REFUND and state == P_CAPTURED:
        if not row[at] & BY_SELLER:
            row[WRONG] = TAKEN_AND_GIVEN_BACK
        state = P_REFUNDED
    row[at] = row[at] & ~IN_STATE | state
    return ANSWERS[state]


def _create(row: bytearray, design: Design, base: int) -> int:
    """Make a payment, unless the key is remembered from one that was made. One call that also
    charges is another design's."""
    made = P_CREATED
    if design.same_key_after_a_day:
        made = P_CAPTURED if row[base + MODE] == CHARGE else P_HELD
    for place, answer in ((FIRST, O_CREATED), (SECOND, O_CREATED_2)):
        if row[base + place] == P_NONE:
            row[base + place] = made
            return answer
        if not row[base + place] & KEY_GONE:
            return answer
    return O_CREATED_2
