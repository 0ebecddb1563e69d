"""What a bank answers to a confirm, a capture, a cancellation, an authentication."""

from tests.stripe_server import charges
from tests.stripe_server.cards import DECLINES, Card, Decline
from tests.stripe_server.errors import StripeError, invalid, unexpected_state
from tests.stripe_server.methods import GONE, card_error
from tests.stripe_server.money import check_step
from tests.stripe_server.state import Call, Obj, present

NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either "
    "update the PaymentIntent with a payment method and then confirm it again, or confirm it again "
    "directly with a payment method or ConfirmationToken."
)
NO_RETURN = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because "
    "some of these payment methods might redirect your customer off of your page, you must provide "
    "a `return_url`. If you don't want to accept redirect-based payment methods, set "
    "`automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
    "Payment Intents."
)
# Known, and of no consequence unless a card asks for authentication.
HARMLESS = (
    "mandate_data",
    "use_stripe_sdk",
    "radar_options",
    "error_on_requires_action",
    "return_url",
)
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def confirm(call: Call, intent: Obj) -> Obj:
    """Ask the bank. Raises StripeError: the state forbids it, or the card is declined (402)."""
    wish = call.params
    for name in HARMLESS:
        wish.get(name)
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has already succeeded after being "
            "previously confirmed."
            if intent["status"] == "succeeded"
            else f"This PaymentIntent could not be confirmed because it has a status of "
            f"{intent['status']}.",
            present(intent),
        )
    if intent["payment_method"] is None:
        raise unexpected_state(NO_METHOD, present(intent))
    _check_return_url(intent, wish)
    off_session = wish.get("off_session") not in (None, False)
    if off_session and wish.get("setup_future_usage"):
        raise invalid(
            "`setup_future_usage` cannot be used with `off_session`.", param="off_session"
        )
    method = call.get("payment_method", intent["payment_method"], "payment_method")
    if method["_gone"]:
        raise invalid(GONE)
    intent["_confirms"] += 1
    if intent["_confirms"] > call.state.confirms_max:
        close(call, intent, "automatic")
        raise unexpected_state(
            "This PaymentIntent was canceled because it was confirmed too many times.",
            present(intent),
        )
    intent["_off_session"] = off_session
    intent["last_payment_error"] = intent["next_action"] = None
    for name in ("receipt_email", "setup_future_usage", "capture_method"):
        if name in wish:
            intent[name] = wish[name] or None
    return _ask_the_bank(call, intent, method)


def _check_return_url(intent: Obj, wish: Obj) -> None:
    automatic = intent["automatic_payment_methods"]
    redirects = automatic and automatic["enabled"] and automatic["allow_redirects"] == "always"
    if redirects and not wish.get("return_url") and not wish.get("off_session"):
        raise invalid(NO_RETURN, param="return_url")


def _ask_the_bank(call: Call, intent: Obj, method: Obj) -> Obj:
    card = call.card_of(method)
    decline = _said_by_bank(call, method, card)
    if decline is not None:
        _decline(call, intent, method, decline)
    if _must_authenticate(card, method, off_session=intent["_off_session"]):
        if intent["_off_session"] or call.params.get("error_on_requires_action"):
            _decline(call, intent, method, DECLINES["authentication_required"])
        intent["status"] = "requires_action"
        intent["next_action"] = _next_action(call, intent)
        call.event("payment_intent.requires_action", intent)
        return intent
    if card.then_declines is not None:
        _decline(call, intent, method, DECLINES[card.then_declines])
    if card.processes:
        intent["status"] = "processing"
        call.event("payment_intent.processing", intent)
        return intent
    return approve(call, intent, method)


def settle(call: Call, intent: Obj, *, passes: bool) -> Obj:
    """What was `processing` is paid or declined (a hook, no request). Raises StripeError."""
    if intent["status"] != "processing":
        raise unexpected_state("Nothing is being processed.", present(intent))
    method = call.get("payment_method", intent["payment_method"])
    if not passes:
        _decline(call, intent, method, DECLINES["generic_decline"])
    return approve(call, intent, method)


def _said_by_bank(call: Call, method: Obj, card: Card) -> Decline | None:
    """What a test told the bank to say, or what the card always says."""
    for name in (method["card"]["fingerprint"], card.number, "*"):
        if name in call.state.issuer:
            return call.state.issuer[name]
    return DECLINES[card.declines] if card.declines else None


def _must_authenticate(card: Card, method: Obj, *, off_session: bool) -> bool:
    if card.authentication in ("never",):
        return False
    if card.authentication == "always":
        return True
    return not (off_session and method["_set_up"])


def _next_action(call: Call, intent: Obj) -> Obj:
    url = f"https://hooks.stripe.com/3d_secure_2/hosted?payment_intent={intent['id']}"
    if return_url := call.params.get("return_url"):
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}


def _decline(call: Call, intent: Obj, method: Obj, decline: Decline) -> None:
    """The intent goes back to where it can be tried again. Raises StripeError (402), saved."""
    charge = charges.make(call, intent, method, decline=decline)
    _use_up(intent, method)
    intent["status"], intent["payment_method"] = "requires_payment_method", None
    error = card_error(decline, charge=charge["id"], payment_method=present(method))
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = dict(error.error)
    call.event("charge.failed", charge)
    call.event("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = present(intent)
    raise error


def approve(call: Call, intent: Obj, method: Obj) -> Obj:
    """The bank says yes: the money is taken, or held."""
    manual = intent["capture_method"] == "manual"
    charge = charges.make(call, intent, method, captured=not manual)
    intent["latest_charge"], intent["next_action"] = charge["id"], None
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        method["customer"], method["_set_up"] = intent["customer"], True
        call.event("payment_method.attached", method)
    _use_up(intent, method)
    call.event("charge.succeeded", charge)
    if manual:
        intent["status"], intent["amount_capturable"] = "requires_capture", intent["amount"]
        call.event("payment_intent.amount_capturable_updated", intent)
        call.money("hold", intent["amount"], charge)
        before = charge["payment_method_details"]["card"]["capture_before"]
        lag = call.state.expiry_lag_s
        call.state.at(before + lag, lambda: _expire(_by_itself(call), intent, charge))
    else:
        intent["status"], intent["amount_received"] = "succeeded", intent["amount"]
        call.event("payment_intent.succeeded", intent)
        call.money("capture", intent["amount"], charge)
        charges.aftermath(call, charge, call.card_of(method))
    return intent


def _use_up(intent: Obj, method: Obj) -> None:
    """A card that nobody saved serves once."""
    if not method["customer"]:
        method["_gone"] = True


def _by_itself(call: Call) -> Call:
    """The same books, when nobody's request is the cause."""
    return Call(call.state, call.book, {}, caller=call.caller)


def _expire(call: Call, intent: Obj, charge: Obj) -> None:
    if intent["status"] != "requires_capture":
        return
    call.money("release", intent["amount_capturable"], charge)
    charge["refunded"], charge["amount_refunded"] = True, charge["amount"]
    call.event("charge.expired", charge)
    _end(call, intent, "automatic")


def capture(call: Call, intent: Obj, amount: int | None) -> Obj:
    """Take `amount` minor units of a hold, all of it unless said. Raises StripeError."""
    if intent["status"] == "succeeded" and intent["capture_method"] == "manual":
        raise StripeError(
            400, "invalid_request_error",
            "This PaymentIntent could not be captured because it has already been captured.",
            code="charge_already_captured", payment_intent=present(intent), saved=True,
        )  # fmt: skip
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent could not be captured because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may be "
            "captured: requires_capture.",
            present(intent),
        )
    charge = call.get("charge", intent["latest_charge"])
    if call.now >= charge["payment_method_details"]["card"]["capture_before"]:
        raise StripeError(
            400, "invalid_request_error",
            "The charge cannot be captured as the authorization has expired.",
            code="charge_expired_for_capture", payment_intent=present(intent),
            charge=charge["id"], saved=True,
        )  # fmt: skip
    taken = intent["amount_capturable"] if amount is None else amount
    if taken < 1:
        raise invalid(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount_to_capture"
        )
    if taken > intent["amount_capturable"]:
        raise invalid(
            f"The requested amount {taken} cannot be captured because it exceeds the authorized "
            f"amount ({intent['amount_capturable']}).",
            code="amount_too_large", param="amount_to_capture",
        )  # fmt: skip
    check_step(taken, intent["currency"], "amount_to_capture")
    return _take(call, intent, charge, taken)


def _take(call: Call, intent: Obj, charge: Obj, taken: int) -> Obj:
    method = call.get("payment_method", charge["payment_method"])
    card = call.card_of(method)
    held = intent["amount_capturable"]
    intent["amount_capturable"] = 0
    if card.declines_capture:
        call.money("release", held, charge)
        charge["refunded"], charge["amount_refunded"] = True, held
        _decline(call, intent, method, DECLINES["generic_decline"])
    charge["captured"], charge["amount_captured"] = True, taken
    charge["amount_refunded"] = held - taken
    charge["balance_transaction"] = call.state.new_id("txn_")
    intent["status"], intent["amount_received"] = "succeeded", taken
    call.event("charge.captured", charge)
    call.event("payment_intent.succeeded", intent)
    call.money("capture", taken, charge)
    if taken < held:
        call.money("release", held - taken, charge)
        call.event("charge.refunded", charge)
    charges.aftermath(call, charge, card)
    return intent


def close(call: Call, intent: Obj, reason: str | None) -> None:
    """Cancel an intent that can be cancelled; a hold is let go."""
    if intent["status"] == "requires_capture":
        charge = call.get("charge", intent["latest_charge"])
        charge["refunded"], charge["amount_refunded"] = True, charge["amount"]
        call.money("release", intent["amount_capturable"], charge)
        call.event("charge.refunded", charge)
    _end(call, intent, reason)


def _end(call: Call, intent: Obj, reason: str | None) -> None:
    intent["status"], intent["amount_capturable"] = "canceled", 0
    intent["canceled_at"], intent["cancellation_reason"] = call.now, reason
    intent["next_action"] = None
    call.event("payment_intent.canceled", intent)


def authenticate(call: Call, intent: Obj, *, passes: bool) -> Obj:
    """The owner was present and answered the bank's question (a hook, no request).

    Raises StripeError when nothing was asked, or when the card is declined afterwards.
    """
    if intent["status"] != "requires_action":
        raise unexpected_state("Nothing is to be authenticated.", present(intent))
    method = call.get("payment_method", intent["payment_method"])
    card = call.card_of(method)
    if not passes or card.fails_authentication:
        intent["status"], intent["payment_method"] = "requires_payment_method", None
        intent["next_action"] = None
        error = StripeError(
            402, "card_error",
            "We are unable to authenticate your payment method. Please choose a different payment "
            "method and try again.",
            code="payment_intent_authentication_failure", payment_method=present(method),
        )  # fmt: skip
        intent["last_payment_error"] = dict(error.error)
        call.event("payment_intent.payment_failed", intent)
        raise error
    if card.then_declines is not None:
        _decline(call, intent, method, DECLINES[card.then_declines])
    return approve(call, intent, method)
