"""The port to a gateway's own records of payments, to compare with ours (R24)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.domain.payment_record import PaymentRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPage:
    """Some records, newest first; ``after`` asks for those that follow, None when there are none."""

    records: tuple[PaymentRecord, ...]
    after: str | None


RecordsOutcome = RecordsPage | Refused | Unknown | Unreachable


class Records(Protocol):
    """What is needed of a gateway to be reconciled."""

    async def list_payments(
        self, *, account_ref: str, since: datetime, before: datetime, after: str | None = None
    ) -> RecordsOutcome:
        """Payments of an account that were made from ``since`` on and earlier than ``before``, a page
        at a time."""
        ...
