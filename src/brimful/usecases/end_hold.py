"""Holds of credits that end: captured, released, or because their time is over (R38, R39)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, LookAhead
from brimful.domain.holding import Change, capture, expire, release
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.ledger import demands, holds
from brimful.ledger.holds import Locked
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.outcomes import effects_of

Decide = Callable[[Locked], Change | Refuse | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged:
    """What was asked of a hold is so, now or before; or, with a ``refusal``, it was ended instead."""

    effects: tuple[Effect, ...] = ()
    refusal: Refuse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRef:
    """Which hold of which account."""

    tenant_id: UUID
    account_id: UUID
    hold_id: UUID


async def capture_hold(
    ctx: Context, hold: HoldRef, *, credits: int, moment: Moment
) -> HoldChanged | Refuse | Missing:
    """Charge ``credits`` of a hold; the rest is free again at once, and offered to what waits (R20, R35).

    More than it holds is taken as far as what is free and the overdraft allow (R33), else refused,
    and it stands. The same capture sent again changes nothing; another is refused.
    """
    real_at = moment.real_at
    return await change_hold(
        ctx, hold, lambda locked: capture(locked.hold, credits, locked.beside, real_at), moment
    )


async def release_hold(
    ctx: Context, hold: HoldRef, *, moment: Moment
) -> HoldChanged | Refuse | Missing:
    """Let all that a hold holds go: the work was not done. Sent again it changes nothing."""
    return await change_hold(ctx, hold, lambda locked: release(locked.hold, moment.real_at), moment)


async def change_hold(
    ctx: Context, hold: HoldRef, decide: Decide, moment: Moment
) -> HoldChanged | Refuse | Missing:
    """Do with a hold what ``decide`` says of it as it stands under lock (None: it is so already)."""
    tenant_id, account_id = hold.tenant_id, hold.account_id

    async def body(tx: Transaction) -> HoldChanged | Refuse | Missing:
        locked = await holds.lock_hold(tx, tenant_id, account_id, hold.hold_id, moment)
        if locked is None:
            return Missing(what="hold")
        change = decide(locked)
        if isinstance(change, Refuse):
            return change
        if change is None:
            return HoldChanged()
        effects = await _make(tx, tenant_id, account_id, locked, change, moment)
        return HoldChanged(effects=effects, refusal=change.refusal)

    return await ctx.db.run(body)


async def _make(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    locked: Locked,
    change: Change,
    moment: Moment,
) -> tuple[Effect, ...]:
    left = await holds.charge_hold(tx, tenant_id, locked.hold, change, moment)
    # What it owes is bought behind the answer, as for a spend (R33).
    effects: tuple[Effect, ...] = (LookAhead(tenant_id, account_id),) if left < 0 else ()
    if not change.frees(locked.hold):
        return effects
    moved = await demands.offer_stock(tx, tenant_id=tenant_id, account_id=account_id, moment=moment)
    # What is left may cover a renewal that the account could not furnish (R35).
    woken = await wake_renewals(tx, tenant_id, [account_id], moment)
    return (*effects, *effects_of(tenant_id, moved), *woken)


async def end_holds(ctx: Context, *, moment: Moment, limit: int = 100) -> tuple[Effect, ...]:
    """End up to ``limit`` holds whose time is over, of any accounts in turn: a worker's part (R24)."""
    over = await holds.find_over(ctx.db, moment.real_at, limit)
    return await one_by_one(
        "hold_not_ended",
        [
            Piece(hold, of, partial(_end, ctx, tenant, of, hold, moment))
            for tenant, of, hold in over
        ],
    )


async def end_holds_of(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment, limit: int = 20
) -> tuple[Effect, ...] | None:
    """End up to ``limit`` of one account, whose credits somebody is short of, though no worker has come
    by: those that hold the most, as whoever is short waits meanwhile (R20). None when there is none."""
    over = await holds.find_over_of(ctx.db, tenant_id, account_id, moment.real_at, limit)
    effects: tuple[Effect, ...] = ()
    for hold_id in over:
        effects += await _end(ctx, tenant_id, account_id, hold_id, moment)
    return effects if over else None


async def _end(
    ctx: Context, tenant_id: UUID, account_id: UUID, hold_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    hold = HoldRef(tenant_id=tenant_id, account_id=account_id, hold_id=hold_id)
    answer = await change_hold(
        ctx, hold, lambda locked: expire(locked.hold, moment.real_at), moment
    )
    assert isinstance(answer, HoldChanged), answer
    return answer.effects
