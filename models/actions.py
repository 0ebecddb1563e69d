"""The names of all moves, and of what kind each is."""

# What the engine and the gateway do by themselves, and what callers do sooner or later: progress.
# Deadlines, an owner's acts and webhooks may happen or not. Accidents are counted and bounded.
PROGRESS, MAYBE, ACCIDENT = range(3)
ACTIONS = (
    ("demand_registered", PROGRESS, "an operation arrives"),
    ("before_plan", PROGRESS, "a worker takes up planning"),
    ("intent_committed", PROGRESS, "the planning transaction commits"),
    ("before_create", PROGRESS, "a worker is about to create the payment"),
    ("before_confirm", PROGRESS, "a worker is about to confirm it"),
    ("before_capture", PROGRESS, "a worker is about to capture it"),
    ("look_up", PROGRESS, "a worker reads the payment back"),
    ("before_cancel", PROGRESS, "a worker is about to cancel it"),
    ("before_refund", PROGRESS, "a worker is about to refund it"),
    ("answer", PROGRESS, "the gateway does it and the worker hears so"),
    ("record", PROGRESS, "the worker records what it heard"),
    ("note_try", PROGRESS, "the worker notes that there was no answer"),
    ("give_up", PROGRESS, "no answer: it is to be cancelled, its waiters are answered"),
    ("fail_uncharged", PROGRESS, "a purchase without a payment is ended"),
    ("too_late", PROGRESS, "23 hours after the first try nothing is sent again"),
    ("late_request", PROGRESS, "a request that was late reaches the gateway"),
    ("abandon_spend", PROGRESS, "a caller that waited too long hears pending"),
    ("event", MAYBE, "a webhook: its payment is read afresh"),
    ("answer_by", MAYBE, "a caller's patience ends"),
    ("switch_off", MAYBE, "an owner switches auto-billing off"),
    ("kill", ACCIDENT, "a worker is killed"),
    ("lost_request", ACCIDENT, "a request is lost"),
    ("delayed", ACCIDENT, "a request is late: no answer, but it will arrive"),
    ("lost_reply", ACCIDENT, "the gateway does it, the reply is lost"),
    ("declined", ACCIDENT, "the card is declined"),
    ("authenticate", ACCIDENT, "the bank wants the owner present"),
    ("refused", ACCIDENT, "the gateway refuses the request"),
    ("lease_ran_out", ACCIDENT, "a second worker takes over from one that is alive"),
    ("day", ACCIDENT, "a day passes: idempotency keys are forgotten"),
    ("hold_expired", ACCIDENT, "a card's hold runs out"),
    ("seller_captured", ACCIDENT, "the agency captures a hold in its own gateway account"),
    ("swept", ACCIDENT, "a demand has waited for 15 minutes"),
)
NAMES = tuple(name for name, _, _ in ACTIONS)
KINDS = tuple(kind for _, kind, _ in ACTIONS)
(
    DEMAND_REGISTERED, BEFORE_PLAN, INTENT_COMMITTED, BEFORE_CREATE, BEFORE_CONFIRM, BEFORE_CAPTURE,
    LOOKED_UP, BEFORE_CANCEL, BEFORE_REFUND, ANSWER, RECORD, NOTE_TRY, GIVE_UP, FAIL_UNCHARGED,
    TOO_LATE, LATE_REQUEST, ABANDON_SPEND, WEBHOOK, ANSWER_BY, SWITCH_OFF, KILL, LOST_REQUEST,
    DELAYED, LOST_REPLY, DECLINE, AUTHENTICATE, REFUSE, LEASE_RAN_OUT, DAY, HOLD_EXPIRED,
    SELLER_CAPTURED, SWEPT,
) = range(len(ACTIONS))  # fmt: skip


def move(action: int, subject: int) -> int:
    """The number of a move: an action on a purchase, demand or account."""
    return action * 8 + subject


KIND_OF_MOVE = bytes(KINDS[number // 8] for number in range(len(ACTIONS) * 8))
# Where a worker may be killed, by what it has taken up.
PLACES = (
    "create", "confirm", "capture", "cancel", "refund", "look_up", "event", "plan",
)  # fmt: skip
