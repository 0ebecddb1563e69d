"""What the rows say is due and nobody does, as effects: what a worker's scan takes up (R24)."""

from collections.abc import Callable, Iterable
from uuid import UUID

from brimful.billing import ahead, disconnections, events, moves, payments, refunds, renewals
from brimful.domain.effect import (
    DetachDue,
    Drive,
    DriveRefund,
    Effect,
    HandleEvent,
    LookAhead,
    MailDue,
    Plan,
    ReadAccount,
    Renew,
    WarnDue,
    WebhooksDue,
)
from brimful.domain.moment import Moment
from brimful.ledger.balances import lapse_due
from brimful.usecases.close_account import empty_closed
from brimful.usecases.context import Context
from brimful.usecases.end_hold import end_holds
from brimful.usecases.move_account import move_due
from brimful.usecases.outcomes import together
from brimful.usecases.reverse import settle_owed
from brimful.usecases.suspend import suspend_overdue
from brimful.usecases.sweep import sweep

# What begins purchases, at the seller that an account has then; all else goes on with what has begun.
BEGINS = (Plan, Renew, LookAhead)


async def begin_due_work(
    ctx: Context,
    *,
    now: Callable[[], Moment],
    run: Callable[[Iterable[Effect]], None],
    limit: int,
) -> int:
    """One scan: what is an effect's is ``run``, and what is ours to do is done after that, for it may
    wait for others' locks; of each kind at most ``limit``, at a moment of its own. Returns how much that was.

    Where accounts are to move by now they do so before anything is begun in their tenant (R46).
    """
    moment = now()
    due = await find_due_work(ctx, moment, limit)
    moving = {tenant_id for tenant_id, _ in await moves.find_due(ctx.db, moment.at, limit)}
    begins = [one for one in due if isinstance(one, BEGINS) and one.tenant_id in moving]
    run([*(one for one in due if one not in begins), MailDue(), WebhooksDue(), DetachDue()])
    # Whatever was waited for so far has taken its time: what ended meanwhile is nobody's to be given (R36).
    moved = await move_due(ctx, moment=now())
    run([*moved, *begins, WarnDue()])
    swept = await sweep(ctx, moment=now())
    swept += await end_holds(ctx, moment=now())
    swept += await suspend_overdue(ctx, moment=now())
    swept += await empty_closed(ctx, moment=now())
    swept += await settle_owed(ctx, moment=now())
    run(swept)
    lapsed = await lapse_due(ctx.db, now().at, limit)
    return len(moved) + len(due) + len(swept) + lapsed


async def find_due_work(ctx: Context, moment: Moment, limit: int) -> list[Effect]:
    """Purchases to drive, a tenant's renewals together; pools to plan for; sellers whose buyers renew, those
    nearest to the root first; accounts that buy ahead, or owe an overdraft; refunds under way; the
    gateway's events; sellers' gateway accounts to ask after."""
    db = ctx.db
    due: list[Effect] = []
    renewals_of: dict[UUID, list[UUID]] = {}
    for tenant_id, purchase_id, renews in await payments.find_due(db, moment.real_at, limit):
        if renews:
            renewals_of.setdefault(tenant_id, []).append(purchase_id)
        else:
            due.append(Drive(tenant_id, purchase_id))
    due += [effect for ids in renewals_of.items() for effect in together(*ids)]
    due += [DriveRefund(*ids) for ids in await refunds.find_due(db, moment.real_at, limit)]
    due += [Plan(*ids) for ids in await payments.find_unplanned(db, moment.real_at, limit)]
    due += [Renew(*ids) for ids in await renewals.find_due_sellers(db, moment.at, limit)]
    due += [LookAhead(*ids) for ids in await ahead.find_due(db, moment.at, limit)]
    due += [LookAhead(*ids) for ids in await ahead.find_overdrawn(db, moment.at, limit)]
    due += [
        HandleEvent(one) for one in await events.find_due(db, ctx.gateway, moment.real_at, limit)
    ]
    due += [ReadAccount(*ids) for ids in await disconnections.find_due(db, moment.real_at, limit)]
    return due
