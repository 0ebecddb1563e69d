"""PaymentMethods: cards, their fingerprints, attached to customers and detached for good."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from tests.stripe_server.cards import DECLINES, Card, Decline, by_number, by_token
from tests.stripe_server.errors import StripeError, invalid, missing
from tests.stripe_server.lists import page
from tests.stripe_server.state import Book, Call, Obj, merge_metadata, present

GONE = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "
    "shared with a connected account without Customer attachment, or was detached from a Customer. "
    "It may not be used again. To use a PaymentMethod multiple times, you must attach it to a "
    "Customer first."
)


def fingerprint(book: Book, number: str) -> str:
    """The same for the same number on one account, another on another."""
    text = f"{book.account} {number}".encode()
    return hashlib.sha256(text).hexdigest()[:16]


def make(call: Call, card: Card, *, month: int = 12, year: int | None = None) -> Obj:
    """A PaymentMethod of a card, attached to nobody."""
    year = year or datetime.fromtimestamp(call.now, UTC).year + 4
    return call.new(
        "payment_method",
        "pm_",
        type="card",
        allow_redisplay="unspecified",
        billing_details=billing(),
        card={
            "brand": card.brand,
            "checks": {
                "address_line1_check": None, "address_postal_code_check": None, "cvc_check": None,
            },
            "country": card.country, "display_brand": card.brand,
            "exp_month": month, "exp_year": year,
            "fingerprint": fingerprint(call.book, card.number),
            "funding": card.funding, "generated_from": None, "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True}, "wallet": None,
        },
        customer=None, customer_account=None, metadata={},
        _card=card, _gone=False, _set_up=card.authentication == "set_up",
    )  # fmt: skip


def billing() -> Obj:
    """Billing details that nobody gave."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {"address": address, "email": None, "name": None, "phone": None, "tax_id": None}


def named(call: Call, id: str, param: str = "payment_method", *, in_path: bool = False) -> Obj:
    """The PaymentMethod of this id; each use of `pm_card_visa` makes a new one.

    Raises StripeError.
    """
    if (card := by_token(id)) is not None and id.startswith("pm_card_"):
        return make(call, card)
    return call.get("payment_method", id, param, in_path=in_path)


def create(call: Call) -> Obj:
    """A card by its number or token, attached to nobody."""
    wish = call.params
    if wish.get("type") != "card" or not isinstance(wish.get("card"), dict):
        raise invalid("This server knows cards only.", param="type")
    asked = wish["card"]
    month, year = asked.get("exp_month"), asked.get("exp_year")
    if "token" in asked:
        card = by_token(asked["token"])
        if card is None:
            raise missing("token", asked["token"], "card[token]")
    else:
        for name in ("number", "exp_month", "exp_year"):
            if name not in asked:
                raise invalid(
                    f"Missing required param: card[{name}].",
                    code="parameter_missing", param=f"card[{name}]",
                )  # fmt: skip
        card = by_number(str(asked["number"]))
        if card is None:
            raise StripeError(
                402, "card_error", "Your card number is incorrect.",
                code="incorrect_number", param="number", saved=True,
            )  # fmt: skip
        _check_expiry(call, int(month), int(year))
    metadata = merge_metadata({}, wish.get("metadata"))
    made = make(call, card, month=month or 12, year=year)
    made["metadata"] = metadata
    made["billing_details"] |= wish.get("billing_details") or {}
    made["allow_redisplay"] = wish.get("allow_redisplay", "unspecified")
    return made


def _check_expiry(call: Call, month: int, year: int) -> None:
    today = datetime.fromtimestamp(call.now, UTC)
    if not 1 <= month <= 12:
        raise StripeError(
            402, "card_error", "Your card's expiration month is invalid.",
            code="invalid_expiry_month", param="exp_month", saved=True,
        )  # fmt: skip
    if (year, month) < (today.year, today.month):
        raise StripeError(
            402, "card_error", "Your card's expiration year is invalid.",
            code="invalid_expiry_year", param="exp_year", saved=True,
        )  # fmt: skip


def retrieve(call: Call) -> Obj:
    """One PaymentMethod, also after it was detached."""
    return named(call, call.ids[0], "id", in_path=True)


def update(call: Call) -> Obj:
    """Change metadata or the expiry."""
    method = call.get("payment_method", call.ids[0], in_path=True)
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    method["metadata"] = merge_metadata(method["metadata"], call.params.get("metadata"))
    for name, value in (call.params.get("card") or {}).items():
        if name in ("exp_month", "exp_year"):
            method["card"][name] = value
    call.event("payment_method.updated", method)
    return method


def attach(call: Call) -> Obj:
    """Save a card with a customer."""
    wanted = call.params.get("customer")
    if wanted is None:
        raise invalid(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    method = named(call, call.ids[0], in_path=True)
    customer = call.customer(wanted)
    if method["customer"] == customer["id"]:
        return method
    may_attach(call, method, customer["id"])
    attach_to(call, method, customer["id"])
    return method


def may_attach(call: Call, method: Obj, customer: str | None) -> None:
    """Whether a card may be saved. Raises StripeError: it is another's, gone, or declined."""
    if method["customer"] not in (None, customer):
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_already_attached",
        )
    if method["_gone"]:
        raise invalid(GONE)
    card = call.card_of(method)
    if card.declines is not None and not card.attaches:
        raise card_error(DECLINES[card.declines], payment_method=present(method))


def card_error(decline: Decline, **more: Any) -> StripeError:
    """A decline: 402, saved with the key."""
    return StripeError(
        402,
        "card_error",
        decline.message,
        saved=True,
        code=decline.code,
        decline_code=decline.decline_code,
        advice_code=decline.advice_code,
        network_decline_code=decline.network_decline_code,
        **more,
    )


def attach_to(call: Call, method: Obj, customer: str) -> None:
    """It is the customer's from now on."""
    method["customer"] = customer
    call.event("payment_method.attached", method)


def detach(call: Call) -> Obj:
    """Take a card from its customer; it can never be used again."""
    method = call.get("payment_method", call.ids[0], in_path=True)
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    detach_from(call, method)
    return method


def detach_from(call: Call, method: Obj) -> None:
    """Detach, and tell so."""
    previous = {"customer": method["customer"]}
    method["customer"], method["_gone"] = None, True
    call.event("payment_method.detached", method, previous)


def list_all(call: Call) -> Obj:
    """The cards of a customer."""
    wanted = call.ids[0] if call.ids else call.params.get("customer")
    if wanted is not None:
        call.customer(wanted, in_path=bool(call.ids))
    cards = call.params.get("type", "card") == "card"
    return page(
        call,
        f"/v1/customers/{wanted}/payment_methods" if call.ids else "/v1/payment_methods",
        (
            method
            for method in call.book.of("payment_method")
            if cards and method["customer"] and method["customer"] == wanted
        ),
    )


def of_customer(call: Call) -> Obj:
    """One card of a customer."""
    method = call.get("payment_method", call.ids[1], in_path=True)
    if method["customer"] != call.ids[0]:
        raise missing("PaymentMethod", call.ids[1], "payment_method", 404)
    return method
