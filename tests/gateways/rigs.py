"""What the contract test needs of a gateway. A second gateway adds its rig to RIGS, and no test."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import httpx

from brimful.domain.payment import (
    Created,
    CreateOutcome,
    NeedsAuthentication,
    PaymentOutcome,
    RefundOutcome,
    SavedMethod,
)
from brimful.gateways.connections import Connections
from brimful.gateways.pages import HostedPage, Pages
from brimful.gateways.port import REFERENCE, CaptureMode, Gateway
from brimful.gateways.records import Records
from brimful.gateways.stripe.adapter import Stripe
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.faults import FaultKind, Rule
from brimful_testbank.server import serving
from tests.stripe_server.core import TEST_KEY
from tests.stripe_server.faults import Rule as StripeRule
from tests.stripe_server.server import serving as stripe_serving

Card = Literal[
    "good", "soft", "hard", "expired", "authenticate", "slow", "lost_reply", "lost_request", "no_capture"
]  # fmt: skip
When = Literal["before", "after"]
# A gateway account at Stripe that lets the platform act for it.
CONNECTED = "acct_1Connected0000000"


def key() -> str:
    """A fresh idempotency key."""
    return f"test-{uuid4().hex}"


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A gateway to test, the same one reached badly, its test cards, and its own books."""

    gateway: Gateway
    # The same accounts with a time-out shorter than the slow card takes.
    impatient: Gateway
    # A gateway that nobody answers for.
    nobody: Gateway
    cards: Mapping[Card, str]
    # Two gateway accounts that know nothing of each other.
    account_ref: str
    other_ref: str
    currency: str
    # Lose the next call of a verb, before or after its effect.
    lose: Callable[[str, When], None]
    # By the gateway's own books: every movement of money of a payment, refunds negative.
    moved: Callable[[str], list[int]]
    # Let the time of every open hold run out.
    expire_holds: Callable[[], None]
    # The same gateway as a host of pages and a keeper of records.
    pages: Pages
    records: Records
    # The same gateway as a keeper of accounts; let one be closed to us, or opened again.
    connections: Connections
    connect: Callable[[str, bool], None]
    # Do what a network does to a saved card: another expiry, or another number with it (None: the same).
    replace: Callable[[str, Literal["mastercard"] | None, tuple[int, int]], None]
    # Do what an owner does on a page: save a good card.
    complete: Callable[[HostedPage], Awaitable[None]]
    # Do what an owner does where the bank asks: confirm it, or not.
    answer: Callable[[NeedsAuthentication, bool], Awaitable[None]]
    # Let a fault of the gateway's own kind strike; let the money of a refund come back.
    spoil: Callable[[Any], None] = lambda rule: None
    fail_refund: Callable[[str], Any] = lambda refund_id: None
    _methods: dict[tuple[str, str], SavedMethod] = field(default_factory=dict)

    async def method(self, card: Card, account_ref: str | None = None) -> SavedMethod:
        """A saved card of a kind, the same for each account."""
        account = account_ref or self.account_ref
        if (account, card) not in self._methods:
            saved = await self.gateway.save_method(
                account_ref=account, customer_id=None, token=self.cards[card]
            )
            assert isinstance(saved, SavedMethod), saved
            self._methods[account, card] = saved
        return self._methods[account, card]

    async def create(self, card: Card = "good", **wish: Any) -> CreateOutcome:
        """Ask for a payment of 10.00 to be held on a card, unless said otherwise."""
        account: str = wish.pop("account_ref", self.account_ref)
        by: Gateway = wish.pop("by", self.gateway)
        method = wish.pop("method", None) or await self.method(card, account)
        capture: CaptureMode = wish.pop("capture", "manual")
        reference = wish.pop("reference", None) or key()
        return await by.create(
            account_ref=account,
            customer_id=method.customer_id,
            method_id=method.method_id,
            amount_minor=wish.pop("amount_minor", 1_000),
            currency=wish.pop("currency", self.currency),
            capture=capture,
            idempotency_key=wish.pop("idempotency_key", None) or key(),
            description="2,000 credits",
            metadata={REFERENCE: reference},
        )

    async def payment(self, card: Card = "good", **wish: Any) -> str:
        """The id of a payment that is made and not confirmed."""
        made = await self.create(card, **wish)
        assert isinstance(made, Created), made
        return made.payment_id

    async def confirm(
        self, payment_id: str, idempotency_key: str | None = None, *, by: Gateway | None = None
    ) -> PaymentOutcome:
        """Confirm without the owner present."""
        return await (by or self.gateway).confirm(
            account_ref=self.account_ref,
            payment_id=payment_id,
            idempotency_key=idempotency_key or key(),
            off_session=True,
        )

    async def capture(
        self,
        payment_id: str,
        amount_minor: int = 1_000,
        idempotency_key: str | None = None,
        *,
        currency: str | None = None,
    ) -> PaymentOutcome:
        """Take a hold."""
        return await self.gateway.capture(
            account_ref=self.account_ref,
            payment_id=payment_id,
            amount_minor=amount_minor,
            currency=currency or self.currency,
            idempotency_key=idempotency_key or key(),
        )

    async def cancel(self, payment_id: str, idempotency_key: str | None = None) -> PaymentOutcome:
        """Cancel for good."""
        return await self.gateway.cancel(
            account_ref=self.account_ref,
            payment_id=payment_id,
            idempotency_key=idempotency_key or key(),
        )

    async def refund(
        self,
        payment_id: str,
        amount_minor: int,
        idempotency_key: str | None = None,
        *,
        currency: str | None = None,
    ) -> RefundOutcome:
        """Give money back."""
        return await self.gateway.refund(
            account_ref=self.account_ref,
            payment_id=payment_id,
            amount_minor=amount_minor,
            currency=currency or self.currency,
            idempotency_key=idempotency_key or key(),
        )

    async def look_up(self, payment_id: str) -> PaymentOutcome:
        """Read a payment back."""
        return await self.gateway.look_up(account_ref=self.account_ref, payment_id=payment_id)


@contextlib.asynccontextmanager
async def testbank() -> AsyncIterator[Rig]:
    """The test gateway over HTTP on a loopback port."""
    async with contextlib.AsyncExitStack() as stack:
        url, desk = await stack.enter_async_context(serving())

        def reached(at: str, timeout_s: float) -> Testbank:
            gateway = Testbank(at, timeout_s=timeout_s)
            stack.push_async_callback(gateway.close)
            return gateway

        def lose(verb: str, when: When) -> None:
            fault: FaultKind = "lost_before" if when == "before" else "lost_after"
            desk.faults.rules[:] = [Rule(fault=fault, verb=verb)]

        def moved(payment_id: str) -> list[int]:
            return [
                effect["amount"]
                for effect in desk.journal.effects()
                if effect["payment"] == payment_id and effect["amount"]
            ]

        def expire_holds() -> None:
            desk.bank._now = lambda: datetime.now(UTC) + timedelta(days=30)

        def replace(method_id: str, card: str | None, expiry: tuple[int, int]) -> None:
            token = None if card is None else "tok_success_2"
            desk.bank.replace_method(method_id, token, *expiry)

        async def complete(page: HostedPage) -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as visitor:
                assert "tok_success" in (await visitor.get(page.url)).text
                sent = await visitor.post(page.url, data={"token": "tok_success"})
            assert sent.headers["location"].endswith(f"&page={page.page_id}")

        async def answer(asked: NeedsAuthentication, confirms: bool) -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as owner:
                sent = await owner.post(str(asked.action_url), json={"complete": confirms})
            assert sent.status_code == 200

        gateway = reached(url, 60)
        yield Rig(
            gateway=gateway,
            impatient=reached(url, 0.05),
            nobody=reached("http://127.0.0.1:9", 60),
            cards={
                "good": "tok_success",
                "soft": "tok_insufficient_funds",
                "hard": "tok_lost_card",
                "expired": "tok_expired",
                "authenticate": "tok_authenticate",
                "slow": "tok_slow",
                "lost_reply": "tok_lost_reply",
                "lost_request": "tok_lost_request",
                "no_capture": "tok_decline_capture",
            },
            account_ref="platform",
            other_ref="acct_other",
            currency="USD",
            lose=lose,
            moved=moved,
            expire_holds=expire_holds,
            pages=gateway,
            records=gateway,
            connections=gateway,
            connect=desk.bank.connect,
            replace=replace,
            complete=complete,
            answer=answer,
        )


@contextlib.asynccontextmanager
async def stripe() -> AsyncIterator[Rig]:
    """Stripe's SDK, unchanged, before a Stripe of our own on a loopback port."""
    async with contextlib.AsyncExitStack() as stack:
        url, server = await stack.enter_async_context(stripe_serving())
        server.state.connected.add(CONNECTED)

        def reached(at: str, timeout_s: float) -> Stripe:
            gateway = Stripe(TEST_KEY, url=at, timeout_s=timeout_s)
            stack.push_async_callback(gateway.close)
            return gateway

        def lose(verb: str, when: When) -> None:
            resource = "refunds.create" if verb == "refund" else f"payment_intents.{verb}"
            server.faults.rules[:] = [StripeRule(fault="reset", when=when, verb=resource)]

        def connect(account: str, connected: bool) -> None:
            (server.hooks.authorize if connected else server.hooks.deauthorize)(account)

        def replace(method_id: str, card: str | None, expiry: tuple[int, int]) -> None:
            server.hooks.update_card(method_id, *expiry, number=card)

        async def complete(page: HostedPage) -> None:
            session = server.hooks.complete_checkout(page.page_id)
            assert session["success_url"].endswith("&page={CHECKOUT_SESSION_ID}")

        async def answer(asked: NeedsAuthentication, confirms: bool) -> None:
            server.hooks.authenticate(asked.payment_id, confirms)

        gateway = reached(url, 60)
        yield Rig(
            gateway=gateway,
            impatient=reached(url, 0.15),
            nobody=reached("http://127.0.0.1:9", 60),
            cards={
                "good": "pm_card_visa",
                "soft": "pm_card_ours_insufficient_funds",
                "hard": "pm_card_ours_lost_card",
                "expired": "pm_card_ours_expired_card",
                "authenticate": "pm_card_authenticationRequired",
                "slow": "pm_card_ours_slow",
                "lost_reply": "pm_card_ours_lostAfter",
                "lost_request": "pm_card_ours_lostBefore",
                "no_capture": "pm_card_ours_captureDeclined",
            },
            account_ref="platform",
            other_ref=CONNECTED,
            currency="USD",
            lose=lose,
            moved=server.state.journal.moved,
            expire_holds=lambda: server.advance(30 * 86_400),
            pages=gateway,
            records=gateway,
            connections=gateway,
            connect=connect,
            replace=replace,
            complete=complete,
            answer=answer,
            spoil=server.faults.rules.append,
            fail_refund=server.hooks.fail_refund,
        )


RIGS = {"testbank": testbank, "stripe": stripe}
