"""The pure core: a request and the virtual time in, an answer and events out. No I/O.

`handle` does all of it. A server that wants to spoil a request between its arrival and its effect
does the steps itself: `admit`, then `run`, `fail` or `refuse`.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.stripe_server import forms, lists, params, routes
from tests.stripe_server.errors import StripeError, server_error
from tests.stripe_server.idempotency import Keys, Scope
from tests.stripe_server.state import API_VERSION, PLATFORM, Book, Call, Given, Obj, State

TEST_KEY = "sk_test_brimful"
LIVE_KEY = "sk_live_brimful"
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came in: `form` is the body of a POST or the query of a GET, undecoded."""

    method: str
    path: str
    form: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What goes out."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A request that was let in and has not run yet."""

    request: Request
    route: routes.Route
    call: Call
    given: Obj
    scope: Scope | None


class StripeCore:
    """One Stripe: all its accounts, and the keys that open them."""

    def __init__(self, *, seed: int, now: int) -> None:
        """`seed` decides the ids; `now` is where its clock starts, in Unix seconds."""
        self.state = State(seed=seed, now=now)
        self.keys = Keys()
        self.state.keys |= {TEST_KEY: PLATFORM, LIVE_KEY: PLATFORM}

    def handle(self, request: Request, now: int) -> Response:
        """Answer a request at a second of the virtual clock."""
        ticket = self.admit(request, now)
        return ticket if isinstance(ticket, Response) else self.run(ticket, now)

    def admit(self, request: Request, now: int) -> Ticket | Response:
        """Let a request in, its key marked as in flight; or answer it at once."""
        self.state.advance(now)
        request_id = self.state.new_id("req_", 14)
        head = self._head(request, request_id)
        try:
            book, caller = self._authenticate(request.headers)
            route, ids = routes.find(request.method, request.path)
            given = forms.decode(request.form)
            key = request.headers.get("idempotency-key")
            scope: Scope | None = None
            if key is not None and request.method == "POST":
                scope = (book.account, book.livemode, key)
                asked = (request.method, request.path, given)
                saved = self.keys.begin(scope, asked, self.state.now)
                if saved is not None:
                    head |= {"idempotent-replayed": "true"}
                    return Response(status=saved[0], body=saved[1], headers=head)
        except StripeError as refused:
            return _error(refused, head)
        call = Call(self.state, book, {}, ids, request_id, key, caller)
        return Ticket(request=request, route=route, call=call, given=given, scope=scope)

    def run(self, ticket: Ticket, now: int) -> Response:
        """Let it take effect, and save the answer with its key where Stripe does.

        Raises NotImplementedError when Stripe knows a parameter that this server does not.
        """
        self.state.advance(now)
        head = self._head(ticket.request, ticket.call.request_id or "")
        try:
            given = Given(params.check(ticket.route.params, ticket.given))
            ticket.call.params = given
            answer = lists.expanded(ticket.call, ticket.route.handler(ticket.call))
        except StripeError as refused:
            response = _error(refused, head)
            self._save(ticket, response if refused.saved else None)
            return response
        if given.unread:
            raise NotImplementedError(f"{ticket.route.verb} does not know {sorted(given.unread)}")
        response = Response(status=200, body=json.dumps(answer), headers=head)
        self._save(ticket, response)
        return response

    def fail(self, ticket: Ticket) -> Response:
        """Answer 500, which is saved with the key whatever has happened."""
        response = _error(server_error(), self._head(ticket.request, ticket.call.request_id or ""))
        self._save(ticket, response)
        return response

    def refuse(self, ticket: Ticket, refusal: StripeError, *, forget: bool) -> Response:
        """Answer so; with `forget` the key is as if the request had never come, unless it is a refusal
        that Stripe saves."""
        response = _error(refusal, self._head(ticket.request, ticket.call.request_id or ""))
        if forget:
            self._save(ticket, response if refusal.saved else None)
        return response

    def _save(self, ticket: Ticket, response: Response | None) -> None:
        if ticket.scope is not None:
            answer = (response.status, response.body) if response is not None else None
            self.keys.finish(ticket.scope, answer)

    def _head(self, request: Request, request_id: str) -> dict[str, str]:
        head = {
            "content-type": "application/json",
            "request-id": request_id,
            "stripe-version": request.headers.get("stripe-version", API_VERSION),
        }
        for name in ("idempotency-key", "stripe-account"):
            if name in request.headers:
                head[name] = request.headers[name]
        return head

    def _authenticate(self, headers: dict[str, str]) -> tuple[Book, str]:
        """The books that a request may see, and the account of its key. Raises StripeError."""
        key = _secret(headers.get("authorization", ""))
        if key not in self.state.keys:
            shown = f"{key[:8]}{'*' * 8}{key[-4:]}"
            raise StripeError(401, "invalid_request_error", f"Invalid API Key provided: {shown}")
        version = headers.get("stripe-version", API_VERSION)
        if not VERSION.fullmatch(version):
            raise StripeError(
                400, "invalid_request_error", f"Invalid Stripe API version: {version}"
            )
        caller = self.state.keys[key]
        account = headers.get("stripe-account", caller)
        allowed = account == caller or (
            caller == PLATFORM and account in self.state.connected - self.state.revoked
        )
        if not allowed:
            raise StripeError(
                403, "invalid_request_error",
                f"The provided key '{key[:8]}{'*' * 8}{key[-4:]}' does not have access to account "
                f"'{account}' (or that account does not exist). Application access may have been "
                "revoked.",
                code="account_invalid",
            )  # fmt: skip
        livemode = key.startswith(("sk_live_", "rk_live_"))
        return self.state.book(account, livemode), caller


def _secret(header: str) -> str:
    """The API key of a Bearer header. Raises StripeError (401) when there is none."""
    kind, _, key = header.partition(" ")
    if kind.lower() != "bearer" or not key:
        raise StripeError(
            401, "invalid_request_error",
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )  # fmt: skip
    return key.strip()


def _error(refused: StripeError, head: dict[str, str]) -> Response:
    if refused.retry is not None:
        head = {**head, "stripe-should-retry": "true" if refused.retry else "false"}
    error = {
        **refused.error,
        "request_log_url": f"https://dashboard.stripe.com/test/logs/{head.get('request-id')}",
    }
    return Response(status=refused.status, body=json.dumps({"error": error}), headers=head)
