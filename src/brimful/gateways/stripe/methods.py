"""Cards: saved from a hosted page or by the id of a payment method, read again, and removed (R27)."""

from collections.abc import Mapping
from typing import Any

from brimful.db.transaction import assert_no_transaction
from brimful.domain.disconnection import Disconnected, MethodReading
from brimful.domain.payment import (
    DISCONNECTED,
    MethodOutcome,
    MethodRefused,
    NotFound,
    Refused,
    Removed,
    RemoveOutcome,
    SavedMethod,
    Unknown,
    Unreachable,
)
from brimful.gateways.stripe.calls import (
    CARD_GONE,
    CUSTOMER_GONE,
    Answer,
    Calls,
    Right,
    Wrong,
    is_missing,
)

# The ids of hosted pages begin so; everything else is the id of a payment method.
PAGE = "cs_"
_OF_PAGE = ["setup_intent.payment_method"]


async def save_method(
    calls: Calls, *, account_ref: str, customer_id: str | None, token: str
) -> MethodOutcome:
    """Save a card; see the port.

    ``token`` is the id of a completed hosted page (``cs_...``), whose card was set up for use
    without its owner, or of a payment method (``pm_...``) that no other customer has. A customer that was
    deleted in the Dashboard is replaced by a new one.
    """
    assert_no_transaction()
    if not token.isascii() or not token.replace("_", "").isalnum():
        return MethodRefused(code="no_such_method")
    if token.startswith(PAGE):
        return await _from_page(calls, account_ref, customer_id, token)
    if not token.startswith("pm_"):
        return MethodRefused(code="no_such_method")
    if customer_id is not None:
        saved = await _attached(calls, account_ref, customer_id, token)
        if saved != MethodRefused(code=CUSTOMER_GONE):
            return saved
    made = await _make_customer(calls, account_ref)
    return await _attached(calls, account_ref, made, token) if isinstance(made, str) else made


async def _attached(
    calls: Calls, account_ref: str, customer_id: str, method_id: str
) -> MethodOutcome:
    options = calls.options(account_ref)
    return _saved(
        await calls.ask(
            lambda: calls.sdk.payment_methods.attach_async(
                method_id, {"customer": customer_id}, options
            )
        )
    )


async def remove_method(calls: Calls, *, account_ref: str, method_id: str) -> RemoveOutcome:
    """Detach a card from its customer, for good; see the port."""
    options = calls.options(account_ref)
    answer = await calls.ask(
        lambda: calls.sdk.payment_methods.detach_async(method_id, None, options)
    )
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Right):
        return Removed(method_id=method_id)
    if is_missing(answer):
        return NotFound()
    if answer.status == 400:
        # A payment method that no customer has (any more) cannot be detached, nor charged.
        return Removed(method_id=method_id)
    return Refused(code=answer.code)


async def read_method(calls: Calls, *, account_ref: str, method_id: str) -> MethodReading:
    """A saved card as it is now; see the port. One that was detached stays readable at Stripe, without
    a customer, and can never be charged."""
    options = calls.options(account_ref)
    answer = await calls.ask(
        lambda: calls.sdk.payment_methods.retrieve_async(method_id, {}, options)
    )
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        if answer.code == DISCONNECTED:
            return Disconnected()
        gone = is_missing(answer) or answer.code == CARD_GONE
        return NotFound() if gone else Unknown(why=answer.code)
    shown = _method(answer.body)
    return NotFound() if isinstance(shown, MethodRefused) else shown


async def _make_customer(calls: Calls, account_ref: str) -> str | MethodOutcome:
    """A customer for a first card. One that is made in vain, its reply lost, harms nobody."""
    options = calls.options(account_ref)
    answer = await calls.ask(lambda: calls.sdk.customers.create_async({}, options))
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        return MethodRefused(code=answer.code)
    made = answer.body.get("id")
    return made if isinstance(made, str) else Unknown(why="unreadable reply")


async def _from_page(
    calls: Calls, account_ref: str, customer_id: str | None, page_id: str
) -> MethodOutcome:
    """The card of a hosted page that was completed for this customer, and for no other: whoever knows
    the id of somebody else's page has not got their card."""
    options = calls.options(account_ref)
    answer = await calls.ask(
        lambda: calls.sdk.checkout.sessions.retrieve_async(page_id, {"expand": _OF_PAGE}, options)
    )
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        return MethodRefused(code="no_such_page" if is_missing(answer) else answer.code)
    page = answer.body
    if page.get("mode") != "setup" or page.get("status") != "complete":
        return MethodRefused(code="page_not_completed")
    if page.get("customer") != customer_id:
        return MethodRefused(code="wrong_customer")
    setup = page.get("setup_intent")
    if not isinstance(setup, Mapping) or setup.get("status") != "succeeded":
        return MethodRefused(code="page_not_completed")
    return _method(setup.get("payment_method"))


def _saved(answer: Answer) -> MethodOutcome:
    if isinstance(answer, Unknown | Unreachable):
        return answer
    if isinstance(answer, Wrong):
        return MethodRefused(code=str(answer.error.get("decline_code") or answer.code))
    return _method(answer.body)


def _method(method: Any) -> MethodOutcome:
    """A payment method as we keep it: a card with a customer, or nothing that we could charge."""
    card = method.get("card") if isinstance(method, Mapping) else None
    if not isinstance(card, Mapping) or not isinstance(method.get("customer"), str):
        return MethodRefused(code="not_a_card")
    try:
        return SavedMethod(
            method_id=str(method["id"]),
            customer_id=method["customer"],
            # Some cards have none, then the card is only ever the same as itself.
            fingerprint=str(card.get("fingerprint") or method["id"]),
            brand=str(card["brand"]),
            last4=str(card["last4"]),
            exp_month=int(card["exp_month"]),
            exp_year=int(card["exp_year"]),
        )
    except (KeyError, TypeError, ValueError):
        return Unknown(why="unreadable reply")
