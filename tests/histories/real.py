"""The engine as it is, on PostgreSQL and a bank in memory, taking the same steps as the model."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from brimful.billing import accounts, renewals
from brimful.billing.accounts import Account
from brimful.billing.catalogues import Terms
from brimful.billing.settings_records import AutoBillingSetting
from brimful.cli.sandbox import Sandbox
from brimful.domain.effect import DetachDue, Effect, MailDue, Renew
from brimful.domain.payment import SavedMethod
from brimful.effects.runner import Runner
from brimful.usecases.allot import Allotted, allot
from brimful.usecases.answers import Bought, ChatbotCreated, SpendDone
from brimful.usecases.delete_chatbot import delete_chatbot
from brimful.usecases.publish_package import Published, publish_package
from brimful.usecases.save_card import record_card, remove_card
from brimful.usecases.set_auto_billing import AutoBillingSet, set_auto_billing
from brimful.wiring import Engine
from tests.builders.calendar import StandingClock
from tests.builders.memory_bank import MemoryTestbank
from tests.histories.offers import OFFERS, ROOT, SELLERS, TREE, Offered
from tests.histories.parties import CARDS

_INTERVALS: dict[int, Any] = {1: "month", 3: "quarter", 12: "year"}


def one_by_one(engine: Engine) -> None:
    """Let the engine do one effect after the other, and begin no renewals before what is under way
    is over, so that a history has one outcome; mail and the removal of cards at the bank are no part
    of it."""
    renews = engine.runner._handlers[Renew]

    async def nothing(effect: Effect) -> tuple[Effect, ...]:
        return ()

    async def renew_last(effect: Effect) -> tuple[Effect, ...]:
        others = [one for one in engine.runner._tasks if not isinstance(one, Renew)]
        return (effect,) if others else await renews(effect)

    put = {MailDue: nothing, DetachDue: nothing, Renew: renew_last}
    handlers = {**engine.runner._handlers, **put}
    engine.runner = Runner(handlers, limit=1)


class Real:
    """One tenant of an engine: the accounts of one history."""

    def __init__(self, sandbox: Sandbox, clock: StandingClock, number: int) -> None:
        self.sandbox, self.clock, self.number = sandbox, clock, number
        self.engine, self.db = sandbox.engine, sandbox.db
        assert isinstance(self.engine.gateway, MemoryTestbank)
        self.bank = self.engine.gateway
        self.seen = len(self.bank.journal.effects)
        self.paid: dict[str, int] = {}
        self.held: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        self.packages: dict[str, list[UUID]] = {}
        self.bots: dict[str, list[UUID]] = {}
        self.closed: set[str] = set()
        # Keys are one tenant's, but those by which agencies are opened are the platform's.
        sandbox._count = number * 1_000_000

    async def open(self, platform_packages: list[UUID]) -> None:
        """Open the accounts with all that they sell."""
        self.packages[ROOT] = platform_packages
        for name, seller in TREE.items():
            below = None if seller == ROOT else seller
            self.accounts[name] = await self.sandbox.open(name, below, sells=name in SELLERS)
        for name in SELLERS:
            ref = self.accounts[name].seller_ref
            self.packages[name] = [await self.publish(ref, one) for one in OFFERS[name]]
        supply = self.accounts["Agency"].parent_id
        assert supply is not None
        found = await accounts.read_account(self.db, self.tenant, supply)
        assert found is not None
        self.accounts[ROOT] = found

    async def publish(self, seller_ref: UUID, one: Offered) -> UUID:
        """Offer a package."""
        of_seats = one.kind == "extra_chatbots"
        made = await publish_package(
            self.engine.ctx,
            seller_ref=seller_ref,
            # Nobody buys automatically yet.
            tenant_id=None,
            currency="USD",
            package_id=None,
            kind=one.kind,
            terms=Terms(
                name=one.name,
                price_minor=one.price,
                credits=one.credits,
                chatbots=one.chatbots,
                billing_interval=None
                if one.kind == "additional_credits"
                else _INTERVALS[one.months],
                expires_after_days=one.days,
                credits_price_minor=0 if of_seats else one.price,
                chatbots_price_minor=one.price if of_seats else 0,
            ),
            moment=self.clock.moment(),
        )
        assert isinstance(made, Published), made
        return made.package_id

    @property
    def tenant(self) -> UUID:
        """The tenant."""
        return self.accounts["Agency"].tenant_id

    def ids(self, name: str) -> dict[str, UUID]:
        """How an account is named to the use cases."""
        return {"tenant_id": self.tenant, "account_id": self.accounts[name].account_id}

    async def spend(self, name: str, credits: int) -> bool:
        """A reply is paid for."""
        answer = await self.engine.spend(
            **self.ids(name), wait_ms=20_000, key=self.sandbox.key(), body_hash=b"",
            credits=credits, model=None, messages=None,
        )  # fmt: skip
        return isinstance(answer, SpendDone)

    async def buy_package(self, name: str, number: int, count: int) -> bool:
        """A purchase by hand."""
        packages = self.packages[TREE[name]]
        answer = await self.engine.buy(
            **self.ids(name), wait_ms=20_000, package_id=packages[number % len(packages)],
            quantity=count, key=self.sandbox.key(), body_hash=b"",
        )  # fmt: skip
        return isinstance(answer, Bought)

    async def allot(self, name: str, credits: int, chatbots: int) -> bool:
        """A gift."""
        answer = await allot(
            self.engine.ctx,
            seller=self.accounts[TREE[name]],
            child=self.accounts[name],
            credits=credits,
            chatbots=chatbots,
            key=self.sandbox.key(),
            body_hash=b"",
            moment=self.clock.moment(),
        )
        return self.follow(answer, Allotted)

    async def switch(self, name: str, on: bool) -> bool:
        """Auto-billing on or off."""
        answer = await set_auto_billing(
            self.engine.ctx,
            **self.ids(name),
            setting=AutoBillingSetting(enabled=on, brake_factor=None),
            monthly_limit="none",
            given_by="Owner",
            terms="Charge my card for what is missing.",
            moment=self.clock.moment(),
        )
        return self.follow(answer, AutoBillingSet)

    def token(self, name: str, kind: str, number: int) -> str:
        """A card of this history alone."""
        return f"{CARDS[kind]}#{name}-{number}/{self.number}"

    async def save_card(self, name: str, kind: str, number: int) -> bool:
        """Another card. Of who is closed the API refuses it."""
        if name in self.closed:
            return False
        merchant = self.accounts[TREE[name]].merchant_ref
        token = self.token(name, kind, number)
        saved = await self.bank.save_method(account_ref=merchant, customer_id=None, token=token)
        assert isinstance(saved, SavedMethod)
        self.tokens[saved.method_id] = f"{CARDS[kind]}#{name}-{number}"
        recorded = await record_card(
            self.engine.ctx,
            **self.ids(name),
            gateway_account=merchant,
            saved=saved,
            role="primary",
            moment=self.clock.moment(),
        )
        self.engine.run(recorded.effects)
        return True

    async def remove_card(self, name: str) -> bool:
        """No card any more."""
        method = await self.db.fetchval(
            "select method_id from payment_method "
            "where tenant_id = $1 and account_id = $2 and removed_at is null",
            *self.ids(name).values(),
        )
        if method is None:
            return False
        effects = await remove_card(
            self.engine.ctx, **self.ids(name), method_id=method, moment=self.clock.moment()
        )
        assert isinstance(effects, tuple)
        self.engine.run(effects)
        return True

    async def open_bot(self, name: str) -> bool:
        """A chatbot more."""
        key = self.sandbox.key()
        answer = await self.engine.create_chatbot(
            **self.ids(name), wait_ms=20_000, external_id=key, name=key, key=key, body_hash=b""
        )
        if not isinstance(answer, ChatbotCreated):
            return False
        self.bots.setdefault(name, []).append(answer.chatbot_id)
        return True

    async def drop_bot(self, name: str) -> bool:
        """A chatbot less, the oldest."""
        if not self.bots.get(name):
            return False
        effects = await delete_chatbot(
            self.engine.ctx,
            **self.ids(name),
            chatbot_id=self.bots[name].pop(0),
            moment=self.clock.moment(),
        )
        assert isinstance(effects, tuple)
        self.engine.run(effects)
        return True

    async def pass_time(self, span: timedelta) -> bool:
        """Time goes on."""
        self.clock.at += span
        return True

    def follow(self, answer: Any, good: type) -> bool:
        """Whether it was done; what follows is done, too."""
        if not isinstance(answer, good):
            return False
        effects: Iterable[Effect] = answer.effects  # type: ignore[attr-defined]
        self.engine.run(effects)
        return True

    async def do(self, verb: str, *args: Any) -> bool:
        """One step, and all that is due then."""
        act: Callable[..., Any] = partial(getattr(self, verb), *args)
        done: bool = await act()
        await self.sandbox.settle()
        await self.catch_up()
        return done

    async def catch_up(self) -> None:
        """As a worker would: what is due of one seller's clients after the other, then a scan."""
        if not await self._left():
            return
        begun = 0
        while due := await renewals.find_due_sellers(self.db, self.now, 1):
            begun += 1
            assert begun < 200, "something stays due for ever"
            self.engine.run([Renew(*due[0])])
            await self.sandbox.settle()
        await self.engine.take_up_due_work()
        await self.sandbox.settle()

    async def retire(self) -> None:
        """The history is over; nothing of it becomes due in later ones, whose time begins anew."""
        await self.db.execute(
            "update subscription set wake_at = 'infinity' where tenant_id = $1", self.tenant
        )

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.clock.at

    async def _left(self) -> bool:
        """Something is due, waits for a worker or for being suspended."""
        return bool(
            await self.db.fetchval(_LEFT, self.tenant, self.now, self.now - timedelta(days=7))
        )


_LEFT = """
    select exists (select 1 from subscription
                   where tenant_id = $1 and wake_at <= $2 and state <> 'ended')
        or exists (select 1 from subscription
                   where tenant_id = $1 and state = 'past_due' and past_due_since <= $3)
        or exists (select 1 from demand where tenant_id = $1 and state in ('waiting', 'met'))
        or exists (select 1 from purchase
                   where tenant_id = $1 and state not in ('delivered', 'failed'))
"""
