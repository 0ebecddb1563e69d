"""Messages of Stripe: checked and read, whatever they are (R45).

The SDK's verifier lets exceptions of many kinds out and takes messages from the future, so that it is
wrapped here: whatever goes wrong is a `BadEvent`. A message is only ever a hint to read the payment.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from stripe import WebhookSignature

from brimful.domain.payment import BadEvent, Event
from brimful.gateways.stripe.calls import PLATFORM
from brimful.gateways.stripe.units import from_stripe

# A message may be so many seconds old, or ahead of our clock.
AGE_S = 300
# Stripe's own are far smaller and flatter.
BODY_MAX = 512 * 1024
DEPTH_MAX = 64
# Metadata as Stripe allows it: 50 entries, a key of 40 signs, a value of 500.
METADATA_MAX = 50
HEADER = "stripe-signature"
_STAMP = re.compile(r"t=([0-9]{1,11})(?:,v[0-9]=[0-9a-f]{1,128}){1,20}")
_AMOUNT_MAX = 2**63 - 1

# Of a saved card, whatever happened to it.
METHOD_UPDATED = "method.updated"
# Our kinds for Stripe's: the state that a payment has come to, or that one of its refunds or disputes
# changed. A charge that succeeds may be a mere hold, so that it says nothing. Others keep their name.
KINDS = {
    "payment_intent.created": "payment.created",
    "payment_intent.amount_capturable_updated": "payment.held",
    "payment_intent.succeeded": "payment.captured",
    "payment_intent.payment_failed": "payment.declined",
    "payment_intent.requires_action": "payment.needs_authentication",
    "payment_intent.processing": "payment.updated",
    "payment_intent.canceled": "payment.canceled",
    "charge.succeeded": "payment.updated",
    "charge.captured": "payment.captured",
    "charge.failed": "payment.declined",
    "charge.expired": "payment.updated",
    "charge.updated": "payment.updated",
    "charge.refunded": "refund.updated",
    "charge.refund.updated": "refund.updated",
    "refund.created": "refund.updated",
    "refund.updated": "refund.updated",
    "refund.failed": "refund.updated",
    "charge.dispute.created": "dispute.updated",
    "charge.dispute.updated": "dispute.updated",
    "charge.dispute.closed": "dispute.updated",
    "charge.dispute.funds_withdrawn": "dispute.updated",
    "charge.dispute.funds_reinstated": "dispute.updated",
    "checkout.session.completed": "page.completed",
    "payment_method.automatically_updated": METHOD_UPDATED,
    "payment_method.updated": METHOD_UPDATED,
    "payment_method.detached": METHOD_UPDATED,
    "account.updated": "account.updated",
    "account.application.deauthorized": "account.disconnected",
}


class Events:
    """Reads messages signed with the platform's secret, or with that of the endpoint for connected
    accounts; without a secret none is believed."""

    def __init__(
        self, *, secret: str, connect_secret: str, now: Callable[[], float] = time.time
    ) -> None:
        self._secret, self._connect_secret = secret, connect_secret
        self._now = now

    def parse(self, *, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        """Check the signature and age of a message and read it. Never raises."""
        try:
            return self._parse(body, headers)
        except Exception as wrong:
            return BadEvent(why=type(wrong).__name__)

    def _parse(self, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        if len(body) > BODY_MAX:
            return BadEvent(why="too large")
        header = headers[HEADER]
        stamp = _STAMP.fullmatch(header)
        if stamp is None:
            return BadEvent(why="no signature of ours")
        ours = self._signed(body, header, self._secret)
        connected = self._signed(body, header, self._connect_secret)
        if not ours and not connected:
            return BadEvent(why="not signed by the gateway")
        if abs(self._now() - int(stamp[1])) > AGE_S:
            return BadEvent(why="too old or too new")
        event = _read(body)
        account = event.get("account")
        if not ours and account is None:
            # Whoever may speak of connected accounts has nothing to say of the platform's.
            return BadEvent(why="names no account")
        return _event(event, PLATFORM if account is None else _text(account))

    def _signed(self, body: bytes, header: str, secret: str) -> bool:
        if not secret:
            return False
        try:
            WebhookSignature.verify_header(body, header, secret, tolerance=None)
        except Exception:
            return False
        return True


def _read(body: bytes) -> dict[str, Any]:
    """The message as JSON. Raises ValueError or RecursionError."""
    event = json.loads(body.decode(), parse_constant=_no_number)
    if not isinstance(event, dict) or event.get("object") != "event":
        raise ValueError("no event")
    level: list[Any] = [event]
    for _ in range(DEPTH_MAX):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return event
    raise ValueError("too deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _no_number(text: str) -> float:
    raise ValueError(text)


def _event(event: Mapping[str, Any], account_ref: str) -> Event:
    about = event["data"]["object"]
    if not isinstance(about, dict) or not isinstance(event["livemode"], bool):
        raise ValueError("unreadable")
    kind = _text(event["type"])
    currency = None if about.get("currency") is None else _text(about["currency"]).upper()
    amount = None if about.get("amount") is None else _amount(about["amount"])
    return Event(
        event_id=_text(event["id"]),
        kind=_kind(kind, about),
        mode="live" if event["livemode"] else "test",
        account_ref=account_ref,
        payment_id=_payment(kind, about),
        amount_minor=None if amount is None else from_stripe(amount, currency or ""),
        currency=currency,
        created_at=datetime.fromtimestamp(_amount(event["created"]), UTC),
        metadata=_metadata(about.get("metadata")),
        page_id=_text(about["id"]) if kind == "checkout.session.completed" else None,
        method_id=_text(about["id"]) if KINDS.get(kind) == METHOD_UPDATED else None,
    )


def _kind(kind: str, about: Mapping[str, Any]) -> str:
    if kind == "charge.refunded" and about.get("captured") is False:
        # So Stripe calls a hold that is given back.
        return "payment.updated"
    return KINDS.get(kind, kind)


def _payment(kind: str, about: Mapping[str, Any]) -> str | None:
    """The payment that a message is about, if it is about one."""
    if kind.startswith("payment_intent."):
        return _text(about["id"])
    if not kind.startswith(("charge.", "refund.")):
        return None
    named = about.get("payment_intent")
    if isinstance(named, dict):
        named = named["id"]
    return None if named is None else _text(named)


def _metadata(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > METADATA_MAX:
        raise ValueError("metadata")
    return {_text(name): _text(value, least=0) for name, value in given.items()}


def _text(value: Any, *, least: int = 1) -> str:
    """A text that can be looked up in a database: whole characters, no NUL. Raises ValueError."""
    if not isinstance(value, str) or not least <= len(value) <= 500:
        raise ValueError("a text was expected")
    if "\0" in value:
        raise ValueError("NUL")
    value.encode()
    return value


def _amount(value: Any) -> int:
    """A whole number that a database takes. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _AMOUNT_MAX:
        raise ValueError("an amount was expected")
    return value
