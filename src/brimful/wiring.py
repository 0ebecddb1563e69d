"""The one place that joins the parts: use cases, the gateway, the clock, those who wait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from brimful.billing import payments
from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.domain.effect import DetachDue, Drive, Effect, MailDue, Plan, Wake
from brimful.domain.payment import BadEvent
from brimful.domain.reason import Reason, Refuse
from brimful.effects.detach_cards import detach_due
from brimful.effects.drive import Driver, drive, record_event
from brimful.effects.runner import Runner
from brimful.effects.send_mail import send_due
from brimful.effects.waiting import Waiters
from brimful.gateways.port import Gateway
from brimful.notices.mailer import Mailer
from brimful.settings import Settings
from brimful.usecases.answers import (
    Bought,
    ChatbotCreated,
    KeyConflict,
    Missing,
    SpendDone,
    SpendWaiting,
    TooMuch,
)
from brimful.usecases.buy_package import buy_package
from brimful.usecases.change_plan import ChangeRecorded, change_subscription
from brimful.usecases.close_account import empty_closed
from brimful.usecases.context import Context
from brimful.usecases.create_chatbot import create_chatbot
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.spend_credits import abandon_spend, spend_credits
from brimful.usecases.steps import Step, reached
from brimful.usecases.sweep import sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """No answer within the caller's wait; the work goes on (R20)."""

    operation_id: UUID


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
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.gateway = gateway
        self.mailer = mailer
        self.ctx = Context(db=db, gateway=gateway_name, minimum_minor=gateway.minimum_minor)
        self.driver = Driver(
            ctx=self.ctx, gateway=gateway, now=clock.moment, lease_s=float(settings.lease_s)
        )
        self.waiters = Waiters(db)
        self.runner = Runner(
            {
                Drive: self._drive,
                Plan: self._plan,
                Wake: self._wake,
                MailDue: self._mail,
                DetachDue: self._detach,
            }
        )

    def run(self, effects: Iterable[Effect]) -> None:
        """Start what follows from a commit."""
        self.runner.run(effects)

    async def spend(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **spend: Any
    ) -> SpendDone | Pending | Refuse | KeyConflict:
        """Spend, and wait for the account's auto-billing for at most ``wait_ms`` (R16, R20)."""
        answer = await spend_credits(
            self.ctx,
            tenant_id=tenant_id,
            account_id=account_id,
            wait_ms=wait_ms,
            moment=self.clock.moment(),
            **spend,
        )
        if not isinstance(answer, SpendWaiting):
            return answer
        await reached(Step.demand_registered, answer)
        self.run(answer.effects)
        row = await self.waiters.wait(tenant_id, answer.spend_id, wait_ms / 1000)
        if row is None:
            freed = await abandon_spend(
                self.ctx,
                tenant_id=tenant_id,
                account_id=account_id,
                spend_id=answer.spend_id,
                moment=self.clock.moment(),
            )
            if freed is not None:
                self.run(freed)
            else:
                row = await self.waiters.wait(tenant_id, answer.spend_id, 1)
        if row is None or row["state"] == "abandoned":
            return Pending(operation_id=answer.spend_id)
        if row["state"] == "done":
            return SpendDone(
                spend_id=answer.spend_id,
                credits=answer.credits,
                balance_after=row["balance_after"],
            )
        return _refusal(account_id, row)

    async def buy(
        self, *, tenant_id: UUID, account_id: UUID, wait_ms: int, **purchase: Any
    ) -> Bought | Pending | Refuse | KeyConflict | Missing | TooMuch:
        """Buy a package, and wait for the outcome for at most ``wait_ms``; the purchase goes on."""
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
        return begun if row["state"] == "delivered" else _refusal(account_id, row)

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
            return _refusal(account_id, row)
        return ChatbotCreated(chatbot_id=answer.chatbot_id, state=row["state"])

    async def receive_event(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        """Take an event of the gateway: False when it is not authentic (R45)."""
        event = self.gateway.parse_event(body=body, headers=headers)
        if isinstance(event, BadEvent):
            return False
        if event.payment_id is not None:
            self.run(
                await record_event(
                    self.driver,
                    payment_id=event.payment_id,
                    gateway_account=event.account_ref,
                    gateway=self.ctx.gateway,
                )
            )
        return True

    async def take_up_due_work(self, limit: int = 200) -> int:
        """One scan of what the rows say is due and nobody does: a crashed process's work, retries,
        callers that went away. Returns how much was begun (R24)."""
        moment = self.clock.moment()
        due: list[Effect] = [
            Drive(*ids) for ids in await payments.find_due(self.ctx.db, moment.real_at, limit)
        ]
        due += [
            Plan(*ids) for ids in await payments.find_unplanned(self.ctx.db, moment.real_at, limit)
        ]
        self.run([*due, MailDue(), DetachDue()])
        swept = await sweep(self.ctx, moment=moment)
        swept += await empty_closed(self.ctx, moment=moment)
        self.run(swept)
        return len(due) + len(swept)

    async def stop(self) -> None:
        """Stop doing effects; what is unfinished stays due."""
        await self.runner.stop()
        await self.waiters.stop()

    async def _drive(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Drive)
        return await drive(self.driver, tenant_id=effect.tenant_id, purchase_id=effect.purchase_id)

    async def _plan(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Plan)
        await reached(Step.before_plan, effect)
        effects = await plan_auto_billing(
            self.ctx,
            tenant_id=effect.tenant_id,
            account_id=effect.account_id,
            moment=self.clock.moment(),
        )
        await reached(Step.intent_committed, effect)
        return effects

    async def _wake(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Wake)
        self.waiters.wake(effect.operation_id)
        return ()

    async def _mail(self, effect: Effect) -> tuple[Effect, ...]:
        sender = self.settings.mail_from
        await send_due(self.ctx.db, self.mailer, self.clock.moment(), 50, sender)
        return ()

    async def _detach(self, effect: Effect) -> tuple[Effect, ...]:
        await detach_due(self.ctx.db, self.gateway, self.clock.moment(), 50)
        return ()


def _refusal(account_id: UUID, row: Mapping[str, Any]) -> Refuse:
    reason = Reason(row["reason"] or Reason.canceled)
    return Refuse(reason=reason, account_id=str(account_id), detail={})
