"""What the tests of the Stripe server use: the SDK, some customers and cards, refusals as values."""

from collections.abc import Awaitable
from typing import Any

import stripe
from stripe import StripeClient

from tests.stripe_server.core import LIVE_KEY, TEST_KEY
from tests.stripe_server.server import StripeServer

# No redirects: the owner is not there, or the test plays the owner.
CARDS_ONLY = {"enabled": True, "allow_redirects": "never"}


class Desk:
    """One client of one server."""

    def __init__(self, client: StripeClient, http: Any, url: str, server: StripeServer) -> None:
        """`server` is for the hooks only; everything else goes through the SDK."""
        self.client, self.url, self.server = client, url, server
        self.v1: Any = client.v1
        self.hooks = server.hooks
        self._http = http

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close_async()

    async def saved(self, card: str = "pm_card_visa", **options: Any) -> tuple[str, str]:
        """A customer and a card saved with it, as ids."""
        customer = await self.v1.customers.create_async({}, options or None)
        method = await self.v1.payment_methods.attach_async(
            card, {"customer": customer.id}, options or None
        )
        return customer.id, method.id

    async def intent(self, card: str = "pm_card_visa", **wish: Any) -> Any:
        """A PaymentIntent of 10.00 on a saved card, not confirmed unless said."""
        options = wish.pop("options", {})
        account = {"stripe_account": options["stripe_account"]} if options else {}
        customer, method = await self.saved(card, **account)
        return await self.v1.payment_intents.create_async(
            {
                "amount": 1_000,
                "currency": "usd",
                "customer": customer,
                "payment_method": method,
                "automatic_payment_methods": CARDS_ONLY,
                **wish,
            },
            options or None,
        )

    async def paid(self, card: str = "pm_card_visa", **wish: Any) -> Any:
        """One that has succeeded."""
        return await self.intent(card, confirm=True, off_session=True, **wish)

    async def held(self, card: str = "pm_card_visa", **wish: Any) -> Any:
        """One whose card is authorised."""
        return await self.paid(card, capture_method="manual", **wish)

    async def read(self, intent: str, **options: Any) -> Any:
        """Read it back."""
        return await self.v1.payment_intents.retrieve_async(intent, None, options or None)

    def moved(self, intent: str) -> list[int]:
        """What the server's own books say of its money."""
        return self.server.state.journal.moved(intent)


def desk_at(url: str, server: StripeServer, key: str = TEST_KEY, timeout_s: float = 60) -> Desk:
    """A client with no retries of its own, so that each call is one request."""
    http: Any = stripe.HTTPXClient(timeout=timeout_s)
    client = StripeClient(key, base_addresses={"api": url}, max_network_retries=0, http_client=http)
    return Desk(client, http, url, server)


async def refusal(call: Awaitable[Any]) -> Any:
    """The `stripe.StripeError` that a call ends with."""
    try:
        answer = await call
    except stripe.StripeError as error:
        return error
    raise AssertionError(f"not refused: {answer}")


__all__ = ["CARDS_ONLY", "LIVE_KEY", "TEST_KEY", "Desk", "desk_at", "refusal"]
