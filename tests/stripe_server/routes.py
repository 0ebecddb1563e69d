"""Which verb answers which path, and whose typed parameters it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.stripe_server import (
    charges,
    checkout,
    connect,
    customers,
    disputes,
    endpoints,
    intents,
    methods,
    refunds,
    setups,
)
from tests.stripe_server.errors import StripeError
from tests.stripe_server.state import Call, Obj

Handler = Callable[[Call], Obj]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb: its name ("payment_intents.confirm"), its handler, its class of parameters."""

    verb: str
    handler: Handler
    params: str
    pattern: re.Pattern[str]
    method: str


def _route(method: str, path: str, handler: Handler, params: str, verb: str) -> Route:
    pattern = re.compile(re.sub(r"\{\}", r"([^/]+)", path))
    return Route(verb, handler, params, pattern, method)


def _crud(path: str, verb: str, params: str, module: object, *names: str) -> list[Route]:
    """The usual verbs of a resource that a module has."""
    usual = {
        "create": ("POST", "", "Create"), "retrieve": ("GET", "/{}", "Retrieve"),
        "update": ("POST", "/{}", "Update"), "delete": ("DELETE", "/{}", "Delete"),
        "list_all": ("GET", "", "List"),
    }  # fmt: skip
    made = []
    for name in names:
        method, rest, kind = usual[name]
        handler: Handler = getattr(module, name)
        short = name.removesuffix("_all")
        made.append(
            _route(method, path + rest, handler, f"{params}{kind}Params", f"{verb}.{short}")
        )
    return made


ROUTES: list[Route] = [
    *_crud("/v1/customers", "customers", "Customer", customers,
           "create", "retrieve", "update", "delete", "list_all"),
    _route("GET", "/v1/customers/{}/payment_methods", methods.list_all,
           "CustomerPaymentMethodListParams", "customers.payment_methods.list"),
    _route("GET", "/v1/customers/{}/payment_methods/{}", methods.of_customer,
           "CustomerPaymentMethodRetrieveParams", "customers.payment_methods.retrieve"),
    *_crud("/v1/payment_methods", "payment_methods", "PaymentMethod", methods,
           "create", "retrieve", "update", "list_all"),
    _route("POST", "/v1/payment_methods/{}/attach", methods.attach,
           "PaymentMethodAttachParams", "payment_methods.attach"),
    _route("POST", "/v1/payment_methods/{}/detach", methods.detach,
           "PaymentMethodDetachParams", "payment_methods.detach"),
    *_crud("/v1/payment_intents", "payment_intents", "PaymentIntent", intents,
           "create", "retrieve", "update", "list_all"),
    _route("POST", "/v1/payment_intents/{}/confirm", intents.confirm,
           "PaymentIntentConfirmParams", "payment_intents.confirm"),
    _route("POST", "/v1/payment_intents/{}/capture", intents.capture,
           "PaymentIntentCaptureParams", "payment_intents.capture"),
    _route("POST", "/v1/payment_intents/{}/cancel", intents.cancel,
           "PaymentIntentCancelParams", "payment_intents.cancel"),
    *_crud("/v1/charges", "charges", "Charge", charges, "retrieve", "update", "list_all"),
    _route("GET", "/v1/charges/{}/refunds", refunds.of_charge,
           "ChargeListRefundsParams", "charges.refunds"),
    *_crud("/v1/refunds", "refunds", "Refund", refunds,
           "create", "retrieve", "update", "list_all"),
    *_crud("/v1/disputes", "disputes", "Dispute", disputes, "retrieve", "update", "list_all"),
    _route("POST", "/v1/disputes/{}/close", disputes.close, "DisputeCloseParams", "disputes.close"),
    *_crud("/v1/setup_intents", "setup_intents", "SetupIntent", setups,
           "create", "retrieve", "list_all"),
    _route("POST", "/v1/setup_intents/{}/confirm", setups.confirm,
           "SetupIntentConfirmParams", "setup_intents.confirm"),
    _route("POST", "/v1/setup_intents/{}/cancel", setups.cancel,
           "SetupIntentCancelParams", "setup_intents.cancel"),
    *_crud("/v1/checkout/sessions", "checkout.sessions", "checkout.Session", checkout,
           "create", "retrieve", "list_all"),
    _route("POST", "/v1/checkout/sessions/{}/expire", checkout.expire,
           "checkout.SessionExpireParams", "checkout.sessions.expire"),
    *_crud("/v1/accounts", "accounts", "Account", connect,
           "create", "retrieve", "delete", "list_all"),
    _route("GET", "/v1/account", connect.retrieve_current,
           "AccountRetrieveCurrentParams", "accounts.retrieve_current"),
    _route("POST", "/v1/account_links", connect.create_link,
           "AccountLinkCreateParams", "account_links.create"),
    *_crud("/v1/webhook_endpoints", "webhook_endpoints", "WebhookEndpoint", endpoints,
           "create", "retrieve", "update", "delete", "list_all"),
    _route("GET", "/v1/events", endpoints.list_events, "EventListParams", "events.list"),
    _route("GET", "/v1/events/{}", endpoints.retrieve_event,
           "EventRetrieveParams", "events.retrieve"),
]  # fmt: skip


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The verb of a request and the ids in its path. Raises StripeError (404)."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    raise StripeError(
        404,
        "invalid_request_error",
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/.",
    )
