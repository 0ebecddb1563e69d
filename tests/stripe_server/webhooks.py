"""Webhook endpoints, and the delivery of events to them: signed, retried, and spoiled on request."""

import asyncio
import contextlib
import hashlib
import heapq
import hmac
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import httpx

from tests.stripe_server.state import PLATFORM, Obj, State

MINUTE_S, HOUR_S = 60, 3_600
# Live: for three days with growing gaps. Test: three more times over a few hours.
LIVE_GAPS_S = (
    5 * MINUTE_S,
    30 * MINUTE_S,
    2 * HOUR_S,
    5 * HOUR_S,
    10 * HOUR_S,
    *(12 * HOUR_S,) * 4,
)
TEST_GAPS_S = (5 * MINUTE_S, 30 * MINUTE_S, 2 * HOUR_S)
ANSWER_S = 20
DEAUTHORIZED = "account.application.deauthorized"


def sign(body: bytes, secret: str, at: int | None = None) -> str:
    """The `Stripe-Signature` of a body, dated `at` (Unix seconds, now unless said)."""
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint; `attempt` counts from 0."""

    due: int
    event: Obj
    endpoint: Obj
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one sending: a status, or none when nobody answered."""

    event_id: str
    kind: str
    endpoint: str
    at: int
    attempt: int
    status: int | None


@dataclass(slots=True, kw_only=True)
class Disturbance:
    """How deliveries are spoiled, from now on.

    `duplicates` more copies of each; a `twin`, a second Event object for the same change; `shuffle`
    mixes what is due together, by that seed; `delay_s` of virtual time; `lose` holds patterns of
    types that never arrive.
    """

    duplicates: int = 0
    twins: bool = False
    shuffle: int | None = None
    delay_s: int = 0
    lose: tuple[str, ...] = ()


@dataclass(slots=True)
class Courier:
    """Knows what is to be delivered when. Planning is pure; `deliver` does the network."""

    state: State
    disturbance: Disturbance = field(default_factory=Disturbance)
    attempts: list[Attempt] = field(default_factory=list)
    # Added to the time of signature: negative is old, positive is in the future.
    signature_offset_s: int = 0
    new: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: list[tuple[int, int, Delivery]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def on_event(self, account: str, event: Obj) -> None:
        """Plan the deliveries of an event that was just made."""
        spoil = self.disturbance
        endpoints = [e for e in self.endpoints() if self._wants(e, account, event)]
        event["pending_webhooks"] = len(endpoints)
        if any(fnmatchcase(event["type"], pattern) for pattern in spoil.lose):
            return
        copies = [event] * (1 + spoil.duplicates)
        if spoil.twins:
            copies.append({**event, "id": self.state.new_id("evt_")})
        for endpoint in endpoints:
            for copy in copies:
                self._plan(
                    Delivery(due=self.state.now + spoil.delay_s, event=copy, endpoint=endpoint)
                )

    def _wants(self, endpoint: Obj, account: str, event: Obj) -> bool:
        """Whether an endpoint is told of an event.

        A Connect endpoint hears of the platform's connected accounts, in live mode also of their test
        events; any other only of its own account and mode.
        """
        kinds = endpoint["enabled_events"]
        if "*" not in kinds and event["type"] not in kinds:
            return False
        if endpoint["_connect"]:
            heard = account != PLATFORM and endpoint["_account"] == PLATFORM
            left = account in self.state.revoked and event["type"] != DEAUTHORIZED
            return heard and not left and (endpoint["livemode"] or not event["livemode"])
        return bool(endpoint["_account"] == account and endpoint["livemode"] == event["livemode"])

    def endpoints(self) -> list[Obj]:
        """Every endpoint of every account that is enabled."""
        return [
            endpoint
            for book in self.state.books.values()
            for endpoint in book.of("webhook_endpoint")
            if endpoint["status"] == "enabled"
        ]

    def resend(self, event_id: str) -> None:
        """Send an event again, as by hand in the Dashboard."""
        for account, event in self.state.events:
            if event["id"] == event_id:
                for endpoint in self.endpoints():
                    if self._wants(endpoint, account, event):
                        self._plan(Delivery(due=self.state.now, event=event, endpoint=endpoint))

    def pending(self) -> int:
        """How many deliveries wait, due or not."""
        return len(self._queue)

    def _plan(self, delivery: Delivery) -> None:
        heapq.heappush(self._queue, (delivery.due, next(self._order), delivery))
        self.new.set()

    def take_due(self) -> list[Delivery]:
        """All that is due now, in the order in which it became so, unless shuffled."""
        due = []
        while self._queue and self._queue[0][0] <= self.state.now:
            due.append(heapq.heappop(self._queue)[2])
        if self.disturbance.shuffle is not None:
            random.Random(self.disturbance.shuffle).shuffle(due)
        return due

    def record(self, delivery: Delivery, status: int | None) -> None:
        """Note what came of a delivery; what was not accepted is planned again."""
        self.attempts.append(
            Attempt(
                event_id=delivery.event["id"], kind=delivery.event["type"],
                endpoint=delivery.endpoint["id"], at=self.state.now, attempt=delivery.attempt,
                status=status,
            )
        )  # fmt: skip
        if status is not None and 200 <= status < 300:
            delivery.event["pending_webhooks"] = max(0, delivery.event["pending_webhooks"] - 1)
            return
        gaps = LIVE_GAPS_S if delivery.endpoint["livemode"] else TEST_GAPS_S
        if delivery.attempt < len(gaps):
            self._plan(
                Delivery(
                    due=self.state.now + gaps[delivery.attempt], event=delivery.event,
                    endpoint=delivery.endpoint, attempt=delivery.attempt + 1,
                )
            )  # fmt: skip

    async def deliver(self) -> int:
        """Send everything that is due; returns how many were sent."""
        due = self.take_due()
        if not due:
            return 0
        async with httpx.AsyncClient(timeout=ANSWER_S) as client:
            for delivery in due:
                self.record(delivery, await self._send(client, delivery))
        return len(due)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> int | None:
        body = json.dumps(delivery.event, indent=2).encode()
        at = int(time.time()) + self.signature_offset_s
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "stripe-signature": sign(body, delivery.endpoint["_secret"], at),
        }
        try:
            answer = await client.post(delivery.endpoint["url"], content=body, headers=headers)
        except httpx.HTTPError:
            return None
        return answer.status_code

    async def run(self, advance: Callable[[int], None]) -> None:
        """Deliver whatever becomes due, until cancelled; `advance(0)` brings time up to date."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.new.wait(), 0.2)
            self.new.clear()
            advance(0)
            await self.deliver()
