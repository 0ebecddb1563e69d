"""The body of a webhook and its signatures, by Standard Webhooks (R42)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from brimful.notices.webhooks import Claimed, Delivery

# Facts that are ids of ours, with the prefix under which the API shows them; others are not shown.
_PREFIXES = {"client_id": "acc", "purchase_id": "pur", "method_id": "pmt", "subscription_id": "sub"}
# What banks say in confidence: whoever knows that a card is watched for theft is told no more of it.
_KEPT_BACK = {"decline_code"}


def event_of(delivery: Delivery) -> bytes:
    """The body: the same at every try. Times are business time, amounts as in notices."""
    data: dict[str, Any] = {
        "account_id": f"acc_{delivery.account_id.hex}",
        "external_id": delivery.external_id,
    }
    if delivery.facts is not None:
        data["notice_id"] = f"ntc_{delivery.notice_id.hex}"
        data["title"], data["body"] = delivery.title, delivery.body
        data["facts"] = _shown(delivery.facts)
    event = {
        "type": delivery.kind,
        "timestamp": delivery.created_at.astimezone(UTC).isoformat(),
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _PREFIXES and value is not None:
            shown[name] = f"{_PREFIXES[name]}_{str(value).replace('-', '')}"
        elif not name.endswith("_id") and name not in _KEPT_BACK:
            shown[name] = value
    return shown


def headers_of(
    endpoint: Claimed, delivery: Delivery, body: bytes, real_at: datetime
) -> dict[str, str]:
    """The headers of a try at a real time: the id is the notice's, so that a receiver knows again
    what it had; a signature for each secret that is live."""
    name = f"ntc_{delivery.notice_id.hex}"
    at = real_at.astimezone(UTC)
    signatures = [
        Webhook(secret).sign(msg_id=name, timestamp=at, data=body.decode())
        for secret in endpoint.secrets
    ]
    return {
        "content-type": "application/json",
        "user-agent": "brimful-webhooks",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
