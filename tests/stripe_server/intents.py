"""PaymentIntents: made, changed, read; their money is moved by `attempts`."""

from typing import Any

from tests.stripe_server import attempts, methods
from tests.stripe_server.errors import invalid, unexpected_state
from tests.stripe_server.lists import page
from tests.stripe_server.money import check_amount, check_currency, check_fee
from tests.stripe_server.state import Call, Obj, merge_metadata, present

COPIED = (
    "description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix",
    "application_fee_amount", "on_behalf_of", "transfer_data", "transfer_group", "shipping",
    "setup_future_usage",
)  # fmt: skip
CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
ONLY_WITH_CONFIRM = ("off_session", "error_on_requires_action", "return_url", "mandate_data")


def create(call: Call) -> Obj:
    """A new intent; with `confirm` it is charged at once."""
    wish = call.params
    currency = check_currency(wish["currency"])
    amount = check_amount(wish["amount"], currency)
    check_fee(wish.get("application_fee_amount"), amount)
    metadata = merge_metadata({}, wish.get("metadata"))
    if not wish.get("confirm"):
        for name in ONLY_WITH_CONFIRM:
            if name in wish:
                raise invalid(f"You can only pass `{name}` when `confirm` is true.", param=name)
    _check_account(call)
    if "automatic_payment_methods" in wish and "allowed_payment_method_types" in wish:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "allowed_payment_method_types."
        )
    method = _method(call, wish, wish.get("customer"))
    made = call.new("payment_intent", "pi_", **_blank(wish, amount, currency))
    made["client_secret"] = f"{made['id']}_secret_{call.state.new_id('', 25)}"
    made["application"] = call.application
    made["metadata"] = metadata
    if method is not None:
        made["payment_method"], made["status"] = method["id"], "requires_confirmation"
    call.event("payment_intent.created", made)
    if wish.get("confirm"):
        return attempts.confirm(call, made)
    return made


def _check_account(call: Call) -> None:
    """An account that may not charge yet takes no intents."""
    account = call.state.accounts.get(call.book.account)
    if account is not None and not account["charges_enabled"]:
        raise invalid(
            "Your account cannot currently make charges. Complete its onboarding first.",
            code="account_invalid",
        )


def _blank(wish: Obj, amount: int, currency: str) -> Obj:
    automatic = wish.get("automatic_payment_methods")
    if automatic is None and "allowed_payment_method_types" not in wish:
        automatic = {"enabled": True, "allow_redirects": "always"}
    elif automatic is not None:
        automatic = {"allow_redirects": "always", **automatic}
    kinds = wish.get("allowed_payment_method_types") or ["card"]
    if "card" not in kinds:
        raise invalid("This server knows cards only.", param="allowed_payment_method_types")
    return {
        "allowed_payment_method_types": wish.get("allowed_payment_method_types"),
        "amount": amount, "amount_capturable": 0, "amount_details": {"tip": {}},
        "amount_received": 0, "application": None, "automatic_payment_methods": automatic,
        "canceled_at": None, "cancellation_reason": None,
        "capture_method": wish.get("capture_method", "automatic_async"), "client_secret": None,
        "confirmation_method": wish.get("confirmation_method", "automatic"),
        "currency": currency, "customer": wish.get("customer"), "customer_account": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None, "latest_charge": None, "metadata": {}, "next_action": None,
        "payment_method": None, "payment_method_configuration_details": None,
        "payment_method_options": wish.get("payment_method_options") or {
            "card": {
                "installments": None, "mandate_options": None, "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": kinds, "processing": None, "review": None, "source": None,
        "status": "requires_payment_method", **{name: wish.get(name) or None for name in COPIED},
        "_confirms": 0,
    }  # fmt: skip


def _method(call: Call, wish: Obj, customer: str | None) -> Obj | None:
    """The card of the wish, usable for that customer. Raises StripeError."""
    if customer:
        call.customer(customer)
    if "payment_method" not in wish:
        return None
    method = methods.named(call, wish["payment_method"])
    check_usable(method, customer)
    return method


def check_usable(method: Obj, customer: str | None) -> None:
    """A card may be used by its own customer, or once by nobody's. Raises StripeError (400)."""
    if method["_gone"]:
        raise invalid(methods.GONE)
    if method["customer"] and not customer:
        raise invalid(
            "The PaymentMethod you provided is attached to a customer so for security purposes you "
            f"must provide the customer in the request: {method['customer']}.",
            param="payment_method",
        )
    if method["customer"] and method["customer"] != customer:
        raise invalid(
            "The customer does not have a payment method with the ID "
            f"{method['id']}. The payment method must be attached to the customer.",
            code="resource_missing",
            param="payment_method",
        )


def retrieve(call: Call) -> Obj:
    """One intent."""
    return call.get("payment_intent", call.ids[0], "intent", in_path=True)


def update(call: Call) -> Obj:
    """Change an intent that has not moved money yet; metadata at any time."""
    intent, wish = retrieve(call), call.params
    rest = set(wish) - {"metadata", "description", "expand", "receipt_email"}
    if rest and intent["status"] not in CHANGEABLE:
        raise unexpected_state(
            "This PaymentIntent's parameters could not be updated because it has a status of "
            f"{intent['status']}. You may only update the parameters of a PaymentIntent with one of "
            "the following statuses: requires_payment_method, requires_confirmation, "
            "requires_action.",
            present(intent),
        )
    customer = wish.get("customer") or intent["customer"]
    method = _method(call, wish, customer)
    currency = check_currency(wish.get("currency") or intent["currency"])
    amount = check_amount(wish.get("amount") or intent["amount"], currency)
    metadata = merge_metadata(intent["metadata"], wish.get("metadata"))
    intent |= {
        "amount": amount, "currency": currency, "customer": customer, "metadata": metadata,
    }  # fmt: skip
    for name in (*COPIED, "capture_method"):
        if name in wish:
            intent[name] = wish[name] or None
    if method is not None:
        intent["payment_method"], intent["status"] = method["id"], "requires_confirmation"
        intent["next_action"] = None
    return intent


def confirm(call: Call) -> Obj:
    """Charge, or authorise."""
    intent, wish = retrieve(call), call.params
    method = _method(call, wish, intent["customer"])
    if method is not None and intent["status"] in CHANGEABLE:
        intent["payment_method"], intent["next_action"] = method["id"], None
    return attempts.confirm(call, intent)


def capture(call: Call) -> Obj:
    """Take a hold, or a part of it."""
    return attempts.capture(call, retrieve(call), call.params.get("amount_to_capture"))


CANCELABLE = (*CHANGEABLE, "requires_capture")


def cancel(call: Call) -> Obj:
    """Cancel for good, and let go what was held."""
    intent = retrieve(call)
    if intent["status"] not in CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            "requires_payment_method, requires_capture, requires_confirmation, requires_action, "
            "processing.",
            present(intent),
        )
    attempts.close(call, intent, call.params.get("cancellation_reason"))
    return intent


def list_all(call: Call) -> Obj:
    """Intents, newest first, by customer and time."""
    customer: Any = call.params.get("customer")
    return page(
        call,
        "/v1/payment_intents",
        (i for i in call.book.of("payment_intent") if customer in (None, i["customer"])),
    )
