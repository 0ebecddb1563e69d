"""Small scenarios of payments on any Stripe: ours, or Stripe's own sandbox.

Each is a function on the SDK (its `v1` services) that returns what it saw, and says what is to be
seen. They use no hook of our server and no card number, so that both can play them; where Stripe's
own answer is not established a set of answers is allowed.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import stripe

Seen = dict[str, Any]
Play = Callable[[Any], Awaitable[Seen]]
ALONE = {"enabled": True, "allow_redirects": "never"}
AWAY = {"off_session": True}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to do, and what is to be seen."""

    play: Play
    expected: Seen


SCENARIOS: dict[str, Scenario] = {}


def scenario(**expected: Any) -> Callable[[Play], Play]:
    """Enter a function into the list, with what it must see (a frozenset: one of these)."""

    def enter(play: Play) -> Play:
        assert inspect.iscoroutinefunction(play)
        SCENARIOS[play.__name__] = Scenario(play, expected)
        return play

    return enter


def key() -> str:
    """A key that was never used."""
    return f"scenario-{uuid4().hex}"


async def code(call: Awaitable[Any]) -> str:
    """The code of the error that a call ends with; its status when it has none; "none"."""
    try:
        await call
    except stripe.StripeError as error:
        told = error.error.code if error.error is not None else None
        return told or str(error.http_status)
    return "none"


async def saved(v1: Any, card: str) -> tuple[str, str]:
    """A customer and its card, as ids."""
    customer = await v1.customers.create_async({"description": "scenario"})
    method = await v1.payment_methods.attach_async(card, {"customer": customer.id})
    return customer.id, method.id


async def intent(v1: Any, card: str = "pm_card_visa", **wish: Any) -> Any:
    """A PaymentIntent of 10.00 on a saved card."""
    customer, method = await saved(v1, card)
    return await v1.payment_intents.create_async(
        {
            "amount": 1_000, "currency": "usd", "customer": customer, "payment_method": method,
            "automatic_payment_methods": ALONE, **wish,
        }
    )  # fmt: skip


@scenario(before="requires_confirmation", after="succeeded", received=1_000, captured=1_000)
async def pays(v1: Any) -> Seen:
    """Create, then confirm without the owner."""
    made = await intent(v1)
    done = await v1.payment_intents.confirm_async(made.id, {**AWAY, "expand": ["latest_charge"]})
    return {
        "before": made.status, "after": done.status, "received": done.amount_received,
        "captured": done.latest_charge.amount_captured,
    }  # fmt: skip


@scenario(
    held="requires_capture", capturable=1_000, after="succeeded", received=400, charge=(400, 600)
)
async def holds_and_captures_a_part(v1: Any) -> Seen:
    """The rest is let go, and shows as given back on the charge."""
    made = await intent(v1, capture_method="manual")
    held = await v1.payment_intents.confirm_async(made.id, AWAY)
    done = await v1.payment_intents.capture_async(
        made.id, {"amount_to_capture": 400, "expand": ["latest_charge"]}
    )
    charge = done.latest_charge
    return {
        "held": held.status, "capturable": held.amount_capturable, "after": done.status,
        "received": done.amount_received, "charge": (charge.amount_captured, charge.amount_refunded),
    }  # fmt: skip


@scenario(visa=4 * 86_400 + 18 * 3_600, mastercard=7 * 86_400)
async def holds_last_as_the_networks_say(v1: Any) -> Seen:
    """`capture_before`, to the minute."""
    seen: Seen = {}
    for brand in ("visa", "mastercard"):
        made = await intent(v1, f"pm_card_{brand}", capture_method="manual")
        wish = {**AWAY, "expand": ["latest_charge"]}
        held = await v1.payment_intents.confirm_async(made.id, wish)
        charge = held.latest_charge
        lasts = charge.payment_method_details.card.capture_before - charge.created
        seen[brand] = (lasts + 30) // 60 * 60
        await v1.payment_intents.cancel_async(made.id)
    return seen


@scenario(
    canceled="canceled", captured=False, confirm="payment_intent_unexpected_state",
    capture="payment_intent_unexpected_state", cancel="payment_intent_unexpected_state",
)  # fmt: skip
async def a_cancel_is_a_fence(v1: Any) -> Seen:
    """A hold is let go, and nothing can be done with it any more."""
    made = await intent(v1, capture_method="manual")
    await v1.payment_intents.confirm_async(made.id, AWAY)
    done = await v1.payment_intents.cancel_async(made.id, {"expand": ["latest_charge"]})
    return {
        "canceled": done.status, "captured": done.latest_charge.captured,
        "confirm": await code(v1.payment_intents.confirm_async(made.id, AWAY)),
        "capture": await code(v1.payment_intents.capture_async(made.id)),
        "cancel": await code(v1.payment_intents.cancel_async(made.id)),
    }  # fmt: skip


@scenario(
    cancel="payment_intent_unexpected_state", confirm="payment_intent_unexpected_state",
    capture=frozenset({"charge_already_captured", "payment_intent_unexpected_state"}),
)  # fmt: skip
async def what_is_captured_stays_captured(v1: Any) -> Seen:
    """No verb takes it twice, or back."""
    made = await intent(v1, capture_method="manual", confirm=True, off_session=True)
    await v1.payment_intents.capture_async(made.id)
    return {
        "cancel": await code(v1.payment_intents.cancel_async(made.id)),
        "confirm": await code(v1.payment_intents.confirm_async(made.id, AWAY)),
        "capture": await code(v1.payment_intents.capture_async(made.id)),
    }  # fmt: skip


@scenario(
    code="card_declined", status="requires_payment_method", method=None,
    decline="generic_decline", again="payment_intent_unexpected_state", end="canceled",
)  # fmt: skip
async def a_decline_leaves_no_card(v1: Any) -> Seen:
    """It can be cancelled; without a card it cannot be confirmed."""
    made = await intent(v1, "pm_card_chargeCustomerFail")
    told = await code(v1.payment_intents.confirm_async(made.id, AWAY))
    after = await v1.payment_intents.retrieve_async(made.id)
    again = await code(v1.payment_intents.confirm_async(made.id, AWAY))
    end = await v1.payment_intents.cancel_async(made.id)
    return {
        "code": told, "status": after.status, "method": after.payment_method,
        "decline": after.last_payment_error.decline_code, "again": again, "end": end.status,
    }  # fmt: skip


@scenario(attach="card_declined", expired="expired_card", cvc="incorrect_cvc")
async def some_cards_cannot_be_saved(v1: Any) -> Seen:
    """Declined at attach already."""
    return {
        "attach": await code(saved(v1, "pm_card_visa_chargeDeclinedInsufficientFunds")),
        "expired": await code(saved(v1, "pm_card_chargeDeclinedExpiredCard")),
        "cvc": await code(saved(v1, "pm_card_chargeDeclinedIncorrectCvc")),
    }


@scenario(
    code="authentication_required", status="requires_payment_method", present="requires_action"
)
async def authentication_needs_its_owner(v1: Any) -> Seen:
    """Declined when the owner is away; asked for when there."""
    made = await intent(v1, "pm_card_authenticationRequired")
    told = await code(v1.payment_intents.confirm_async(made.id, AWAY))
    after = await v1.payment_intents.retrieve_async(made.id)
    other = await intent(v1, "pm_card_authenticationRequired")
    asked = await v1.payment_intents.confirm_async(other.id)
    return {"code": told, "status": after.status, "present": asked.status}


@scenario(same=True, replayed="true", other="IdempotencyError", decline=("card_declined", "true"))
async def a_key_is_answered_once(v1: Any) -> Seen:
    """Replayed; an error with other parameters; declines are replayed as well."""
    wish, own = {"amount": 1_000, "currency": "usd"}, {"idempotency_key": key()}
    first = await v1.payment_intents.create_async(wish, own)
    second = await v1.payment_intents.create_async(wish, own)
    other = "none"
    try:
        await v1.payment_intents.create_async({**wish, "amount": 2_000}, own)
    except stripe.StripeError as error:
        other = type(error).__name__
    made = await intent(v1, "pm_card_chargeCustomerFail")
    own, declined = {"idempotency_key": key()}, ("none", "none")
    for _ in range(2):
        try:
            await v1.payment_intents.confirm_async(made.id, AWAY, own)
        except stripe.CardError as error:
            told = (error.headers or {}).get("idempotent-replayed", "")
            declined = (error.code or "", told)
    return {
        "same": first.id == second.id,
        "replayed": second.last_response.headers.get("idempotent-replayed"),
        "other": other, "decline": declined,
    }  # fmt: skip


@scenario(part="succeeded", over="400", rest=700, again="charge_already_refunded")
async def refunds_add_up(v1: Any) -> Seen:
    """A part, too much, the rest, once more."""
    paid = await intent(v1, confirm=True, off_session=True)
    part = await v1.refunds.create_async({"payment_intent": paid.id, "amount": 300})
    over = await code(v1.refunds.create_async({"payment_intent": paid.id, "amount": 701}))
    rest = await v1.refunds.create_async({"payment_intent": paid.id})
    again = await code(v1.refunds.create_async({"payment_intent": paid.id}))
    return {"part": part.status, "over": over, "rest": rest.amount, "again": again}


@scenario(status="pending")
async def a_refund_may_be_pending(v1: Any) -> Seen:
    """The card whose refunds take their time."""
    paid = await intent(v1, "pm_card_pendingRefund", confirm=True, off_session=True)
    refund = await v1.refunds.create_async({"payment_intent": paid.id})
    return {"status": refund.status}


@scenario(disputes=[("needs_response", 1_000)], disputed=True)
async def a_card_is_disputed(v1: Any) -> Seen:
    """By itself, a little after it is charged."""
    paid = await intent(v1, "pm_card_createDispute", confirm=True, off_session=True)
    for _ in range(30):
        found = (await v1.disputes.list_async({"payment_intent": paid.id})).data
        if found:
            break
        await asyncio.sleep(1)
    charge = await v1.charges.retrieve_async(paid.latest_charge)
    return {
        "disputes": [(dispute.status, dispute.amount) for dispute in found],
        "disputed": charge.disputed,
    }  # fmt: skip


@scenario(
    unknown="parameter_unknown", missing="parameter_missing", small="amount_too_small",
    payment="resource_missing", customer="resource_missing", number="parameter_invalid_integer",
)  # fmt: skip
async def what_is_wrong_is_refused(v1: Any) -> Seen:
    """With a code that says why."""
    create, wish = v1.payment_intents.create_async, {"amount": 1_000, "currency": "usd"}
    return {
        "unknown": await code(create({**wish, "nonsense": "1"})),
        "missing": await code(create({"currency": "usd"})),
        "small": await code(create({**wish, "amount": 1})),
        "payment": await code(v1.payment_intents.retrieve_async("pi_none")),
        "customer": await code(create({**wish, "customer": "cus_none"})),
        "number": await code(create({**wish, "amount": "10.5"})),
    }


@scenario(same=True, other=False, used="400", detached="400")
async def cards_have_fingerprints_and_end(v1: Any) -> Seen:
    """The same number is the same card; once detached it is never used again."""
    prints, ids = [], []
    for card in ("pm_card_visa", "pm_card_visa", "pm_card_mastercard"):
        customer, method = await saved(v1, card)
        prints.append((await v1.payment_methods.retrieve_async(method)).card.fingerprint)
        ids.append((customer, method))
    customer, method = ids[0]
    await v1.payment_methods.detach_async(method)
    wish = {"amount": 1_000, "currency": "usd", "customer": customer, "payment_method": method}
    attach = v1.payment_methods.attach_async(method, {"customer": customer})
    return {
        "same": prints[0] == prints[1], "other": prints[0] == prints[2],
        "used": await code(v1.payment_intents.create_async(wish)),
        "detached": await code(attach),
    }  # fmt: skip


@scenario(
    status="open", mode="setup", page=True, intent="requires_payment_method", closed="expired"
)
async def a_page_saves_cards(v1: Any) -> Seen:
    """Checkout in setup mode; only people can fill it in, so it is closed here."""
    page = await v1.checkout.sessions.create_async(
        {"mode": "setup", "currency": "usd", "success_url": "https://example.com/ok",
         "customer_creation": "always"}
    )  # fmt: skip
    setup = await v1.setup_intents.retrieve_async(page.setup_intent)
    closed = await v1.checkout.sessions.expire_async(page.id)
    return {
        "status": page.status, "mode": page.mode,
        "page": page.url.startswith("https://checkout.stripe.com/"),
        "intent": setup.status, "closed": closed.status,
    }  # fmt: skip


@scenario(found=True, references=["a", "b"])
async def payments_are_found_by_customer(v1: Any) -> Seen:
    """With what we wrote on them."""
    customer = (await v1.customers.create_async()).id
    wish = {"amount": 1_000, "currency": "usd", "customer": customer}
    made = []
    for name in ("a", "b"):
        made.append(
            await v1.payment_intents.create_async({**wish, "metadata": {"reference": name}})
        )
    since = {"customer": customer, "created": {"gte": made[0].created}}
    found = (await v1.payment_intents.list_async(since)).data
    return {
        "found": {one.id for one in found} == {one.id for one in made},
        "references": sorted(one.metadata["reference"] for one in found),
    }
