"""Renewals that will not go well as things stand, and cards about to expire (R33, R35, R42)."""

from collections.abc import Mapping
from typing import Any

from brimful.billing import upcoming
from brimful.db.transaction import Transaction
from brimful.domain.chain import Need, check_chain
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.domain.warning import RENEWAL_WITHIN, expires_by
from brimful.notices.promise import promise
from brimful.usecases.chain import read_chain
from brimful.usecases.context import Context, with_covers


async def warn_of_shortages(ctx: Context, moment: Moment) -> None:
    """Sellers whose pool is short for the renewals of the next three days, where their auto-billing
    could not buy the rest: where it can, it will, and is told of then (R6)."""
    until = moment.at + RENEWAL_WITHIN
    for row in await upcoming.find_short_sellers(ctx.db, moment.at, until):
        await _warn_seller(ctx, row, moment)


async def _warn_seller(ctx: Context, row: Mapping[str, Any], moment: Moment) -> None:
    tenant_id, seller_id = row["tenant_id"], row["seller_id"]

    async def body(tx: Transaction) -> None:
        chain = await read_chain(ctx, tx, tenant_id=tenant_id, account_id=seller_id, at=moment.at)
        need = Need(credits=row["credits"], chatbots=0)
        verdict = check_chain(chain.levels, need, moment.at)
        if not isinstance(verdict, Refuse):
            return
        mine = verdict.account_id == str(seller_id)
        reason = verdict.reason if mine else neutral(verdict.reason)
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=seller_id,
            kind="renewals_short",
            subject_id=seller_id,
            episode=f"{reason}:{row['received']}:{moment.at:%Y-%m}",
            facts={
                "credits": row["credits"],
                "clients": row["clients"],
                "free": chain.levels[0].free_credits,
                "first_due_at": row["first_due_at"].isoformat(),
                "until": (moment.at + RENEWAL_WITHIN).isoformat(),
                "reason": str(reason),
                "zone": row["zone"],
            },
            moment=moment,
        )

    await with_covers(ctx, body)


async def warn_of_renewals(ctx: Context, moment: Moment) -> None:
    """Buyers whose own card will not pay for what renews within three days."""
    for row in await upcoming.find_unpayable_renewals(
        ctx.db, moment.at, moment.at + RENEWAL_WITHIN
    ):
        await _promise(
            ctx,
            row,
            kind="renewal_card",
            subject_id=row["account_id"],
            episode=row["due_at"].isoformat(),
            facts={
                "plans": row["plans"],
                "due_at": row["due_at"].isoformat(),
                "amount_minor": row["amount_minor"],
                "currency": row["currency"],
                "reason": str(
                    Reason.no_payment_method
                    if row["method_id"] is None
                    else Reason.auto_billing_paused
                ),
                "zone": row["zone"],
            },
            moment=moment,
        )


async def warn_of_cards(ctx: Context, moment: Moment) -> None:
    """Cards that are valid no longer than another month, where something is charged on them."""
    for row in await upcoming.find_expiring_cards(ctx.db, *expires_by(moment.at)):
        await _promise(
            ctx,
            row,
            kind="card_expiring",
            subject_id=row["method_id"],
            episode=f"{row['exp_year']}-{row['exp_month']:02d}",
            facts={
                "card": f"{row['brand']} ending {row['last4']}",
                "exp_month": row["exp_month"],
                "exp_year": row["exp_year"],
            },
            moment=moment,
        )


async def _promise(ctx: Context, row: Mapping[str, Any], *, moment: Moment, **notice: Any) -> None:
    """Promise one notice in a transaction of its own."""

    async def body(tx: Transaction) -> None:
        await promise(
            tx,
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            moment=moment,
            **notice,
        )

    await ctx.db.run(body)
