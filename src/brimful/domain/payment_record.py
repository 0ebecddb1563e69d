"""What a gateway has of one payment in its own list, to compare with ours (R24)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RecordState = Literal["created", "held", "captured", "declined", "needs_authentication", "canceled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """What the gateway has of one payment; amounts in minor units of ``currency``.

    ``reference`` is ours from its metadata, None for a payment that somebody else made. ``state`` is
    None while the gateway itself does not know. ``disputed``: its payer went to the bank about it, at
    some time, whatever came of that.
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
    disputed: bool = False
