"""Stripe's own records of payments, page by page (R24)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    Held,
    NeedsAuthentication,
    Refused,
    Unknown,
    Unreachable,
)
from brimful.domain.payment_record import PaymentRecord, RecordState
from brimful.gateways.port import REFERENCE
from brimful.gateways.records import RecordsOutcome, RecordsPage
from brimful.gateways.stripe.calls import UNREADABLE, Calls, Object, Wrong
from brimful.gateways.stripe.outcomes import charge_of, given_back, is_disputed, outcome_of
from brimful.gateways.stripe.units import from_stripe

PAGE = 100
_EXPAND = ["data.latest_charge"]
_STATES: Mapping[type, RecordState] = {
    Created: "created",
    Held: "held",
    Captured: "captured",
    Declined: "declined",
    NeedsAuthentication: "needs_authentication",
    Canceled: "canceled",
}


class Listed:
    """The listing of payments; see the port."""

    _calls: Calls

    async def list_payments(
        self, *, account_ref: str, since: datetime, before: datetime, after: str | None = None
    ) -> RecordsOutcome:
        """PaymentIntents by when they were created, newest first; whole seconds count."""
        calls = self._calls
        params: Any = {
            "created": {"gte": int(since.timestamp()), "lt": int(before.timestamp())},
            "limit": PAGE,
            "expand": _EXPAND,
        }
        if after is not None:
            params["starting_after"] = after
        options = calls.options(account_ref)
        answer = await calls.ask(lambda: calls.sdk.payment_intents.list_async(params, options))
        if isinstance(answer, Unknown | Unreachable):
            return answer
        if isinstance(answer, Wrong):
            return Refused(code=answer.code)
        try:
            records = tuple(record_of(intent) for intent in answer.body["data"])
            more = answer.body["has_more"] and bool(records)
        except UNREADABLE:
            return Unknown(why="unreadable reply")
        return RecordsPage(records=records, after=records[-1].payment_id if more else None)


def record_of(intent: Object) -> PaymentRecord:
    """A PaymentIntent as a record. Raises KeyError, TypeError or ValueError for what is none."""
    metadata = {str(name): str(value) for name, value in intent["metadata"].items()}
    charge = charge_of(intent) or {}
    currency = str(intent["currency"]).upper()
    return PaymentRecord(
        payment_id=str(intent["id"]),
        reference=metadata.get(REFERENCE),
        metadata=metadata,
        created_at=datetime.fromtimestamp(intent["created"], UTC),
        amount_minor=from_stripe(int(intent["amount"]), currency),
        currency=currency,
        state=_STATES.get(type(outcome_of(intent))),
        captured_minor=from_stripe(int(intent["amount_received"]), currency),
        refunded_minor=given_back(charge) if intent["amount_received"] else 0,
        disputed=is_disputed(intent),
    )
