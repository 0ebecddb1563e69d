"""SetupIntents: a card is saved for use without its owner."""

from tests.stripe_server import methods
from tests.stripe_server.attempts import HARMLESS
from tests.stripe_server.cards import DECLINES
from tests.stripe_server.errors import StripeError, invalid
from tests.stripe_server.lists import page
from tests.stripe_server.state import Call, Obj, merge_metadata, present

CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def make(call: Call, wish: Obj) -> Obj:
    """A SetupIntent by these parameters."""
    if wish.get("customer"):
        call.customer(wish["customer"])
    automatic = wish.get("automatic_payment_methods")
    if automatic is None and "allowed_payment_method_types" not in wish:
        automatic = {"enabled": True, "allow_redirects": "always"}
    made = call.new(
        "setup_intent", "seti_",
        allowed_payment_method_types=wish.get("allowed_payment_method_types"),
        application=call.application, automatic_payment_methods=automatic,
        cancellation_reason=None, client_secret=None, customer=wish.get("customer"),
        customer_account=None, description=wish.get("description"), excluded_payment_method_types=None,
        flow_directions=None, last_setup_error=None, latest_attempt=None, mandate=None,
        metadata=merge_metadata({}, wish.get("metadata")), next_action=None,
        on_behalf_of=wish.get("on_behalf_of"), payment_method=None,
        payment_method_configuration_details=None,
        payment_method_options={"card": {"mandate_options": None, "network": None,
                                         "request_three_d_secure": "automatic"}},
        payment_method_types=wish.get("allowed_payment_method_types") or ["card"],
        single_use_mandate=None, status="requires_payment_method",
        usage=wish.get("usage", "off_session"),
    )  # fmt: skip
    made["client_secret"] = f"{made['id']}_secret_{call.state.new_id('', 32)}"
    call.event("setup_intent.created", made)
    return made


def create(call: Call) -> Obj:
    """A new one; with `confirm` the card is saved at once."""
    wish = call.params
    method = methods.named(call, wish["payment_method"]) if "payment_method" in wish else None
    made = make(call, wish)
    if method is not None:
        made["payment_method"], made["status"] = method["id"], "requires_confirmation"
    return _confirm(call, made) if wish.get("confirm") else made


def confirm(call: Call) -> Obj:
    """Save the card, or ask its owner to authenticate."""
    intent = retrieve(call)
    if intent["status"] not in CHANGEABLE:
        raise _unexpected(f"it has a status of {intent['status']}", intent)
    if "payment_method" in call.params:
        intent["payment_method"] = methods.named(call, call.params["payment_method"])["id"]
    return _confirm(call, intent)


def _confirm(call: Call, intent: Obj) -> Obj:
    for name in HARMLESS:
        call.params.get(name)
    if intent["payment_method"] is None:
        raise _unexpected("it's missing a payment method", intent)
    automatic = intent["automatic_payment_methods"]
    redirects = automatic and automatic.get("allow_redirects", "always") == "always"
    if redirects and not call.params.get("return_url"):
        raise invalid("You must provide a `return_url`.", param="return_url")
    method = call.get("payment_method", intent["payment_method"], "payment_method")
    if call.card_of(method).authentication in ("unless_set_up", "always"):
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        call.event("setup_intent.requires_action", intent)
        return intent
    return succeed(call, intent, method)


def succeed(call: Call, intent: Obj, method: Obj) -> Obj:
    """The card is saved, its owner having been present. Raises StripeError (402): declined."""
    card = call.card_of(method)
    try:
        methods.may_attach(call, method, intent["customer"])
        if card.fails_authentication:
            raise methods.card_error(
                DECLINES["authentication_required"], payment_method=present(method)
            )
    except StripeError as refused:
        intent["status"], intent["payment_method"] = "requires_payment_method", None
        intent["last_setup_error"] = dict(refused.error)
        call.event("setup_intent.setup_failed", intent)
        refused.error["setup_intent"] = present(intent)
        raise
    intent["status"], intent["payment_method"] = "succeeded", method["id"]
    intent["next_action"] = intent["last_setup_error"] = None
    intent["latest_attempt"] = call.state.new_id("setatt_")
    method["_set_up"] = True
    if intent["customer"] and method["customer"] is None:
        methods.attach_to(call, method, intent["customer"])
    call.event("setup_intent.succeeded", intent)
    return intent


def retrieve(call: Call) -> Obj:
    """One SetupIntent."""
    return call.get("setup_intent", call.ids[0], "intent", in_path=True)


def cancel(call: Call) -> Obj:
    """Cancel one that has not succeeded."""
    intent = retrieve(call)
    if intent["status"] not in CHANGEABLE:
        raise _unexpected(f"it has a status of {intent['status']}", intent)
    intent["status"] = "canceled"
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    call.event("setup_intent.canceled", intent)
    return intent


def list_all(call: Call) -> Obj:
    """SetupIntents, newest first."""
    customer, method = call.params.get("customer"), call.params.get("payment_method")
    return page(
        call,
        "/v1/setup_intents",
        (
            intent
            for intent in call.book.of("setup_intent")
            if customer in (None, intent["customer"]) and method in (None, intent["payment_method"])
        ),
    )


def _unexpected(why: str, intent: Obj) -> StripeError:
    return StripeError(
        400, "invalid_request_error", f"This SetupIntent cannot be used because {why}.",
        code="setup_intent_unexpected_state", setup_intent=present(intent), saved=True,
    )  # fmt: skip
