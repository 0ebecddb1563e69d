"""A world of accounts addressed by name, driven through the real use cases: for demos and tests."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from brimful.billing import accounts
from brimful.billing.accounts import Account, Platform
from brimful.billing.catalogues import Terms
from brimful.billing.offers import read_offer
from brimful.billing.settings_records import AutoBillingSetting
from brimful.db.transaction import Database
from brimful.domain.effect import AdvanceClock
from brimful.domain.payment import SavedMethod
from brimful.effects.advance_clock import watch_clock
from brimful.ledger.balances import Stock, read_stock
from brimful.usecases.allot import Allotted, allot
from brimful.usecases.move_clock import ClockState, begin_advance
from brimful.usecases.open_account import open_account, open_platform
from brimful.usecases.publish_package import Published, publish_package, set_rate
from brimful.usecases.save_card import record_card
from brimful.usecases.set_auto_billing import AutoBillingSet, set_auto_billing
from brimful.wiring import Engine

# So long may an advance of the test clock take, in seconds of real time.
WITHIN_S = 60
# Whoever asks here goes on with what was done, however slow the machine is.
WAIT_MS = 60_000
# R15: the price list that every example is counted with: credits and price in cents.
PRICE_LIST = ((2_000, 1_000), (12_500, 5_000), (35_000, 10_000))


@dataclass
class Sandbox:
    """One engine and the accounts opened in it; every verb goes through the real use cases."""

    engine: Engine
    platform: Platform
    names: dict[str, UUID] = field(default_factory=dict)
    _count: int = 0

    @property
    def db(self) -> Database:
        """The database."""
        return self.engine.ctx.db

    def key(self) -> str:
        """A fresh idempotency key."""
        self._count += 1
        return f"key-{self._count}"

    async def account(self, name: str) -> Account:
        """An account by the name it was opened with."""
        found = await accounts.find_account(self.db, self.names[name])
        assert found is not None
        return found

    async def open(
        self, name: str, below: str | None = None, *, sells: bool = False, currency: str = "USD"
    ) -> Account:
        """Open an account below the platform or another account."""
        parent: Account | Platform = self.platform if below is None else await self.account(below)
        opened = await open_account(
            self.engine.ctx,
            parent=parent,
            name=name,
            sells=sells,
            currency=currency,
            zone="UTC",
            owner_name=f"Owner of {name}",
            owner_email=f"{name.lower().replace(' ', '.')}@example.com",
            external_id=None,
            key=self.key(),
            body_hash=name.encode(),
            moment=self.engine.clock.moment(),
        )
        assert isinstance(opened, UUID), opened
        self.names[name] = opened
        return await self.account(name)

    async def package(
        self,
        seller: str | None,
        price_minor: int,
        *,
        credits: int = 0,
        chatbots: int = 0,
        interval: Any = None,
        name: str = "",
        kind: Any = None,
        package_id: UUID | None = None,
        full_price_first: bool = False,
        expires_after_days: int | None = None,
        rolls_over: bool = False,
    ) -> UUID:
        """Publish a package of the platform (None) or of a seller."""
        kind = kind or ("subscription" if interval else "additional_credits")
        account = None if seller is None else await self.account(seller)
        made = await publish_package(
            self.engine.ctx,
            seller_ref=self.platform.platform_id if account is None else account.account_id,
            tenant_id=None if account is None else account.tenant_id,
            currency=self.platform.currency if account is None else account.currency,
            package_id=package_id,
            kind=kind,
            terms=Terms(
                name=name or f"{credits or 'extra'} {kind}",
                price_minor=price_minor,
                credits=credits,
                chatbots=chatbots,
                billing_interval=interval,
                full_price_first=full_price_first,
                expires_after_days=expires_after_days,
                rolls_over=rolls_over,
                credits_price_minor=0 if kind == "extra_chatbots" else price_minor,
                chatbots_price_minor=price_minor if kind == "extra_chatbots" else 0,
            ),
            moment=self.engine.clock.moment(),
        )
        assert isinstance(made, Published), made
        self.engine.run(made.effects)
        return made.package_id

    async def plan_of(self, seller: str) -> UUID:
        """A subscription that a seller offers."""
        account = await self.account(seller)
        offer = await read_offer(
            self.db, seller_ref=account.seller_ref, currency=account.currency, lock=False
        )
        return next(p.package_id for p in offer.packages.values() if p.kind == "subscription")

    async def rate(self, seller: str, model: str, credits: int) -> None:
        """Set a rate of a seller."""
        account = await self.account(seller)
        await set_rate(
            self.engine.ctx,
            seller_ref=account.account_id,
            model=model,
            credits=credits,
            moment=self.engine.clock.moment(),
        )

    async def card(self, name: str, token: str = "tok_success") -> None:
        """Save a card for an account at its seller's gateway account."""
        account = await self.account(name)
        assert account.parent_id is not None
        seller = await accounts.read_account(self.db, account.tenant_id, account.parent_id)
        assert seller is not None
        saved = await self.engine.gateway.save_method(
            account_ref=seller.merchant_ref, customer_id=None, token=f"{token}#{name}"
        )
        assert isinstance(saved, SavedMethod), saved
        recorded = await record_card(
            self.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            gateway_account=seller.merchant_ref,
            saved=saved,
            moment=self.engine.clock.moment(),
        )
        assert recorded is not None
        self.engine.run(recorded.effects)

    async def auto_billing(self, name: str, *, enabled: bool = True, **limits: Any) -> Any:
        """Switch auto-billing of an account, with the limits named."""
        account = await self.account(name)
        answer = await set_auto_billing(
            self.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            setting=AutoBillingSetting(enabled=enabled, **limits),
            monthly_limit=limits.get("per_month_minor") or "none",
            given_by=account.owner_name,
            terms="Charge my card for what is missing.",
            moment=self.engine.clock.moment(),
        )
        if isinstance(answer, AutoBillingSet):
            self.engine.run(answer.effects)
        return answer

    async def stock(self, name: str, credits: int = 0, chatbots: int = 0) -> None:
        """Allot stock to an account from its seller."""
        account = await self.account(name)
        assert account.parent_id is not None
        seller = await accounts.read_account(self.db, account.tenant_id, account.parent_id)
        assert seller is not None
        given = await allot(
            self.engine.ctx,
            seller=seller,
            child=account,
            credits=credits,
            chatbots=chatbots,
            key=self.key(),
            body_hash=b"",
            moment=self.engine.clock.moment(),
        )
        assert isinstance(given, Allotted), given
        self.engine.run(given.effects)

    async def spend(
        self, name: str, credits: int, *, key: str | None = None, wait_ms: int = WAIT_MS
    ) -> Any:
        """Spend as the API does."""
        account = await self.account(name)
        return await self.engine.spend(
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            wait_ms=wait_ms,
            key=key or self.key(),
            body_hash=str(credits).encode(),
            credits=credits,
            model=None,
            messages=None,
        )

    async def buy(
        self,
        name: str,
        package: UUID,
        quantity: int = 1,
        *,
        key: str | None = None,
        wait_ms: int = WAIT_MS,
    ) -> Any:
        """Buy as the API does."""
        account = await self.account(name)
        return await self.engine.buy(
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            wait_ms=wait_ms,
            package_id=package,
            quantity=quantity,
            key=key or self.key(),
            body_hash=package.bytes + bytes([quantity % 256]),
        )

    async def create_chatbot(self, name: str, external_id: str) -> Any:
        """Create a chatbot as the API does."""
        account = await self.account(name)
        return await self.engine.create_chatbot(
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            wait_ms=WAIT_MS,
            external_id=external_id,
            name=external_id,
            key=self.key(),
            body_hash=external_id.encode(),
        )

    async def settle(self) -> None:
        """Wait until everything that follows is done."""
        await self.engine.idle()

    async def advance(self, to: datetime | None = None, **span: int) -> ClockState:
        """Let business time pass, and all that is due in it be done: ``days=30`` (R38)."""
        begun = await begin_advance(
            self.db,
            to=to,
            span=None if to else timedelta(**span),
            moment=self.engine.clock.moment(),
        )
        assert isinstance(begun, ClockState), begun
        self.engine.run((AdvanceClock(),))
        async with asyncio.timeout(WITHIN_S):
            await self.settle()
        # Another process may have it in hand.
        state = await watch_clock(self.db, timeout_s=WITHIN_S, seen=lambda _: None)
        assert state.target_at is None, state
        await self.engine.follow_clock()
        await self.settle()
        return state

    async def credits(self, name: str) -> Stock:
        """The credits of an account."""
        account = await self.account(name)
        return (await read_stock(self.db, account.tenant_id, account.account_id))[0]

    async def chatbots(self, name: str) -> Stock:
        """The chatbots of an account."""
        account = await self.account(name)
        return (await read_stock(self.db, account.tenant_id, account.account_id))[1]


async def open_sandbox(engine: Engine, name: str = "Stellar") -> Sandbox:
    """A platform with the price list of R15 and extra chatbots for $5.00 a month."""
    platform = await open_platform(
        engine.ctx,
        name=name,
        currency="USD",
        owner_email="owner@platform.example",
        zone="UTC",
        moment=engine.clock.moment(),
    )
    sandbox = Sandbox(engine, platform)
    for credits, price_minor in PRICE_LIST:
        await sandbox.package(None, price_minor, credits=credits, name=f"{credits:,} credits")
    await sandbox.package(None, 500, kind="extra_chatbots", interval="month", name="Extra chatbot")
    return sandbox
