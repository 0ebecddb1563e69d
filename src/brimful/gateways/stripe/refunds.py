"""Refunds and disputes of a payment: given, and read whole (R25)."""

from typing import Any

from brimful.domain.money import charge_step_minor
from brimful.domain.payment import (
    NotFound,
    Refunded,
    RefundOutcome,
    Refused,
    Unknown,
    Unreachable,
)
from brimful.gateways.stripe.calls import (
    SAVED_ERROR,
    UNREADABLE,
    Answer,
    Calls,
    Object,
    Right,
    Wrong,
    is_missing,
)
from brimful.gateways.stripe.outcomes import KEY, charge_of, given_back, refunds_left_out
from brimful.gateways.stripe.units import from_stripe, to_stripe

PAGE = 100
# What became of a refund that gives nothing back.
FAILED = ("failed", "canceled")
# So many keys one refund may use up; the one it was asked for under is in its metadata. Whoever was
# refused asks again in an hour, and none is asked for after a day.
KEYS_MAX = 30
# A payment has fewer; more would be an answer that goes round in circles.
PAGES_MAX = 100


async def refund(
    calls: Calls,
    *,
    account_ref: str,
    payment_id: str,
    amount_minor: int,
    currency: str,
    idempotency_key: str,
) -> RefundOutcome:
    """Give back ``amount_minor`` minor units; see the port. One that is pending counts as given: if
    it fails later, `Captured.refunds` says so."""
    if amount_minor % charge_step_minor(currency):
        return Refused(code="amount_between_steps", payment_id=payment_id)
    amount = to_stripe(amount_minor, currency)
    try:
        return await _refund(calls, account_ref, payment_id, amount, idempotency_key)
    except UNREADABLE:
        return Unknown(why="unreadable reply")


async def _refund(
    calls: Calls, account_ref: str, payment_id: str, amount: int, idempotency_key: str
) -> RefundOutcome:
    """Ask under each key in a row that Stripe has no answer of long ago for. Raises what an answer of
    another shape raises."""
    key = idempotency_key
    for number in range(2, KEYS_MAX + 2):
        answer = await _ask(calls, account_ref, payment_id, amount, key, idempotency_key)
        if answer != Unknown(why=SAVED_ERROR) and not (
            isinstance(answer, Right | Wrong) and answer.replayed
        ):
            break
        # That request came to its end long ago, in a refund, or in an error or a refusal that Stripe saved:
        # its refund is there, or never is, or it has failed since. What it was refused for may be over, such
        # as a balance that was too small.
        made = await _made(calls, account_ref, payment_id, idempotency_key, answer)
        if not isinstance(made, Refused):
            return made
        key = f"{idempotency_key}-{number}"
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        if is_missing(answer) or _names_no_payment(answer):
            return NotFound()
        return Refused(code=answer.code, payment_id=payment_id)
    return _refunded(payment_id, answer.body)


async def _ask(
    calls: Calls, account_ref: str, payment_id: str, amount: int, key: str, own: str
) -> Answer:
    options = calls.options(account_ref, key)
    return await calls.ask(
        lambda: calls.sdk.refunds.create_async(
            {
                "payment_intent": payment_id,
                "amount": amount,
                "metadata": {KEY: own},
                "expand": ["charge"],
            },
            options,
        )
    )


async def _made(
    calls: Calls, account_ref: str, payment_id: str, own: str, answer: Answer
) -> RefundOutcome:
    """The refund that a request made long ago, as it is now; Refused where it made none that stands."""
    if isinstance(answer, Right):
        return await _found(calls, account_ref, payment_id, str(answer.body["id"]))
    listed = await _read_all(calls, calls.sdk.refunds.list_async, account_ref, payment_id)
    if isinstance(listed, Unknown | Unreachable):
        return listed
    ours = [one for one in listed if one["metadata"].get(KEY) == own]
    for one in ours:
        if one.get("status") not in FAILED:
            return await _found(calls, account_ref, payment_id, str(one["id"]))
    return Refused(code="refund_failed", payment_id=payment_id)


async def _found(calls: Calls, account_ref: str, payment_id: str, refund_id: str) -> RefundOutcome:
    """A refund as it is now."""
    options = calls.options(account_ref)
    answer = await calls.ask(
        lambda: calls.sdk.refunds.retrieve_async(refund_id, {"expand": ["charge"]}, options)
    )
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        return Unknown(why=answer.code)
    return _refunded(payment_id, answer.body)


def _refunded(payment_id: str, made: Object) -> RefundOutcome:
    if made.get("status") in FAILED:
        code = str(made.get("failure_reason") or "refund_failed")
        return Refused(code=code, payment_id=payment_id)
    charge = made.get("charge")
    if not isinstance(charge, dict) or not isinstance(made.get("id"), str):
        return Unknown(why="unreadable reply")
    return Refunded(
        payment_id=payment_id,
        refund_id=made["id"],
        amount_minor=from_stripe(int(made["amount"]), str(made["currency"]).upper()),
        total_minor=given_back(charge),
    )


def _names_no_payment(wrong: Wrong) -> bool:
    return wrong.code == "resource_missing" and wrong.param == "payment_intent"


async def read_disputes(
    calls: Calls, account_ref: str, payment_id: str
) -> tuple[Object, ...] | Unknown | Unreachable:
    """All disputes of a payment."""
    return await _read_all(calls, calls.sdk.disputes.list_async, account_ref, payment_id)


async def read_all_refunds(
    calls: Calls, account_ref: str, intent: Object
) -> Object | Unknown | Unreachable:
    """An intent with all its refunds in it; an answer holds the newest ten by itself."""
    if not refunds_left_out(intent):
        return intent
    found = await _read_all(calls, calls.sdk.refunds.list_async, account_ref, intent["id"])
    if isinstance(found, Unknown | Unreachable):
        return found
    charge = charge_of(intent) or {}
    listed = {"data": list(found), "has_more": False}
    return {**intent, "latest_charge": {**charge, "refunds": listed}}


async def _read_all(
    calls: Calls, read: Any, account_ref: str, payment_id: str
) -> tuple[Object, ...] | Unknown | Unreachable:
    found: list[Object] = []
    after: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        params = {"payment_intent": payment_id, "limit": PAGE, **after}
        answer = await calls.ask(
            lambda params=params: read(params, calls.options(account_ref))  # type: ignore[misc]
        )
        if isinstance(answer, Unknown | Unreachable):
            return answer
        if not isinstance(answer, Right):
            return Unknown(why=answer.code)
        found += answer.body["data"]
        if not answer.body["has_more"]:
            return tuple(found)
        after = {"starting_after": found[-1]["id"]}
    return Unknown(why="too many pages")
