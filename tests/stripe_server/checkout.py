"""Checkout Sessions in setup mode: a page of Stripe's on which an owner saves a card."""

from typing import Any

from tests.stripe_server import customers, methods, setups
from tests.stripe_server.cards import Card
from tests.stripe_server.errors import StripeError, invalid
from tests.stripe_server.lists import page
from tests.stripe_server.state import Call, Obj, merge_metadata

DAY_S = 86_400
EARLIEST_END_S = 30 * 60
NULLS = (
    "adaptive_pricing", "after_expiration", "allow_promotion_codes", "amount_subtotal",
    "amount_total", "billing_address_collection", "client_secret", "collected_information",
    "consent", "currency_conversion", "customer_account", "discounts", "excluded_payment_method_types", "invoice",
    "invoice_creation", "locale", "origin_context", "payment_intent", "payment_link",
    "payment_method_configuration_details", "permissions", "recovered_from",
    "saved_payment_method_options", "shipping_address_collection", "shipping_cost",
    "submit_type", "subscription", "total_details", "wallet_options",
)  # fmt: skip


def create(call: Call) -> Obj:
    """A new session; its owner goes to `url`."""
    wish = call.params
    if wish.get("mode") != "setup":
        raise invalid("This server knows Checkout in setup mode only.", param="mode")
    hosted = wish.get("ui_mode", "hosted_page") == "hosted_page"
    if hosted and "success_url" not in wish:
        raise _missing("success_url")
    if "currency" not in wish and "allowed_payment_method_types" not in wish:
        raise _missing("currency")
    if "customer" in wish and "customer_creation" in wish:
        raise invalid(
            "You may only specify one of these parameters: customer, customer_creation.",
            param="customer",
        )
    for name in ("payment_intent_data", "line_items", "subscription_data"):
        if name in wish:
            raise invalid(f"You can not pass `{name}` in `setup` mode.", param=name)
    ends = wish.get("expires_at", call.now + DAY_S)
    if not call.now + EARLIEST_END_S <= ends <= call.now + DAY_S:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    intent = setups.make(call, _of_setup(wish))
    made = call.new("checkout.session", _prefix(call), **_blank(wish, intent, ends))
    if hosted:
        made["url"] = f"https://checkout.stripe.com/c/pay/{made['id']}"
    call.state.at(ends, lambda: expire_now(Call(call.state, call.book, {}), made))
    return made


def _prefix(call: Call) -> str:
    return "cs_live_" if call.book.livemode else "cs_test_"


def _missing(name: str) -> StripeError:
    return invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)


def _of_setup(wish: Obj) -> Obj:
    """The parameters of the session's SetupIntent."""
    inner = dict(wish.get("setup_intent_data") or {})
    inner["allowed_payment_method_types"] = wish.get("allowed_payment_method_types") or ["card"]
    if "customer" in wish:
        inner["customer"] = wish["customer"]
    return inner


def _blank(wish: Obj, intent: Obj, ends: int) -> Obj:
    return {
        **{name: wish.get(name) for name in NULLS},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "allowed_payment_method_types": wish.get("allowed_payment_method_types"),
        "cancel_url": wish.get("cancel_url"),
        "client_reference_id": wish.get("client_reference_id"),
        "consent_collection": wish.get("consent_collection"), "currency": wish.get("currency"),
        "custom_fields": [],
        "custom_text": {
            "after_submit": None, "shipping_address": None, "submit": None,
            "terms_of_service_acceptance": None, **(wish.get("custom_text") or {}),
        },
        "customer": wish.get("customer"),
        "customer_creation": None if "customer" in wish
        else wish.get("customer_creation", "if_required"),
        "customer_details": None, "customer_email": wish.get("customer_email"),
        "expires_at": ends, "metadata": merge_metadata({}, wish.get("metadata")), "mode": "setup",
        "payment_method_collection": "always", "payment_method_options": {},
        "payment_method_types": wish.get("allowed_payment_method_types") or ["card"],
        "payment_status": "no_payment_required", "phone_number_collection": {"enabled": False},
        "setup_intent": intent["id"], "shipping_options": [], "status": "open",
        "success_url": wish.get("success_url"), "ui_mode": wish.get("ui_mode", "hosted_page"),
        "url": None,
    }  # fmt: skip


def complete(call: Call, session: Obj, card: Card, email: str = "owner@example.com") -> Obj:
    """The owner fills in the page with this card (a hook, no request).

    Raises StripeError: the session is not open, or the card is declined and the page stays open.
    """
    if session["status"] != "open":
        raise invalid(f"This session is {session['status']}.")
    intent = call.get("setup_intent", session["setup_intent"])
    if session["customer"] is None and session["customer_creation"] == "always":
        alone = Call(call.state, call.book, {"email": session["customer_email"] or email})
        session["customer"] = intent["customer"] = customers.create(alone)["id"]
    method = methods.make(call, card)
    method["allow_redisplay"] = "always"
    setups.succeed(call, intent, method)
    details: dict[str, Any] = {
        "address": None, "business_name": None, "email": session["customer_email"] or email,
        "individual_name": None, "name": None, "phone": None, "tax_exempt": "none", "tax_ids": [],
    }  # fmt: skip
    session["status"], session["customer_details"], session["url"] = "complete", details, None
    if session["consent_collection"]:
        agreed = session["consent_collection"].get("terms_of_service") == "required"
        session["consent"] = {
            "promotions": None, "terms_of_service": "accepted" if agreed else None,
        }  # fmt: skip
    call.event("checkout.session.completed", session)
    return session


def expire_now(call: Call, session: Obj) -> Obj:
    """The page can no longer be used."""
    if session["status"] == "open":
        session["status"], session["url"] = "expired", None
        call.event("checkout.session.expired", session)
    return session


def retrieve(call: Call) -> Obj:
    """One session."""
    return call.get("checkout.session", call.ids[0], "session", in_path=True)


def expire(call: Call) -> Obj:
    """Close an open session."""
    session = retrieve(call)
    if session["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}."
        )
    return expire_now(call, session)


def list_all(call: Call) -> Obj:
    """Sessions, newest first."""
    customer, status = call.params.get("customer"), call.params.get("status")
    return page(
        call,
        "/v1/checkout/sessions",
        (
            session
            for session in call.book.of("checkout.session")
            if customer in (None, session["customer"]) and status in (None, session["status"])
        ),
    )
