"""Subscriptions past due for seven days are suspended; nothing is deleted (R35)."""

from functools import partial
from typing import Any
from uuid import UUID

from brimful.billing import renewals
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.past_due import SUSPENDED_AFTER
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.one_by_one import Piece, one_by_one


async def suspend_overdue(ctx: Context, *, moment: Moment, limit: int = 100) -> tuple[Effect, ...]:
    """Suspend what its subscriber's own card has not paid for seven days, of up to ``limit``
    subscribers; its owner is told, and its seller's."""
    overdue = await renewals.find_overdue(ctx.db, moment.at - SUSPENDED_AFTER, limit)
    return await one_by_one(
        "account_not_suspended",
        [Piece(ids[1], ids[1], partial(_suspend, ctx, *ids, moment)) for ids in overdue],
    )


async def _suspend(
    ctx: Context, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    async def body(tx: Transaction) -> tuple[Effect, ...]:
        suspended = await renewals.suspend_overdue(
            tx, tenant_id, account_id, moment.at - SUSPENDED_AFTER
        )
        if not suspended:
            return ()
        await _tell(tx, suspended, moment)
        return (MailDue(),)

    return await ctx.db.run(body)


async def _tell(tx: Transaction, rows: list[dict[str, Any]], moment: Moment) -> None:
    first = rows[0]
    plans = [row["package_name"] for row in rows]
    unpaid = {
        "amount_minor": sum(row["recurring_minor"] for row in rows),
        "currency": first["currency"],
    }
    told = (
        ("suspended", first["account_id"], unpaid),
        ("client_suspended", first["seller_id"], {"client": first["account_name"]}),
    )
    for kind, account_id, facts in told:
        await promise(
            tx,
            tenant_id=first["tenant_id"],
            account_id=account_id,
            kind=kind,
            subject_id=first["account_id"],
            episode=first["past_due_since"].isoformat(),
            facts={"plans": plans, **facts},
            moment=moment,
        )
