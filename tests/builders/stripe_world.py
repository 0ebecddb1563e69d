"""A world whose money is at a Stripe of our own, reached through the unmodified SDK."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from brimful.billing.accounts import Account
from brimful.cli.sandbox import open_sandbox
from brimful.db.transaction import Database
from brimful.domain.payment import SavedMethod
from brimful.effects.clocks import SystemClock
from brimful.gateways.pages import HostedPage, Onboarding
from brimful.gateways.stripe.adapter import Stripe
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.usecases.host_pages import connect_seller
from brimful.usecases.save_card import record_card
from brimful.wiring import Engine
from tests.builders.world import World
from tests.stripe_server.core import TEST_KEY
from tests.stripe_server.server import StripeServer, serving
from tests.stripe_server.state import PLATFORM

BACK = "https://app.example.com/billing?tab=cards"
# The events of the platform's own account, and those of connected accounts.
SECRET, CONNECT_SECRET = "whsec_platform", "whsec_connect"


class StripeWorld(World):
    """The world, with sellers that connect their accounts and owners that save cards on pages."""

    gateway: Stripe
    server: StripeServer
    stripe_url: str

    async def open(
        self, name: str, below: str | None = None, *, sells: bool = False, currency: str = "USD"
    ) -> Account:
        """Open an account; one that sells connects its own account at Stripe."""
        made = await super().open(name, below, sells=sells, currency=currency)
        if sells:
            page = await self.gateway.onboarding_page(
                account_ref=None,
                reference=made.account_id.hex,
                email=made.owner_email,
                return_url=BACK,
            )
            assert isinstance(page, Onboarding), page
            self.server.hooks.onboard(page.account_ref)
            await connect_seller(
                self.engine.ctx,
                tenant_id=made.tenant_id,
                account_id=made.account_id,
                merchant_ref=page.account_ref,
                moment=self.engine.now(),
            )
        return await self.account(name)

    async def card(self, name: str, token: str = "visa") -> None:
        """Save a test card on a page of Stripe's."""
        account = await self.account(name)
        merchant = await self.merchant_of(name)
        page = await self.gateway.setup_page(
            account_ref=merchant,
            customer_id=None,
            reference=account.account_id.hex,
            return_url=BACK,
        )
        assert isinstance(page, HostedPage), page
        self.server.hooks.complete_checkout(page.page_id, token)
        saved = await self.gateway.save_method(
            account_ref=merchant, customer_id=page.customer_id, token=page.page_id
        )
        assert isinstance(saved, SavedMethod), saved
        recorded = await record_card(
            self.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            gateway_account=merchant,
            saved=saved,
            moment=self.engine.now(),
        )
        self.engine.run(recorded.effects)

    async def merchant_of(self, name: str) -> str:
        """The gateway account on which an account is charged."""
        merchant: str = await self.db.fetchval(
            "select p.merchant_ref from account a join account p using (tenant_id) "
            "where a.account_id = $1 and p.account_id = a.parent_id",
            self.names[name],
        )
        return merchant

    def taken(self, merchant: str | None = None) -> list[int]:
        """By Stripe's own books: the amounts captured, of one account or all."""
        account = PLATFORM if merchant == "platform" else merchant
        return [
            line.amount_minor
            for line in self.server.state.journal.lines
            if line.movement == "capture" and account in (None, line.account)
        ]

    def held_open(self) -> list[str]:
        """By Stripe: the payments that still hold a card."""
        return [
            intent["id"]
            for book in self.server.state.books.values()
            for intent in book.of("payment_intent")
            if intent["status"] == "requires_capture"
        ]


@contextlib.asynccontextmanager
async def running_stripe_world(db: Database, mail: Path) -> AsyncIterator[StripeWorld]:
    """An engine on a database that charges at a Stripe, with the platform's price list (R15)."""
    async with serving() as (url, server):
        gateway = Stripe(
            TEST_KEY,
            url=url,
            timeout_s=60,
            events_secret=SECRET,
            connect_events_secret=CONNECT_SECRET,
        )
        engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="stripe",
            clock=SystemClock(),
            mailer=FolderMailer(mail),
            settings=Settings(),
            pages=gateway,
            connections=gateway,
        )
        world = StripeWorld(engine, (await open_sandbox(engine)).platform)
        world.gateway, world.server, world.stripe_url = gateway, server, url
        try:
            yield world
            await world.settle()
        finally:
            await engine.stop()
            await gateway.close()
        assert server.crashes == []
