"""The bank's own list of payments, for whoever compares books."""

from datetime import UTC, datetime
from typing import Any

from brimful_testbank.bank import Bank

Object = dict[str, Any]


def list_payments(
    bank: Bank, merchant: str, *, since: str, before: str, after: str | None, limit: int
) -> Object:
    """Payments of a merchant made in a span of time, newest first, at most ``limit``; ``after`` is the
    id of the last one seen. Raises ValueError for what is no time."""
    first, end = _time(since), _time(before)
    made = {
        effect["payment"]: effect["at"]
        for effect in bank.journal.effects()
        if effect["kind"] == "created" and effect["merchant"] == merchant
    }
    listed = [
        {**bank.payment(merchant, payment), "created_at": at}
        for payment, at in reversed(made.items())
        if first <= datetime.fromisoformat(at) < end
    ]
    if after is not None:
        ids = [payment["id"] for payment in listed]
        listed = listed[ids.index(after) + 1 :] if after in ids else []
    return {"data": listed[:limit], "more": len(listed) > limit}


def _time(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
