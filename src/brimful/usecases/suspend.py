"""Subscriptions past due for seven days are suspended; nothing is deleted (R35)."""

from itertools import groupby
from typing import Any

from brimful.billing import renewals
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.past_due import SUSPENDED_AFTER
from brimful.notices.promise import promise
from brimful.usecases.context import Context


async def suspend_overdue(ctx: Context, *, moment: Moment) -> tuple[Effect, ...]:
    """Suspend what its subscriber's own card has not paid for seven days; its owner is told, and
    its seller's."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        suspended = await renewals.suspend_overdue(tx, moment.at - SUSPENDED_AFTER)
        suspended.sort(key=lambda row: row["account_id"])
        for _, rows in groupby(suspended, key=lambda row: row["account_id"]):
            await _tell(tx, list(rows), moment)
        return (MailDue(),) if suspended else ()

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
