"""The one place that joins the parts: use cases, the gateway, the clock, those who wait."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from brimful.billing import authentications, purchases
from brimful.db.ids import new_id
from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.domain.effect import AdvanceClock, Drive, Effect
from brimful.domain.moment import Moment
from brimful.domain.payment import BadEvent
from brimful.domain.reason import Reason, Refuse
from brimful.effects.advance_clock import advance_clock
from brimful.effects.clocks import DatabaseClock
from brimful.effects.drive import Driver, drive
from brimful.effects.due_work import begin_due_work
from brimful.effects.following import Following
from brimful.effects.gatherer import Gatherer
from brimful.effects.giving_up import GivingUp
from brimful.effects.handlers import APART, Handlers
from brimful.effects.http_post import Poster
from brimful.effects.renewing import Renewing
from brimful.effects.runner import Runner
from brimful.effects.send_mail import send_due
from brimful.effects.send_webhooks import Courier
from brimful.effects.spending import Spending
from brimful.effects.waiting import Waiters, refusal_of
from brimful.gateways.connections import Connections
from brimful.gateways.pages import Pages
from brimful.gateways.port import Gateway
from brimful.gateways.records import Records
from brimful.ledger.spends import NewHold, NewSpend
from brimful.notices.mailer import Mailer
from brimful.settings import Settings
from brimful.usecases.answers import (
    Bought,
    ChatbotCreated,
    KeyConflict,
    Missing,
    Pending,
    SpendDone,
    TooMuch,
)
from brimful.usecases.authenticate import begin_authentication
from brimful.usecases.buy_package import buy_package, find_begun
from brimful.usecases.change_plan import ChangeRecorded, change_subscription
from brimful.usecases.come_back import read_return
from brimful.usecases.context import Context, CoverCache
from brimful.usecases.create_chatbot import create_chatbot
from brimful.usecases.credit_leases import tell_lease
from brimful.usecases.end_hold import HoldRef
from brimful.usecases.receive_event import receive_event
from brimful.usecases.refund_charge import RefundBegun, refund_charge
from brimful.usecases.settle_spends import settle_spends

# So many mails are sent at a time.
MAILS_AT_ONCE = 50
# How often a payment is looked at whose owner waits, in seconds.
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticating:
    """How a charge with its owner present stands: the purchase's state, or action_required with
    where the owner confirms it."""

    purchase_id: UUID
    state: str
    reason: str | None
    action_url: str | None
    # Where the owner is led on to, if whoever opened the link said so.
    return_url: str | None = None


class Engine:
    """Use cases joined to their effects: what the API, the pages and the worker call."""

    def __init__(
        self,
        *,
        db: Database,
        gateway: Gateway,
        gateway_name: str,
        clock: Clock,
        mailer: Mailer,
        settings: Settings,
        pages: Pages | None = None,
        records: Records | None = None,
        connections: Connections | None = None,
        covers: CoverCache | None = None,
    ) -> None:
        """``pages`` are those that the gateway hosts, ``records`` its own list of payments,
        ``connections`` the accounts that sellers have there; without them none are offered, nothing
        can be reconciled, and none is asked after. ``covers`` may be shared by several
        engines of one process."""
        self.settings = settings
        self.clock = clock
        self.gateway = gateway
        self.mailer = mailer
        self.pages = pages
        self.records = records
        self.ctx = Context(
            db=db,
            gateway=gateway_name,
            minimum_minor=gateway.minimum_minor,
            public_url=settings.public_url,
            covers=covers or CoverCache(),
        )
        self.driver = Driver(
            ctx=self.ctx,
            gateway=gateway,
            now=self.now,
            lease_s=float(settings.lease_s),
            connections=connections,
        )
        self.waiters = Waiters(db)
        self.gatherer = Gatherer(partial(settle_spends, self.ctx))
        self.spending = Spending(
            ctx=self.ctx,
            now=self.now,
            run=self.run,
            gatherer=self.gatherer,
            following=Following(self.ctx, self.now),
            waiters=self.waiters,
            giving_up=GivingUp(ctx=self.ctx, now=self.now, run=self.run, waiters=self.waiters),
        )
        self.renewing = Renewing(ctx=self.ctx, now=self.now, run=self.run, waiters=self.waiters)
        poster = Poster(production=settings.production)
        self.courier = Courier(ctx=self.ctx, poster=poster, now=self.now, run=self.run)
        handlers = Handlers(
            driver=self.driver,
            renewing=self.renewing,
            waiters=self.waiters,
            mail=self._mail,
            webhooks=self.courier.send_due,
            advance=self._advance,
        )
        self.runner = Runner(handlers.by_kind(), apart=APART)

    def now(self) -> Moment:
        """The present business and real time."""
        return self.clock.moment()

    def run(self, effects: Iterable[Effect]) -> None:
        """Start what follows from a commit."""
        self.runner.run(effects)

    @property
    def has_test_clock(self) -> bool:
        """Whether there may be a test clock, so that ``follow_clock`` has to look where it stands."""
        return isinstance(self.clock, DatabaseClock)

    async def follow_clock(self) -> tuple[Effect, ...]:
        """See where the test clock stands, if there may be one: before each request and scan (R38).
        What follows when it is to be moved on."""
        if not isinstance(self.clock, DatabaseClock):
            return ()
        state = await self.clock.refresh()
        return () if state is None or state.target_at is None else (AdvanceClock(),)

    async def spend(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **spend: Any
    ) -> SpendDone | Pending | Refuse | KeyConflict:
        """Spend, and wait for the account's auto-billing for at most ``wait_ms`` (R16, R20). Raises
        Overloaded."""
        new = NewSpend(tenant_id=tenant_id, account_id=account_id, spend_id=new_id(), **spend)
        return await self.spending.spend(new, wait_ms)

    async def hold(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **hold: Any
    ) -> SpendDone | Pending | Refuse | KeyConflict:
        """Hold credits, and wait for the account's auto-billing for at most ``wait_ms`` (R39). The time
        of a lease runs from its answer, which is this. Raises Overloaded."""
        new = NewHold(tenant_id=tenant_id, account_id=account_id, spend_id=new_id(), **hold)
        answer = await self.spending.spend(new, wait_ms)
        if isinstance(answer, SpendDone) and new.held_as == "lease":
            ref = HoldRef(tenant_id=tenant_id, account_id=account_id, hold_id=answer.spend_id)
            await tell_lease(self.ctx, ref, now=self.now)
        return answer

    async def spend_all(
        self, asked: Sequence[NewSpend], wait_ms: int
    ) -> list[SpendDone | Pending | Refuse | KeyConflict | Exception]:
        """Spends of any accounts, settled together; see ``Spending.spend_all``."""
        return await self.spending.spend_all(asked, wait_ms)

    async def buy(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **purchase: Any
    ) -> Bought | Pending | Refuse | KeyConflict | Missing | TooMuch:
        """Buy a package, and wait for the outcome for at most ``wait_ms``; the purchase goes on."""
        if not await self.renewing.renew_first(tenant_id, account_id, wait_ms):
            # What was begun for the key is no less begun for that (R39).
            known = {"key": purchase["key"], "body_hash": purchase["body_hash"]}
            begun = await find_begun(self.ctx, tenant_id=tenant_id, account_id=account_id, **known)
            if isinstance(begun, KeyConflict):
                return begun
            if begun is not None:
                return await self._outcome(tenant_id, account_id, begun, 0)
            return Refuse(reason=Reason.purchase_under_way, account_id=str(account_id), detail={})
        answer = await buy_package(
            self.ctx,
            tenant_id=tenant_id,
            account_id=account_id,
            moment=self.clock.moment(),
            **purchase,
        )
        if not isinstance(answer, Bought):
            return answer
        return await self._outcome(tenant_id, account_id, answer, wait_ms)

    async def change_subscription(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **change: Any
    ) -> Bought | ChangeRecorded | Pending | Refuse | KeyConflict | Missing | TooMuch:
        """Change a plan, and wait for an upgrade's outcome for at most ``wait_ms`` (R37)."""
        answer = await change_subscription(
            self.ctx,
            tenant_id=tenant_id,
            account_id=account_id,
            moment=self.clock.moment(),
            **change,
        )
        if not isinstance(answer, Bought):
            return answer
        return await self._outcome(tenant_id, account_id, answer, wait_ms)

    async def _outcome(
        self, tenant_id: UUID, account_id: UUID, begun: Bought, wait_ms: int
    ) -> Bought | Pending | Refuse:
        self.run(begun.effects)
        row = await self.waiters.wait(tenant_id, begun.purchase_id, wait_ms / 1000)
        if row is None:
            return Pending(operation_id=begun.purchase_id)
        return begun if row["state"] == "delivered" else refusal_of(account_id, row)

    async def authenticate(
        self, token: str, return_url: str | None = None
    ) -> Authenticating | Refuse | Missing:
        """An owner who is there opens a link (R29): make the charge that the bank wants confirmed,
        if it was not made, and say how it stands."""
        begun = await begin_authentication(
            self.ctx, token=token, return_url=return_url, moment=self.clock.moment()
        )
        if not isinstance(begun, Bought):
            return begun
        tenant_id = authentications.tenant_of(token)
        assert tenant_id is not None, "a link that leads to a purchase names its tenant"
        ours = Drive(tenant_id, begun.purchase_id)
        self.run(effect for effect in begun.effects if effect != ours)
        return await self._authenticating(tenant_id, begun.purchase_id)

    async def come_back(self, reference: str) -> Authenticating | Missing:
        """An owner comes back from the bank by an address of ours (R29): ask the gateway how the
        charge stands, record that, and say it."""
        back = await read_return(self.ctx.db, reference)
        if back is None:
            return Missing(what="authentication")
        return await self._authenticating(back.tenant_id, back.purchase_id)

    async def _authenticating(self, tenant_id: UUID, purchase_id: UUID) -> Authenticating:
        """Drive a charge whose owner is there, for a while, and say how it stands."""
        ours = Drive(tenant_id, purchase_id)
        until = asyncio.get_running_loop().time() + self.settings.wait_ms / 1000
        while True:
            more = await drive(self.driver, tenant_id=tenant_id, purchase_id=purchase_id)
            self.run(effect for effect in more if effect != ours)
            purchase = await purchases.read_purchase(self.ctx.db, tenant_id, purchase_id)
            assert purchase is not None
            over = self.waiters.ended or asyncio.get_running_loop().time() > until
            if not purchase.is_asked or over:
                break
            # Another has it in hand; its row says when that is done.
            await asyncio.sleep(POLL_S)
        link = await authentications.read_return(self.ctx.db, tenant_id, purchase_id)
        waits = purchase.state == "authenticating"
        return Authenticating(
            purchase_id=purchase_id,
            state="action_required" if waits else purchase.state,
            reason=purchase.reason,
            action_url=link.action_url if waits and link is not None else None,
            return_url=None if link is None else link.return_url,
        )

    async def refund(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **refund: Any
    ) -> RefundBegun | Refuse | KeyConflict | Missing:
        """Refund a charge, and wait for the gateway's answer for at most ``wait_ms``; the refund goes
        on (R25)."""
        answer = await refund_charge(
            self.ctx,
            tenant_id=tenant_id,
            account_id=account_id,
            moment=self.clock.moment(),
            **refund,
        )
        if not isinstance(answer, RefundBegun):
            return answer
        self.run(answer.effects)
        row = await self.waiters.wait(tenant_id, answer.refund_id, wait_ms / 1000)
        if row is not None and row["state"] == "refused":
            detail = {"gateway_code": str(row["reason"])}
            return Refuse(reason=Reason.refund_refused, account_id=str(account_id), detail=detail)
        return answer

    async def create_chatbot(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **chatbot: Any
    ) -> ChatbotCreated | Pending | Refuse | KeyConflict:
        """Create a chatbot, and wait for its seat for at most ``wait_ms``."""
        answer = await create_chatbot(
            self.ctx,
            tenant_id=tenant_id,
            account_id=account_id,
            moment=self.clock.moment(),
            **chatbot,
        )
        if not isinstance(answer, ChatbotCreated) or answer.state != "waiting":
            return answer
        self.run(answer.effects)
        row = await self.waiters.wait(tenant_id, answer.chatbot_id, wait_ms / 1000)
        if row is None:
            return Pending(operation_id=answer.chatbot_id)
        if row["state"] == "refused":
            return refusal_of(account_id, row)
        return ChatbotCreated(chatbot_id=answer.chatbot_id, state=row["state"])

    async def receive_event(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        """Take an event of the gateway: False when it is malformed or not authentic. Otherwise it is
        stored when this returns, and is handled afterwards (R45)."""
        event = self.gateway.parse_event(body=body, headers=headers)
        if isinstance(event, BadEvent):
            return False
        await self.follow_clock()
        effects = await receive_event(self.ctx, event=event, moment=self.now())
        if effects is None:
            return False
        if not self.runner.busy:
            # Otherwise the scan takes it up: events do not crowd out what money waits for.
            self.run(effects)
        return True

    async def take_up_due_work(self, limit: int = 200) -> int:
        """One scan of what the rows say is due and nobody does: a crashed process's work, retries,
        callers that went away. Returns how much was begun (R24)."""
        clock = await self.follow_clock()
        begun = await begin_due_work(self.ctx, now=self.now, run=self.run, limit=limit)
        self.run(clock)
        return begun

    async def idle(self) -> None:
        """Wait until nothing is being done or sent: what was sent may be followed by more to do, and that
        by more to send."""
        while self.runner.is_doing or self.courier.is_sending:
            await self.runner.idle()
            await self.courier.idle()

    def end(self, within_s: float) -> None:
        """The process is told to stop: nobody waits here any more, nothing is begun, and what is being done
        has ``within_s`` seconds of real time. Whoever waits hears that there is no answer yet, so that its
        spend is not debited any more (R20); the rows keep due what is not done."""
        self.waiters.end()
        self.runner.end(within_s)

    async def stop(self) -> None:
        """Stop doing effects, after the time that was left them, if any; what is unfinished stays due."""
        await self.gatherer.stop()
        await self.courier.stop()
        await self.runner.stop()
        await self.waiters.stop()

    async def _mail(self) -> None:
        sender = self.settings.mail_from
        await send_due(self.ctx.db, self.mailer, self.now, MAILS_AT_ONCE, sender)

    async def _advance(self) -> None:
        assert isinstance(self.clock, DatabaseClock)
        work, rest = self.take_up_due_work, self.runner.rest
        await advance_clock(self.ctx.db, self.clock, work, rest, self.driver.lease_s)
