"""A world whose business time is moved by hand, its renewals, and what becomes of subscriptions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from brimful.billing.renewals import find_due_sellers
from brimful.cli.sandbox import WAIT_MS
from brimful.db.transaction import Database
from brimful.usecases.change_period_end import (
    PeriodEndSet,
    cancel_subscription,
    release_chatbots,
    resume_subscription,
)
from brimful.usecases.change_plan import ChangePreview, preview_change
from brimful.usecases.close_account import close_account
from brimful.usecases.move_account import move_due
from brimful.usecases.renew import renew_due
from brimful.usecases.steps import Step, set_hook
from tests.builders.clock import ShiftedClock
from tests.builders.world import World, running_world

# A month of 720 hours begins here.
STARTS = datetime(2027, 4, 1, 9, tzinfo=UTC)


class Year(World):
    """A world whose clock is moved by hand."""

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.engine.clock.moment().at

    async def until(self, at: datetime) -> None:
        """Move on to a time and renew all that is due by then, ancestors first, each hour's once."""
        cast(ShiftedClock, self.engine.clock).advance(at - self.now)
        if moved := await move_due(self.engine.ctx, moment=self.engine.clock.moment()):
            self.engine.run(moved)
            await self.settle()
        for _ in range(10):
            due = await find_due_sellers(self.db, self.now, 100)
            for tenant_id, seller_id in due:
                begun = await renew_due(
                    self.engine.ctx,
                    tenant_id=tenant_id,
                    seller_id=seller_id,
                    moment=self.engine.clock.moment(),
                )
                self.engine.run(begun.effects)
                await self.settle()
            if not due:
                return
        raise AssertionError("something stays due for ever")

    async def subscription(self, name: str, kind: str = "subscription") -> dict[str, Any]:
        """The subscription of an account that began last."""
        row = await self.db.fetchrow(
            "select * from subscription where account_id = $1 and kind = $2 "
            "order by subscription_id desc limit 1",
            self.names[name],
            kind,
        )
        assert row is not None
        return dict(row)

    async def _of(self, name: str, kind: str) -> dict[str, Any]:
        account = await self.account(name)
        held = await self.subscription(name, kind)
        return {
            "tenant_id": account.tenant_id,
            "account_id": account.account_id,
            "subscription_id": held["subscription_id"],
        }

    async def cancel(self, name: str, kind: str = "subscription") -> None:
        """Cancel a subscription at period end."""
        of = await self._of(name, kind)
        moment = self.engine.clock.moment()
        assert await cancel_subscription(self.engine.ctx, **of, moment=moment) == PeriodEndSet()

    async def resume(self, name: str, kind: str = "subscription") -> None:
        """Let it go on as it is."""
        of = await self._of(name, kind)
        moment = self.engine.clock.moment()
        assert await resume_subscription(self.engine.ctx, **of, moment=moment) == PeriodEndSet()

    async def release(self, name: str, chatbots: int) -> Any:
        """Let so many extra chatbots go at period end."""
        of = await self._of(name, "extra_chatbots")
        moment = self.engine.clock.moment()
        return await release_chatbots(self.engine.ctx, **of, chatbots=chatbots, moment=moment)

    async def change(self, name: str, package: UUID, *, key: str | None = None) -> Any:
        """Change a plan as the API does."""
        of = await self._of(name, "subscription")
        answer = await self.engine.change_subscription(
            **of,
            wait_ms=WAIT_MS,
            package_id=package,
            key=key or self.key(),
            body_hash=package.bytes,
        )
        await self.settle()
        return answer

    async def preview(self, name: str, package: UUID) -> ChangePreview:
        """What the change would mean."""
        of = await self._of(name, "subscription")
        moment = self.engine.clock.moment()
        told = await preview_change(self.engine.ctx, **of, package_id=package, moment=moment)
        assert isinstance(told, ChangePreview), told
        return told

    async def close(self, name: str) -> Any:
        """Close an account."""
        account = await self.account(name)
        answer = await close_account(
            self.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            given_by="Its owner",
            moment=self.engine.clock.moment(),
        )
        self.engine.run(getattr(answer, "effects", ()))
        await self.settle()
        return answer

    async def bots(self, name: str) -> dict[str, str]:
        """The state of each chatbot of an account."""
        rows = await self.db.fetch(
            "select external_id, state from chatbot where account_id = $1 order by chatbot_id",
            self.names[name],
        )
        return {row["external_id"]: row["state"] for row in rows}


@contextlib.asynccontextmanager
async def running_year(db: Database, mail: Path, at: datetime = STARTS) -> AsyncIterator[Year]:
    """A platform with its price list on a clock that is moved by hand."""
    async with running_world(db, mail, clock=ShiftedClock(at)) as made:
        year = Year(made.engine, made.platform)
        year.desk, year.names = made.desk, made.names
        yield year


@contextlib.asynccontextmanager
async def held_up(year: Year, step: Step, name: str) -> AsyncIterator[asyncio.Event]:
    """Purchases of an account are held up at a step; the event says that one has come there."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(at: Step, subject: object) -> None:
        if at is step and getattr(subject, "buyer_id", None) == year.names[name]:
            reached.set()
            await go_on.wait()

    set_hook(hold)
    try:
        yield reached
    finally:
        set_hook(None)
        go_on.set()
