"""A state of the model: small numbers in a row of bytes, and what each of them means.

One row of bytes is hashed and copied fast, and takes little memory, so that millions of states can be
kept. Names are those of the code; ``tests/models/test_model_is_tied.py`` holds them together.
"""

# The named steps of a purchase, as in the code: each is a move of the model.
STEPS = (
    "demand_registered", "before_plan", "intent_committed", "before_create", "before_confirm",
    "before_capture",
)  # fmt: skip
PURCHASE_STATES = (
    "none", "planned", "created", "waiting", "capturing", "canceling", "delivered", "failed",
)  # fmt: skip
NONE, PLANNED, CREATED, WAITING, CAPTURING, CANCELING, DELIVERED, FAILED = range(8)
DEMAND_STATES = ("none", "waiting", "met", "consumed", "failed", "abandoned")
D_NONE, D_WAITING, D_MET, D_CONSUMED, D_FAILED, D_ABANDONED = range(6)
# A late spend waits past its answer_by; one that is told is answered "pending" but not marked so.
SPEND_STATES = ("not asked", "waiting", "done", "refused", "abandoned", "late", "told")
S_NOT_ASKED, S_WAITING, S_DONE, S_REFUSED, S_ABANDONED, S_LATE, S_TOLD = range(7)
CHARGE_STATES = ("open", "held", "captured", "refunded", "canceled")
C_OPEN, C_HELD, C_CAPTURED, C_REFUNDED, C_CANCELED = range(5)
MODES = ("charge", "hold")
CHARGE, HOLD = range(2)
# A payment as the gateway knows it.
PAYMENT_STATES = (
    "none", "created", "declined", "needs authentication", "held", "captured", "canceled", "refunded",
)  # fmt: skip
P_NONE, P_CREATED, P_DECLINED, P_AUTHENTICATE, P_HELD, P_CAPTURED, P_CANCELED, P_REFUNDED = range(8)
# Beside it: its idempotency key is gone, and the seller captured the hold with its own hands.
KEY_GONE, BY_SELLER = 16, 32
IN_STATE = 15

# The calls, in the order in which late ones are kept; then two that are no calls of a purchase's own.
VERBS = ("create", "confirm", "capture", "cancel", "refund", "look_up", "event", "plan")
CREATE, CONFIRM, CAPTURE, CANCEL, REFUND, LOOK_UP, EVENT, PLAN = range(8)
MONEY_VERBS = (CREATE, CONFIRM, CAPTURE)
OUTCOMES = (
    "", "Created", "Created another", "Declined", "NeedsAuthentication", "Held", "Captured",
    "Canceled", "Refunded", "Refused", "Unknown",
)  # fmt: skip
(
    NOT_SENT, O_CREATED, O_CREATED_2, O_DECLINED, O_AUTHENTICATE, O_HELD, O_CAPTURED, O_CANCELED,
    O_REFUNDED, O_REFUSED, O_UNKNOWN,
) = range(11)  # fmt: skip

# Where things lie. Ages of a purchase's latest request: not sent, sent, sent a day ago.
FAULTS, DAYS, FREE_AGENCY, FREE_CLIENT, SWITCHES, BREAKERS, WRONG = range(7)
WORKERS = (7, 9)
TASK, OUTCOME = range(2)
SPENDS = 11
DEMANDS = (15, 18, 21, 24)
D_STATE, D_RESERVED, D_ORDER = range(3)
PURCHASES = (27, 39, 51, 63, 75)
(
    STATE, MODE, QUANTITY, CHARGE_STATE, PAYMENT, AGE, DECLINED, GRANTED, SIZED, FIRST, SECOND, LATE,
) = range(12)  # fmt: skip
LENGTH = 87
NOT_TRIED, TRIED, TRIED_A_DAY_AGO = range(3)

# Who is who. The first two purchases are the clients' at the agency, the others the agency's own
# auto-billings at the supply; a demand belongs to the purchase or spend of the same number.
CLIENT, BY_HAND = 0, 1
AUTO = (2, 3, 4)
AUTO_BILLINGS = (CLIENT, *AUTO)
AGENCY = 2
# Switches: an owner's auto-billing is on; breakers: a card was declined.
CLIENT_BIT, BY_HAND_BIT, AGENCY_BIT = 1, 2, 4
OPEN = frozenset({PLANNED, CREATED, WAITING, CAPTURING, CANCELING})


def close(row: bytearray) -> bytes:
    """A state to be kept: of two workers, which are alike, the busier first."""
    one, other = row[7:9], row[9:11]
    if one < other:
        row[7:9], row[9:11] = other, one
    return bytes(row)


def task(verb: int, purchase: int, payment: int = 1) -> int:
    """The number of a worker's task: a call for a purchase, about its first or second payment."""
    return 1 + (verb * 5 + purchase) * 2 + payment - 1


def read_task(number: int) -> tuple[int, int, int]:
    """The verb, purchase and payment of a task that is not idling."""
    rest, payment = divmod(number - 1, 2)
    verb, purchase = divmod(rest, 5)
    return verb, purchase, payment + 1


TASKS = tuple((0, 0, 0) if n == 0 else read_task(n) for n in range(81))


def late_bit(verb: int, payment: int) -> int:
    """The bit by which a late request is kept with its purchase."""
    return 1 if verb == CREATE else 1 << (verb * 2 - 2 + payment) if verb < REFUND else 128


LATE_REQUESTS = tuple(
    (verb, payment, late_bit(verb, payment))
    for verb, payment in [
        (CREATE, 1),
        (CONFIRM, 1),
        (CONFIRM, 2),
        (CAPTURE, 1),
        (CAPTURE, 2),
        (CANCEL, 1),
        (CANCEL, 2),
        (REFUND, 1),
    ]
)
