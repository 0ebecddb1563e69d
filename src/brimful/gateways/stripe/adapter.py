"""The adapter to Stripe: the port's verbs, joined (R44)."""

import time
from collections.abc import Callable, Mapping

from brimful.domain.event import Mode
from brimful.domain.payment import (
    BadEvent,
    Event,
    MethodOutcome,
    RefundOutcome,
    RemoveOutcome,
)
from brimful.gateways.stripe.calls import Calls
from brimful.gateways.stripe.connections import Connecting
from brimful.gateways.stripe.events import Events
from brimful.gateways.stripe.methods import remove_method, save_method
from brimful.gateways.stripe.minimums import minimum_minor
from brimful.gateways.stripe.pages import Hosted
from brimful.gateways.stripe.payments import Payments
from brimful.gateways.stripe.records import Listed
from brimful.gateways.stripe.refunds import refund

TIMEOUT_S = 20.0


class Stripe(Payments, Hosted, Listed, Connecting):
    """Stripe, with the platform's API key.

    The account "platform" is the key's own; any other is a connected account, charged directly
    (Connect). ``url`` is where Stripe is, for tests; ``timeout_s`` seconds are for one whole call.
    """

    def __init__(
        self,
        key: str,
        *,
        events_secret: str = "",
        connect_events_secret: str = "",
        url: str | None = None,
        timeout_s: float = TIMEOUT_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._calls = Calls(key, url=url, timeout_s=timeout_s)
        self._events = Events(secret=events_secret, connect_secret=connect_events_secret, now=now)
        self.mode: Mode = "live" if key.startswith(("sk_live_", "rk_live_")) else "test"

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

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
        return await refund(
            self._calls,
            account_ref=account_ref,
            payment_id=payment_id,
            amount_minor=amount_minor,
            currency=currency,
            idempotency_key=idempotency_key,
        )

    async def save_method(
        self, *, account_ref: str, customer_id: str | None, token: str
    ) -> MethodOutcome:
        """Save a card; see the port."""
        return await save_method(
            self._calls, account_ref=account_ref, customer_id=customer_id, token=token
        )

    async def remove_method(self, *, account_ref: str, method_id: str) -> RemoveOutcome:
        """Remove a card; see the port."""
        return await remove_method(self._calls, account_ref=account_ref, method_id=method_id)

    def parse_event(self, *, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        """Check and read a message; see the port."""
        return self._events.parse(body=body, headers=headers)

    def minimum_minor(self, currency: str) -> int:
        """The least amount that can be charged; see the port."""
        return minimum_minor(currency)
