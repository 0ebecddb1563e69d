"""The port to a gateway's own records of payments, to compare with ours (R24)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from brimful.domain.payment import Refused, Unknown, Unreachable

RecordState = Literal["created", "held", "captured", "declined", "needs_authentication", "canceled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """What the gateway has of one payment; amounts in minor units of ``currency``.

    ``reference`` is ours from its metadata, None for a payment that somebody else made. ``state`` is
    None while the gateway itself does not know.
    """

    payment_id: str
    reference: str | None
    metadata: Mapping[str, str]
    created_at: datetime
    amount_minor: int
    currency: str
    state: RecordState | None
    captured_minor: int
    refunded_minor: int


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
