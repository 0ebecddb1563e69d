"""Testbank's own records of payments, page by page (R24)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.domain.payment_record import PaymentRecord
from brimful.gateways.port import REFERENCE
from brimful.gateways.records import RecordsOutcome, RecordsPage
from brimful.gateways.testbank.replies import Asks, code_of


class Listed(Asks):
    """The listing of payments; see the port."""

    async def list_payments(
        self, *, account_ref: str, since: datetime, before: datetime, after: str | None = None
    ) -> RecordsOutcome:
        """Payments by when they were made, newest first."""
        asked = {"since": since.isoformat(), "before": before.isoformat()}
        if after is not None:
            asked["after"] = after
        reply = await self._call("GET", f"/records?{urlencode(asked)}", account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status != 200:
            return Refused(code=code_of(body))
        records = tuple(record_of(payment) for payment in body["data"])
        return RecordsPage(records=records, after=records[-1].payment_id if body["more"] else None)


def record_of(payment: Mapping[str, Any]) -> PaymentRecord:
    """A payment of testbank as a record."""
    return PaymentRecord(
        payment_id=payment["id"],
        reference=payment["metadata"].get(REFERENCE),
        metadata=payment["metadata"],
        created_at=datetime.fromisoformat(payment["created_at"]),
        amount_minor=int(payment["amount"]),
        currency=payment["currency"],
        state=payment["state"],
        captured_minor=int(payment["captured"]),
        refunded_minor=int(payment["refunded"]),
        disputed=bool(payment["disputes"]),
    )
