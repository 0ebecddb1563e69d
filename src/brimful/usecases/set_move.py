"""Letting an account move to another seller of its tenant, from the end of its period on (R46)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brimful.billing import accounts, moves, subscriptions
from brimful.billing.accounts import Account
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Refuse
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.move_account import move_account, tell_of_move, why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSet:
    """The account moves at that time; with ``moved`` it has."""

    at: datetime
    moved: bool
    effects: tuple[Effect, ...] = ()


async def set_move(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    to: Account,
    given_by: str,
    moment: Moment,
) -> MoveSet | Refuse:
    """Let an account move to another seller: at the end of the period of its plan, or at once when
    nothing that runs is paid for. Set before, this takes its place. Its owner and both sellers are
    told. Refused as ``why_not_move`` says.
    """

    async def body(tx: Transaction) -> MoveSet | Refuse:
        await demands.lock_tree(tx, tenant_id)
        await demands.lock_pools(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        assert account is not None and account.parent_id is not None
        ends_at = await subscriptions.read_period_end(tx, tenant_id, account_id)
        at = moment.at if ends_at is None else max(ends_at, moment.at)
        there = await accounts.read_account(tx, to.tenant_id, to.account_id)
        assert there is not None
        reason = await why_not(tx, account, there, now=at <= moment.at)
        if reason is not None:
            return Refuse(reason=reason, account_id=str(account_id), detail={})
        if (account.moves_to, account.moves_at) == (to.account_id, at):
            return MoveSet(at=at, moved=False)
        effects: tuple[Effect, ...] = ()
        if account.moves_to != to.account_id:
            effects = await _tell_of_other(tx, account, moment)
        await moves.write(
            tx, tenant_id, account_id, moves_to=to.account_id, moves_at=at, moves_by=given_by
        )
        if at > moment.at:
            await tell_of_move(tx, account, there, "planned", {"at": at.isoformat()}, moment)
            effects += (MailDue(),)
        return MoveSet(at=at, moved=False, effects=effects)

    answer = await ctx.db.run(body)
    if isinstance(answer, Refuse) or answer.at > moment.at:
        return answer
    effects = await move_account(ctx, tenant_id=tenant_id, account_id=account_id, moment=moment)
    now = await accounts.read_account(ctx.db, tenant_id, account_id)
    moved = now is not None and now.parent_id == to.account_id
    return MoveSet(at=answer.at, moved=moved, effects=(*answer.effects, *effects))


async def undo_move(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Let an account stay where it is; nothing happens when it was not to move. What fell due since
    it was to move renews at the next look."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_tree(tx, tenant_id)
        await demands.lock_pools(tx, tenant_id, account_id)
        account = await accounts.read_account(tx, tenant_id, account_id)
        assert account is not None
        await moves.drop(tx, tenant_id, account_id)
        return await _tell_of_other(tx, account, moment)

    return await ctx.db.run(body)


async def _tell_of_other(tx: Transaction, account: Account, moment: Moment) -> tuple[Effect, ...]:
    """The move that was set before does not happen."""
    if account.moves_to is None:
        return ()
    other = await accounts.read_account(tx, account.tenant_id, account.moves_to)
    assert other is not None
    await tell_of_move(tx, account, other, "dropped", {}, moment)
    return (MailDue(),)
