"""The adapter to testbank: HTTP out, outcomes back."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from brimful.db.transaction import assert_no_transaction
from brimful.domain.clock import Clock
from brimful.domain.event import Mode
from brimful.domain.payment import (
    BadEvent,
    Canceled,
    Captured,
    Created,
    CreateOutcome,
    Declined,
    DisputeFact,
    Event,
    FindOutcome,
    Held,
    MethodOutcome,
    MethodRefused,
    NeedsAuthentication,
    NotFound,
    PaymentOutcome,
    Refunded,
    RefundFact,
    RefundOutcome,
    Refused,
    Removed,
    RemoveOutcome,
    Unknown,
    Unreachable,
    is_hard_decline,
)
from brimful.gateways.port import CaptureMode
from brimful.gateways.testbank.connections import Connecting
from brimful.gateways.testbank.pages import Hosted
from brimful.gateways.testbank.records import Listed
from brimful.gateways.testbank.replies import Reply, code_of, method_of

MINIMUMS = {"USD": 50, "EUR": 50, "GBP": 30, "JPY": 50, "KWD": 500, "MGA": 100}
EVENT_AGE_S = 300
# Of the time for a call, so much may pass until there is a connection, in seconds.
CONNECT_S = 5.0
PAGE_COMPLETED = "page.completed"
METHOD_UPDATED = "method.updated"
# What reading an event may meet: bad JSON, missing or odd fields, times out of range, deep nesting.
_UNREADABLE = (
    ValueError, TypeError, AttributeError, LookupError, ArithmeticError, OSError, RecursionError,
)  # fmt: skip


class Testbank(Hosted, Listed, Connecting):
    """One testbank, reached at ``url``. ``events_secret`` is what it signs its events with; with a
    ``clock``, its holds run out by business time (R38)."""

    __test__ = False
    mode: Mode = "test"

    def __init__(
        self,
        url: str,
        *,
        events_secret: str = "",
        timeout_s: float = 10,
        clock: Clock | None = None,
    ) -> None:
        self._secret = events_secret
        self._url = url.rstrip("/")
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=100),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def create(
        self,
        *,
        account_ref: str,
        customer_id: str,
        method_id: str,
        amount_minor: int,
        currency: str,
        capture: CaptureMode,
        idempotency_key: str,
        description: str,
        metadata: Mapping[str, str],
    ) -> CreateOutcome:
        """Make a payment; see the port."""
        wish = {
            "customer": customer_id,
            "method": method_id,
            "amount": amount_minor,
            "currency": currency,
            "capture": capture,
            "description": description,
            "metadata": dict(metadata),
        }
        reply = await self._call("POST", "/payments", account_ref, idempotency_key, wish)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status != 200:
            return Refused(code=code_of(body))
        return Created(payment_id=body["id"])

    async def confirm(
        self,
        *,
        account_ref: str,
        payment_id: str,
        idempotency_key: str,
        off_session: bool,
        return_url: str | None = None,
    ) -> PaymentOutcome:
        """Charge or hold; see the port."""
        return await self._payment(
            "POST",
            f"/payments/{payment_id}/confirm",
            account_ref,
            idempotency_key,
            {"off_session": off_session, "return_url": return_url},
        )

    async def capture(
        self,
        *,
        account_ref: str,
        payment_id: str,
        amount_minor: int,
        currency: str,
        idempotency_key: str,
    ) -> PaymentOutcome:
        """Take a hold; see the port."""
        wish = {"amount": amount_minor}
        return await self._payment(
            "POST", f"/payments/{payment_id}/capture", account_ref, idempotency_key, wish
        )

    async def cancel(
        self, *, account_ref: str, payment_id: str, idempotency_key: str
    ) -> PaymentOutcome:
        """Cancel for good; see the port."""
        return await self._payment(
            "POST", f"/payments/{payment_id}/cancel", account_ref, idempotency_key, {}
        )

    async def refund(
        self,
        *,
        account_ref: str,
        payment_id: str,
        amount_minor: int,
        currency: str,
        idempotency_key: str,
    ) -> RefundOutcome:
        """Give money back; see the port."""
        path = f"/payments/{payment_id}/refund"
        wish = {"amount": amount_minor}
        reply = await self._call("POST", path, account_ref, idempotency_key, wish)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status == 404:
            return NotFound()
        if status != 200:
            return Refused(code=code_of(body), payment_id=payment_id)
        return Refunded(
            payment_id=payment_id,
            refund_id=str(body["refunds"][-1]["id"]),
            amount_minor=amount_minor,
            total_minor=body["refunded"],
        )

    async def look_up(self, *, account_ref: str, payment_id: str) -> PaymentOutcome:
        """Read a payment back; see the port."""
        return await self._payment("GET", f"/payments/{payment_id}", account_ref, None, None)

    async def find(self, *, account_ref: str, reference: str) -> FindOutcome:
        """Payments by reference; see the port."""
        path = f"/payments?{urlencode({'reference': reference})}"
        reply = await self._call("GET", path, account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        return tuple(body) if status == 200 else Unknown(why=f"status {status}")

    async def save_method(
        self, *, account_ref: str, customer_id: str | None, token: str
    ) -> MethodOutcome:
        """Save a card; see the port."""
        wish = {"customer": customer_id, "token": token}
        reply = await self._call("POST", "/methods", account_ref, None, wish)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status != 200:
            return MethodRefused(code=code_of(body))
        return method_of(body)

    async def remove_method(self, *, account_ref: str, method_id: str) -> RemoveOutcome:
        """Remove a card; see the port."""
        reply = await self._call("DELETE", f"/methods/{method_id}", account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status == 404:
            return NotFound()
        return Removed(method_id=method_id) if status == 200 else Refused(code=code_of(body))

    def parse_event(self, *, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        """Check and read an event; see the port."""
        try:
            return self._parse(body, headers)
        except _UNREADABLE as wrong:
            return BadEvent(why=type(wrong).__name__)

    def minimum_minor(self, currency: str) -> int:
        """The least amount that can be charged; see the port."""
        return MINIMUMS.get(currency, 50)

    def _parse(self, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        given = dict(part.split("=", 1) for part in headers["testbank-signature"].split(","))
        at_s = int(given["t"])
        mac = hmac.new(self._secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256)
        if not self._secret or not hmac.compare_digest(
            mac.hexdigest().encode(), given["v1"].encode()
        ):
            return BadEvent(why="not signed by the gateway")
        if abs(time.time() - at_s) > EVENT_AGE_S:
            return BadEvent(why="too old or too new")
        event = json.loads(body.decode())  # of bytes, json would guess the encoding
        return Event(
            event_id=_text(event["id"]),
            kind=_text(event["kind"]),
            mode=_text(event["mode"]),
            account_ref=_text(event["account"]),
            **_about(event),
            created_at=datetime.fromtimestamp(_whole(event["created"]), UTC),
            metadata={str(k): str(v) for k, v in event["metadata"].items()},
        )

    async def _payment(
        self, method: str, path: str, account_ref: str, key: str | None, wish: Any
    ) -> PaymentOutcome:
        reply = await self._call(method, path, account_ref, key, wish)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status == 404:
            return NotFound()
        if status != 200:
            return Refused(code=code_of(body))
        try:
            return self._absolute(_outcome(body))
        except (KeyError, TypeError, ValueError):
            return Unknown(why="unreadable reply")

    def _absolute(self, outcome: PaymentOutcome) -> PaymentOutcome:
        """The bank tells its pages without its own address."""
        if isinstance(outcome, NeedsAuthentication) and outcome.action_url is not None:
            return replace(outcome, action_url=f"{self._url}{outcome.action_url}")
        return outcome

    async def _call(
        self, method: str, path: str, account_ref: str, key: str | None, wish: Any
    ) -> Reply:
        assert_no_transaction()
        headers = {"merchant": account_ref}
        if key is not None:
            headers["idempotency-key"] = key
        if self._clock is not None:
            headers["time"] = self._clock.moment().at.isoformat()
        try:
            reply = await self._client.request(method, path, headers=headers, json=wish)
            if reply.status_code >= 500 or reply.status_code in (409, 429):
                return Unknown(why=f"status {reply.status_code}")
            return reply.status_code, reply.json()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            return Unreachable(why=type(problem).__name__)
        except (httpx.HTTPError, ValueError) as problem:
            return Unknown(why=type(problem).__name__)


def _text(value: Any) -> str:
    """A text that can be written down. Raises TypeError or ValueError for anything else."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    if b"\0" in value.encode():
        raise ValueError("NUL")
    return value


def _about(event: Mapping[str, Any]) -> dict[str, Any]:
    """The payment that an event is about, or the page, or the card; one about a merchant's account
    names none."""
    kind = _text(event["kind"])
    about: dict[str, Any] = dict.fromkeys(
        ("payment_id", "amount_minor", "currency", "page_id", "method_id")
    )
    if kind.startswith("account."):
        return about
    if kind == PAGE_COMPLETED:
        return about | {"page_id": _text(event["page"])}
    if kind == METHOD_UPDATED:
        return about | {"method_id": _text(event["method"])}
    return about | {
        "payment_id": _text(event["payment"]),
        "amount_minor": _whole(event["amount"]),
        "currency": _text(event["currency"]),
    }


def _whole(value: Any) -> int:
    """A whole number as it is. Raises TypeError for anything else."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _outcome(body: Mapping[str, Any]) -> PaymentOutcome:
    payment_id = str(body["id"])
    match body["state"]:
        case "created":
            return Created(payment_id=payment_id)
        case "held":
            before = datetime.fromisoformat(body["capture_before"])
            return Held(payment_id=payment_id, capture_before=before)
        case "captured":
            return Captured(
                payment_id=payment_id,
                amount_minor=int(body["captured"]),
                currency=str(body["currency"]),
                refunded_minor=int(body["refunded"]),
                refunds=tuple(
                    RefundFact(
                        refund_id=str(refund["id"]),
                        amount_minor=int(refund["amount"]),
                        state=refund["state"],
                        reference=refund["reference"],
                    )
                    for refund in body["refunds"]
                ),
                disputes=tuple(
                    DisputeFact(
                        dispute_id=str(dispute["id"]),
                        amount_minor=int(dispute["amount"]),
                        state=dispute["state"],
                    )
                    for dispute in body["disputes"]
                ),
            )
        case "declined":
            return _declined(body)
        case "needs_authentication":
            return NeedsAuthentication(payment_id=payment_id, action_url=body.get("action_url"))
        case "canceled":
            declined = None if body["decline"] is None else _declined(body)
            return Canceled(payment_id=payment_id, declined=declined)
    return Unknown(why=f"state {body['state']}")


def _declined(body: Mapping[str, Any]) -> Declined:
    hard = is_hard_decline(body["decline"], body["advice"])
    return Declined(payment_id=str(body["id"]), code=body["decline"], hard=hard)
