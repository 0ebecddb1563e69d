"""Giving up spends whose callers will not wait any longer (R20): some accounts at a time, each in one go."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from brimful.db.address import DatabaseGone
from brimful.domain.effect import Effect, Plan
from brimful.domain.moment import Moment
from brimful.effects.places import Places
from brimful.effects.waiting import Waiters
from brimful.ledger.spends import GivenUp
from brimful.usecases.context import Context
from brimful.usecases.plan_auto_billing import plan_auto_billing
from brimful.usecases.spend_credits import abandon_spends

_log = structlog.get_logger()

# So many accounts are given up for at a time, each by one transaction for so many spends at most. Who finds
# no place within so many seconds is left to others, who may give it up after five (try_demand_v1).
AT_ONCE, TOGETHER = 4, 500
WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingUp:
    """The places of one process for that, and what is needed for it."""

    ctx: Context
    now: Callable[[], Moment]
    run: Callable[[Iterable[Effect]], None]
    waiters: Waiters
    places: Places = field(default_factory=lambda: Places(AT_ONCE, 1))

    async def give_up(
        self, tenant_id: UUID, account_id: UUID, late: Mapping[UUID, datetime]
    ) -> list[UUID]:
        """Abandon spends of an account, each of which was waited for until an instant of real time; returns
        those that were answered meanwhile.

        Their auto-billing goes on (R20), so it is planned first where it was not yet: who waits for next to no
        time would else never get the credits. Not when the process is told to stop, which leaves no time for
        that; then their instants are still to come, too, so that a place is waited for however long it takes.
        """
        ends = self.waiters.ended
        async with self.places.place(account_id, None if ends else WITHIN_S) as came:
            if not came:
                # Their time is over, so nobody debits them any more; what they lack is planned for behind the
                # answer.
                self.run((Plan(tenant_id, account_id),))
                return []
            abandon = partial(self._abandon, tenant_id, account_id)
            ended = await abandon(late, unplanned_too=self.waiters.ended)
            unplanned = {one: late[one] for one, how in ended.items() if how == "unplanned"}
            if unplanned:
                await self._plan(tenant_id, account_id)
                ended |= await abandon(unplanned, unplanned_too=True)
        return [one for one, how in ended.items() if how == "answered"]

    async def _plan(self, tenant_id: UUID, account_id: UUID) -> None:
        ids = {"tenant_id": tenant_id, "account_id": account_id}
        try:
            self.run(await plan_auto_billing(self.ctx, **ids, moment=self.now()))
        except DatabaseGone as gone:
            _log.warning("plan_without_database", why=str(gone))
        except Exception:
            # Given up they are all the same; whoever scans finds that nothing is bought for others that wait.
            _log.exception("plan_failed")

    async def _abandon(
        self,
        tenant_id: UUID,
        account_id: UUID,
        late: Mapping[UUID, datetime],
        *,
        unplanned_too: bool,
    ) -> dict[UUID, GivenUp]:
        ended: dict[UUID, GivenUp] = {}
        spend_ids = list(late)
        for first in range(0, len(spend_ids), TOGETHER):
            how, effects = await abandon_spends(
                self.ctx,
                tenant_id=tenant_id,
                account_id=account_id,
                answer_by={one: late[one] for one in spend_ids[first : first + TOGETHER]},
                moment=self.now(),
                unplanned_too=unplanned_too,
            )
            self.run(effects)
            ended |= how
        return ended
