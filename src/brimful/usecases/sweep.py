"""Nothing outlives its operation: callers that went away, demands that waited too long (R20)."""

from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.planning import RESERVATION_LASTS
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.refuse_waiting import refuse
from brimful.usecases.seats import offer

_sql = partial(load, "brimful.usecases")


async def sweep(ctx: Context, *, moment: Moment, limit: int = 100) -> tuple[Effect, ...]:
    """Abandon spends past their ``answer_by`` and end demands older than a reservation may last,
    unless a capture is under way, of which the owner of their pool is told (R18); their stock goes to the
    next in the queue, then to renewals that were put off for want of it (R35)."""
    overdue = await ctx.db.fetch(
        _sql("find_overdue_demands"),
        moment.real_at,
        moment.real_at - RESERVATION_LASTS,
        limit,
    )
    due = []
    for row in overdue:
        # A spend that waits for nobody is abandoned when it is looked at under its lock: another
        # caller may be waiting for it by then.
        ended = [row["demand_id"]] if row["is_over"] else []
        end = partial(_end, ctx, row["tenant_id"], row["account_id"], ended, moment)
        due.append(Piece(row["demand_id"], row["account_id"], end))
    return await one_by_one("demand_not_ended", due)


async def _end(
    ctx: Context, tenant_id: UUID, account_id: UUID, ended: list[UUID], moment: Moment
) -> tuple[Effect, ...]:
    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_pools(tx, tenant_id, account_id)
        effects = await refuse(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            only=ended,
            reason=Reason.temporarily_unavailable,
            subject_id=account_id,
            episode=f"overdue:{moment.at.date().isoformat()}",
            facts={},
            moment=moment,
        )
        effects += await offer(tx, tenant_id, account_id, moment)
        return effects + await wake_renewals(tx, tenant_id, [account_id], moment)

    return await ctx.db.run(body)
