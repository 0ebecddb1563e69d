"""Stripe's errors: a status and a body `{"error": {...}}` with stable codes."""

from typing import Any


class StripeError(Exception):
    """An answer that is an error.

    `saved` tells whether an idempotency key remembers it: what fails validation is not saved, what
    failed while the endpoint ran is.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        saved: bool = False,
        retry: bool | None = None,
        **more: Any,
    ) -> None:
        """`kind` is the error's type; `retry` is what `Stripe-Should-Retry` says; `more` are
        further fields of the error (code, param, decline_code, payment_intent ...)."""
        super().__init__(message)
        self.status, self.saved, self.retry = status, saved, retry
        self.error: dict[str, Any] = {"type": kind, "message": message}
        self.error |= {name: value for name, value in more.items() if value is not None}
        if "code" in self.error:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.error['code']}"


def invalid(message: str, **more: Any) -> StripeError:
    """A request that fails validation: 400, not saved."""
    return StripeError(400, "invalid_request_error", message, **more)


def missing(kind: str, id: str, param: str, status: int = 400) -> StripeError:
    """There is no such object (404 when it is named by the path)."""
    return StripeError(
        status,
        "invalid_request_error",
        f"No such {kind}: '{id}'",
        code="resource_missing",
        param=param,
    )


def unexpected_state(message: str, intent: dict[str, Any]) -> StripeError:
    """A PaymentIntent that cannot do this in its state: 400, with the intent as it is."""
    return StripeError(
        400,
        "invalid_request_error",
        message,
        code="payment_intent_unexpected_state",
        payment_intent=intent,
        saved=True,
    )


def in_flight() -> StripeError:
    """Another request with the same key is still running: 409, not saved, to be tried again."""
    return StripeError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through). "
        "Please try again later.",
        code="idempotency_key_in_use",
        retry=True,
    )


def other_parameters() -> StripeError:
    """The key was used for something else: 400."""
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        "used with. Try using a key other than the one you used if you meant to execute a "
        "different request.",
        retry=False,
    )


def server_error() -> StripeError:
    """500: saved with the key, and replayed for ever after."""
    return StripeError(
        500,
        "api_error",
        "An unknown error occurred. Please try again later.",
        saved=True,
        retry=False,
    )


def unavailable() -> StripeError:
    """503: not saved."""
    return StripeError(503, "api_error", "Stripe is currently unavailable.", retry=True)


def rate_limited() -> StripeError:
    """429 of the limiter, which runs before idempotency."""
    return StripeError(
        429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit", retry=None
    )


def not_permitted() -> StripeError:
    """403 of a restricted key that lacks a permission: without a code."""
    return StripeError(
        403,
        "invalid_request_error",
        "The provided key 'rk_test_***' does not have the required permissions for this endpoint.",
    )


def not_capable() -> StripeError:
    """402 that is no card's: the account may not take payments at present."""
    return StripeError(
        402,
        "invalid_request_error",
        "Your account cannot currently make charges.",
        saved=True,
    )


def no_balance() -> StripeError:
    """400 of a refund that the account has no money for: saved with its key."""
    return StripeError(
        400,
        "invalid_request_error",
        "Insufficient funds in your Stripe balance to refund this amount.",
        code="insufficient_funds",
        saved=True,
    )


def still_processing() -> StripeError:
    """400 of a cancel that came while the payment was processed: saved with its key."""
    return StripeError(
        400,
        "invalid_request_error",
        "You cannot cancel this PaymentIntent because it has a status of processing.",
        code="payment_intent_unexpected_state",
        saved=True,
    )


def lock_timeout() -> StripeError:
    """429 of an object that another request is working on."""
    return StripeError(
        429,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request or Stripe process is "
        "currently accessing it. If you see this error intermittently, retry the request.",
        code="lock_timeout",
        retry=True,
    )
