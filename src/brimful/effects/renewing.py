"""Renewals as they fall due: batch after batch of a seller's buyers, and before a decision to buy (R35)."""

import asyncio
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from brimful.billing import renewals
from brimful.db.address import DatabaseGone, TookTooLong
from brimful.domain.effect import Effect, PlanBelow, Renew
from brimful.domain.moment import Moment
from brimful.effects.waiting import Waiters
from brimful.usecases.context import Context
from brimful.usecases.move_account import move_due
from brimful.usecases.one_by_one import OF_ALL
from brimful.usecases.renew import BATCH, Begun, renew_due

_log = structlog.get_logger()

# What cannot be begun, for a fault of ours, is looked at again after so long.
PUT_OFF = timedelta(hours=1)
# What others hold for a moment is tried again this soon by whoever waits for it.
TRY_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewing:
    """What is needed to begin renewals, start what follows, and wait for them."""

    ctx: Context
    now: Callable[[], Moment]
    run: Callable[[Iterable[Effect]], None]
    waiters: Waiters

    async def renew(self, effect: Renew, until_s: float = math.inf) -> None:
        """Begin all that is due of a seller's buyers; what follows of each batch starts at once.
        Those that are to move by now do so first: nothing of them renews here any more (R46). Past
        ``until_s``, by the loop's clock, what others hold is left as it is."""
        seller = (effect.tenant_id, effect.seller_id)
        self.run(await move_due(self.ctx, moment=self.now(), seller=seller))
        while True:
            try:
                begun = await self._begin(effect, None)
            except TookTooLong as late:
                # One of them may be held by others; by themselves the rest can be begun.
                _log.warning("renewals_held_up", seller_id=str(effect.seller_id), why=str(late))
                if asyncio.get_running_loop().time() < until_s:
                    await self._one_by_one(effect)
                return
            except DatabaseGone:
                raise
            except Exception:
                _log.exception("renewals_not_begun", seller_id=str(effect.seller_id))
                await self._one_by_one(effect)
                return
            self.run(begun.effects)
            if begun.buyers < BATCH:
                return

    async def _begin(self, effect: Renew, only: UUID | None) -> Begun:
        return await renew_due(
            self.ctx,
            tenant_id=effect.tenant_id,
            seller_id=effect.seller_id,
            moment=self.now(),
            only=only,
        )

    async def _one_by_one(self, effect: Renew) -> None:
        """One of a batch cannot be begun: the others are, by themselves, and the one that cannot is
        looked at again in an hour, so that it holds up nobody. One that others hold stays due, and so
        do all that are left when it is the seller's own pool: each would wait as long for it."""
        at, in_a_row = self.now().at, 0
        for buyer in await renewals.find_due_buyers(
            self.ctx.db, effect.tenant_id, effect.seller_id, at, BATCH
        ):
            try:
                begun = await self._begin(effect, buyer)
                self.run(begun.effects)
                in_a_row = 0
            except TookTooLong as late:
                _log.warning("renewal_held_up", account_id=str(buyer), why=str(late))
                in_a_row += 1
                if in_a_row == OF_ALL:
                    return
            except DatabaseGone:
                # No fault of the renewal: it stays due.
                raise
            except Exception:
                _log.exception("renewal_not_begun", account_id=str(buyer))
                in_a_row = 0
                await renewals.put_off_buyer(self.ctx.db, effect.tenant_id, buyer, at, at + PUT_OFF)
                self.run((PlanBelow(effect.tenant_id, (buyer,)),))

    async def renew_first(self, tenant_id: UUID, account_id: UUID, wait_ms: int) -> bool:
        """Apply what is due to an account and its ancestors before a decision to buy, the nearest
        to the root first (R35). False when that is not done within ``wait_ms``, also because others
        hold what it needs."""
        loop, db = asyncio.get_running_loop(), self.ctx.db
        until_s = loop.time() + wait_ms / 1000
        while True:
            due = await renewals.find_due_above(db, tenant_id, account_id, self.now().at)
            for seller_id in due:
                await self.renew(Renew(tenant_id, seller_id), until_s)
            under_way = await renewals.find_open(db, tenant_id, account_id)
            for purchase_id in under_way:
                left_s = until_s - loop.time()
                if await self.waiters.wait(tenant_id, purchase_id, left_s) is None:
                    return False
            if under_way:
                continue
            # What was put off for a reason of its own is not due any more.
            at = self.now().at
            if not due or not await renewals.is_held_above(db, tenant_id, account_id, at):
                return True
            left_s = until_s - loop.time()
            if left_s <= 0 or self.waiters.ended:
                return False
            await asyncio.sleep(min(TRY_AGAIN_S, left_s))
