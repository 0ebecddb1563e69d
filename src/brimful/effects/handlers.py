"""What is done for each kind of effect."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from brimful.domain.effect import (
    AdvanceClock,
    DetachDue,
    Drive,
    DriveMany,
    DriveRefund,
    DriveRenewals,
    Effect,
    HandleEvent,
    LookAhead,
    MailDue,
    Plan,
    PlanBelow,
    ReadAccount,
    Renew,
    Wake,
    WarnDue,
    WebhooksDue,
)
from brimful.domain.moment import Moment
from brimful.effects.detach_cards import detach_due
from brimful.effects.drive import Driver, drive
from brimful.effects.drive_many import drive_many, sort_out
from brimful.effects.drive_refund import drive_refund
from brimful.effects.handle_event import handle_event
from brimful.effects.read_account import read_account
from brimful.effects.renewing import Renewing
from brimful.effects.runner import Handler
from brimful.effects.waiting import Waiters
from brimful.ledger.demands import find_waiting_below
from brimful.usecases.buy_ahead import buy_ahead
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.steps import Step, reached
from brimful.usecases.warn import warn_due

# So many removed cards are taken up at a time.
DETACHED_AT_ONCE = 50
# One hour's renewals have few places, and their own: of sellers whose clients' are begun, and of groups that
# are driven, to which whatever waits of their tenant goes along. More of these would only wait at the
# gateway, under leases that run out meanwhile; and what follows from them, such as what sellers buy for it,
# comes at their pace.
APART: Mapping[type, int] = {Renew: 4, DriveRenewals: 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """The doers of effects: each returns what follows. ``mail`` sends what is due, ``webhooks``
    begins to; ``advance`` moves the test clock."""

    driver: Driver
    renewing: Renewing
    waiters: Waiters
    mail: Callable[[], Awaitable[object]]
    webhooks: Callable[[], Awaitable[None]]
    advance: Callable[[], Awaitable[None]]

    def by_kind(self) -> dict[type, Handler]:
        """The doer of each kind."""
        return {
            Drive: self._drive,
            DriveMany: self._drive_many,
            DriveRenewals: self._drive_renewals,
            DriveRefund: self._drive_refund,
            Renew: self._renew,
            Plan: self._plan,
            PlanBelow: self._plan_below,
            Wake: self._wake,
            MailDue: self._mail,
            WebhooksDue: self._webhooks,
            DetachDue: self._detach,
            AdvanceClock: self._advance,
            LookAhead: self._look_ahead,
            WarnDue: self._warn,
            HandleEvent: self._handle_event,
            ReadAccount: self._read_account,
        }

    def _now(self) -> Moment:
        return self.driver.now()

    async def _drive(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Drive)
        return await drive(self.driver, tenant_id=effect.tenant_id, purchase_id=effect.purchase_id)

    async def _drive_many(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, DriveMany)
        return await sort_out(
            self.driver, tenant_id=effect.tenant_id, purchase_ids=effect.purchase_ids
        )

    async def _drive_renewals(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, DriveRenewals)
        return await drive_many(
            self.driver, tenant_id=effect.tenant_id, purchase_ids=effect.purchase_ids
        )

    async def _drive_refund(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, DriveRefund)
        return await drive_refund(
            self.driver, tenant_id=effect.tenant_id, refund_id=effect.refund_id
        )

    async def _renew(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Renew)
        await self.renewing.renew(effect)
        return ()

    async def _plan(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Plan)
        await reached(Step.before_plan, effect)
        effects = await plan_auto_billing(
            self.driver.ctx,
            tenant_id=effect.tenant_id,
            account_id=effect.account_id,
            moment=self._now(),
        )
        await reached(Step.intent_committed, effect)
        return effects

    async def _plan_below(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, PlanBelow)
        tenant_id, db = effect.tenant_id, self.driver.ctx.db
        waiting = await find_waiting_below(db, tenant_id, effect.account_ids)
        return tuple(Plan(tenant_id, account_id) for account_id in waiting)

    async def _wake(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, Wake)
        self.waiters.wake(effect.operation_id)
        return ()

    async def _mail(self, effect: Effect) -> tuple[Effect, ...]:
        # Whoever has a webhook is told at once, whatever the mail server does.
        await self.webhooks()
        await self.mail()
        return ()

    async def _webhooks(self, effect: Effect) -> tuple[Effect, ...]:
        await self.webhooks()
        return ()

    async def _detach(self, effect: Effect) -> tuple[Effect, ...]:
        driver = self.driver
        await detach_due(driver.ctx.db, driver.gateway, self._now(), DETACHED_AT_ONCE)
        return ()

    async def _advance(self, effect: Effect) -> tuple[Effect, ...]:
        await self.advance()
        return ()

    async def _look_ahead(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, LookAhead)
        return await buy_ahead(
            self.driver.ctx,
            tenant_id=effect.tenant_id,
            account_id=effect.account_id,
            moment=self._now(),
        )

    async def _warn(self, effect: Effect) -> tuple[Effect, ...]:
        return await warn_due(self.driver.ctx, moment=self._now())

    async def _handle_event(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, HandleEvent)
        return await handle_event(self.driver, effect.event_id)

    async def _read_account(self, effect: Effect) -> tuple[Effect, ...]:
        assert isinstance(effect, ReadAccount)
        ids = {"tenant_id": effect.tenant_id, "account_id": effect.account_id}
        return await read_account(self.driver, **ids)
