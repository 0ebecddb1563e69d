"""The transactions of a purchase: its intent, what is learnt of its payment, its end.

Each function is one transaction of the code, or a part of one, and does to the row what that does to
the tables. ``CODE`` says which.
"""

from models.design import Design, Scene
from models.layout import (
    AGE,
    AGENCY,
    AGENCY_BIT,
    AUTO,
    AUTO_BILLINGS,
    BREAKERS,
    BY_HAND,
    BY_HAND_BIT,
    C_CANCELED,
    C_CAPTURED,
    C_HELD,
    C_OPEN,
    C_REFUNDED,
    CANCELING,
    CAPTURING,
    CHARGE,
    CHARGE_STATE,
    CLIENT,
    CLIENT_BIT,
    CREATED,
    D_FAILED,
    D_MET,
    DECLINED,
    DELIVERED,
    DEMANDS,
    FAILED,
    FREE_AGENCY,
    FREE_CLIENT,
    GRANTED,
    MODE,
    NOT_TRIED,
    O_AUTHENTICATE,
    O_CANCELED,
    O_CAPTURED,
    O_CREATED,
    O_CREATED_2,
    O_DECLINED,
    O_HELD,
    O_REFUNDED,
    O_REFUSED,
    OPEN,
    PAYMENT,
    PLANNED,
    PURCHASES,
    QUANTITY,
    SIZED,
    TRIED_A_DAY_AGO,
    WAITING,
    WRONG,
)
from models.stock import consume, end, is_open, offer, refuse, refuse_client, register, serve_client
from models.wrong import NOT_RESERVED

# Where each transaction is in the code; the test that ties names resolves them.
CODE = {
    "open_intent": "brimful.usecases.intent:open_intent",
    "record": "brimful.usecases.record_payment:record_payment",
    "deliver": "brimful.usecases.deliver:deliver",
    "fail": "brimful.usecases.fail_purchase:fail_purchase",
    "fail_uncharged": "brimful.usecases.uncharged:fail_uncharged",
    "give_up": "brimful.usecases.give_up:give_up",
    "refuse_waiting": "brimful.usecases.refuse_waiting:refuse_waiting",
    "decline": "brimful.usecases.record_card_result:record_decline",
    "release_holds": "brimful.usecases.release_holds:release_holds",
}


def set_state(row: bytearray, purchase: int, state: int) -> None:
    """The next state; its request has not been sent yet."""
    at = PURCHASES[purchase]
    row[at], row[at + AGE] = state, NOT_TRIED


def open_intent(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """Write a client's intent: the agency has the stock, so it is reserved and the card will be
    charged; or the card is held first, and the demand queues after that (R17)."""
    at, need = PURCHASES[purchase], scene.needs[purchase]
    stocked = row[FREE_AGENCY] >= need
    row[at], row[at + MODE], row[at + QUANTITY] = PLANNED, 0 if stocked else 1, need
    if stocked and not design.intent_reserves_nothing:
        register(row, scene, design, purchase)


def open_auto_billing(row: bytearray, purchase: int, packs: int, sized: int) -> None:
    """Write the intent of the agency's own purchase at the supply, and whom it is sized for."""
    at = PURCHASES[purchase]
    row[at], row[at + MODE], row[at + QUANTITY], row[at + SIZED] = PLANNED, CHARGE, packs, sized


def queue(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """The card is held: now the demand takes its place in the agency's queue (R20)."""
    set_state(row, purchase, WAITING)
    register(row, scene, design, purchase)


def record(
    row: bytearray, scene: Scene, design: Design, purchase: int, outcome: int, payment: int
) -> bool:
    """Record what the gateway says of a payment, as a compare-and-set on the purchase's state; True
    when this very process goes on to confirm (R23)."""
    at = PURCHASES[purchase]
    state = row[at]
    if state not in OPEN:
        return False
    if outcome in (O_CREATED, O_CREATED_2):
        return _created(row, scene, design, purchase, 1 if outcome == O_CREATED else 2)
    if design.id_not_stored and row[at + PAYMENT] == 0 and state == PLANNED:
        row[at + PAYMENT], state = payment, CREATED
        row[at] = CREATED
    if outcome == O_CAPTURED and row[at + PAYMENT] == payment:
        _captured(row, scene, design, purchase)
    elif outcome == O_HELD:
        _held(row, scene, design, purchase)
    elif (outcome == O_DECLINED and state in (CREATED, CAPTURING)) or (
        outcome == O_AUTHENTICATE and state == CREATED
    ):
        decline(row, scene, design, purchase)
    elif outcome == O_CANCELED and state in (CREATED, CAPTURING, CANCELING):
        if not (design.expiry_ignored and state == CAPTURING):
            fail(row, scene, design, purchase)
    elif outcome == O_REFUNDED and row[at + CHARGE_STATE] == C_CAPTURED:
        row[at + CHARGE_STATE] = C_REFUNDED
        fail(row, scene, design, purchase)
    elif outcome == O_REFUSED and state in (PLANNED, CREATED, CAPTURING):
        set_state(row, purchase, CANCELING)
    return False


def _created(
    row: bytearray, scene: Scene, design: Design, purchase: int, payment: int
) -> bool:  # fmt: skip
    at = PURCHASES[purchase]
    if row[at] == PLANNED and row[at + PAYMENT] == 0:
        if not design.id_not_stored:
            row[at + PAYMENT] = payment
            set_state(row, purchase, CREATED)
        return True
    if row[at] == CREATED and row[at + AGE] == TRIED_A_DAY_AGO:
        give_up(row, scene, design, purchase)
    return False


def _held(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    at = PURCHASES[purchase]
    if row[at] == CREATED:
        row[at + CHARGE_STATE] = C_HELD
        if design.grant_at_hold:
            consume(row, purchase)
            deliver(row, scene, design, purchase)
            return
        queue(row, scene, design, purchase)
    elif row[at] == CAPTURING and row[at + AGE] == TRIED_A_DAY_AGO:
        set_state(row, purchase, CANCELING)


def _captured(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """The money is taken: delivered at once where the stock is secured; else the agency took a mere
    hold by itself, and it is delivered later or given back."""
    at = PURCHASES[purchase]
    secured = row[at + MODE] == CHARGE or row[at] == CAPTURING
    if row[DEMANDS[purchase]] == D_MET and not design.refund_though_secured:
        # A capture that was called too long ago was to be cancelled and turns out to have been done:
        # what it pays for is still reserved.
        secured = True
    if secured:
        deliver(row, scene, design, purchase)
        return
    row[at + CHARGE_STATE] = C_CAPTURED
    if row[at] == CREATED:
        queue(row, scene, design, purchase)


def deliver(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """Grant what was paid for and, in the same transaction, reserve it for what waits (R17)."""
    at = PURCHASES[purchase]
    row[at + GRANTED] += 1
    row[at + CHARGE_STATE] = C_CAPTURED
    set_state(row, purchase, DELIVERED)
    if purchase in AUTO:
        row[FREE_AGENCY] += row[at + QUANTITY] * scene.pack
        if not design.grant_without_reservation:
            offer(row, scene, design)
        return
    if row[DEMANDS[purchase]] == D_MET:
        consume(row, purchase)
    elif not design.grant_at_hold:
        row[WRONG] = NOT_RESERVED
    if purchase == CLIENT:
        row[FREE_CLIENT] += row[at + QUANTITY]
        serve_client(row, scene, design)


def fail(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """The end of a purchase that took no money: only here is the reservation behind a charge given
    back (R17), and only a confirmed cancellation leads here (R22)."""
    at = PURCHASES[purchase]
    declined = row[at + DECLINED]
    set_state(row, purchase, FAILED)
    if row[at + CHARGE_STATE] in (C_OPEN, C_HELD):
        row[at + CHARGE_STATE] = C_CANCELED
    if purchase not in AUTO and is_open(row, purchase):
        end(row, purchase, D_FAILED)
        offer(row, scene, design)
    if purchase in AUTO_BILLINGS and not declined:
        refuse_waiting(row, scene, design, purchase)


def refuse_waiting(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """End what waits for a failed auto-billing, in arrival order (R20)."""
    if purchase == CLIENT:
        refuse_client(row)
    elif purchase >= AGENCY:
        refuse(row, scene, design, [0, 1, 2, 3])


def decline(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """The card was declined, or its bank wants the owner: pause, end what waited, cancel (R29)."""
    at = PURCHASES[purchase]
    row[at + DECLINED] = 1
    row[BREAKERS] |= (CLIENT_BIT, BY_HAND_BIT, AGENCY_BIT)[min(purchase, 2)]
    if design.returned_at_decline and purchase not in AUTO and is_open(row, purchase):
        end(row, purchase, D_FAILED)
        offer(row, scene, design)
    if purchase != BY_HAND:
        refuse_waiting(row, scene, design, purchase)
    if design.no_cancel:
        fail(row, scene, design, purchase)
    else:
        set_state(row, purchase, CANCELING)


def give_up(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """No answer in time: cancel as soon as there is one, keep nobody waiting (R20)."""
    if row[PURCHASES[purchase]] not in (PLANNED, CREATED):
        return
    if design.no_cancel:
        fail(row, scene, design, purchase)
        return
    set_state(row, purchase, CANCELING)
    if purchase != BY_HAND:
        refuse_waiting(row, scene, design, purchase)


def let_waiters_go(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """What waits for a purchase that is being cancelled hears so before the gateway does (R20)."""
    if purchase != BY_HAND and not row[PURCHASES[purchase] + DECLINED]:
        refuse_waiting(row, scene, design, purchase)


def release_hold(row: bytearray, scene: Scene, design: Design, purchase: int) -> None:
    """An owner switched off: a purchase whose capture has not begun is to be cancelled; a demand
    that still waits at the seller ends at once (R10, R27)."""
    state = row[PURCHASES[purchase]]
    if state not in (PLANNED, CREATED, WAITING):
        return
    set_state(row, purchase, CANCELING)
    if state == WAITING and is_open(row, purchase):
        end(row, purchase, D_FAILED)
        offer(row, scene, design)
