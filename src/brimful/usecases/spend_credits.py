"""Spending credits: at once when there are enough, else by the account's auto-billing (R7, R8, R16)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, Need, check_chain
from brimful.domain.effect import Effect, LookAhead, Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands, spends
from brimful.ledger.spends import Asked, GivenUp, NewSpend, Tried
from brimful.usecases.answers import KeyConflict, SpendDone, SpendWaiting
from brimful.usecases.behind import read_behind
from brimful.usecases.chain import Chain, read_chain
from brimful.usecases.context import Context, reading_with_covers
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.outcomes import effects_of
from brimful.usecases.refuse_client import plain_refusal, refuse_client

Try = Callable[[Asked, Moment], Awaitable[Tried]]


async def spend_credits(
    ctx: Context,
    attempt: Try,
    new: Asked,
    *,
    wait_ms: int,
    moment: Moment,
    tried: Tried | None = None,
) -> SpendDone | SpendWaiting | Refuse | KeyConflict:
    """Debit what ``new`` asks for, or hold it, once for its key; replays what the key did before.

    ``attempt`` settles it if there is enough, together with others (``settle_spends``), or holds it
    (``place_hold``). Within what its seller allows the account is overdrawn instead of kept waiting, and
    what it owes is bought behind the answer (R33). Short of more, the whole chain is checked first (R17):
    what cannot succeed is refused at once with its reason and registers nothing. Otherwise the spend waits
    as a row until its auto-billing completes it or ``wait_ms`` (milliseconds of real time) have passed
    (R20). ``tried`` is what came of an attempt that was just made. Raises what ``attempt`` does.
    """
    while True:
        if tried is None:
            tried = await attempt(new, moment)
        answer = await _told(ctx, new, tried, moment, wait_ms)
        if answer is not None:
            return answer
        tried = None
        refusal = await _feasible(ctx, new, moment)
        if refusal is not None:
            return refusal
        answer = await _wait(ctx, new, moment, wait_ms)
        if answer is not None:
            return answer


async def _told(
    ctx: Context, new: Asked, tried: Tried, moment: Moment, wait_ms: int
) -> SpendDone | SpendWaiting | KeyConflict | None:
    if tried.outcome == "waiting":
        answer_by = _answer_by(moment, wait_ms)
        await spends.extend_wait(ctx.db, new.tenant_id, tried.spend_id, answer_by)
        return SpendWaiting(spend_id=tried.spend_id, credits=tried.credits, answer_by=answer_by)
    return told_at_once(new, tried)


def told_at_once(new: Asked, tried: Tried) -> SpendDone | KeyConflict | None:
    """The answer to a spend that was tried; None for one that has none yet: short, or waiting."""
    if tried.outcome == "conflict":
        return KeyConflict(key=new.key)
    if tried.outcome != "done":
        return None
    left = tried.balance_after or 0
    effects = (LookAhead(new.tenant_id, new.account_id),) if left < 0 else ()
    return SpendDone(tried.spend_id, tried.credits, left, effects)


async def _feasible(ctx: Context, new: Asked, moment: Moment) -> Refuse | None:
    need = Need(credits=new.credits, chatbots=0)

    async def look(tx: Transaction) -> tuple[Chain, Refuse] | None:
        behind = await read_behind(tx, new.tenant_id, new.account_id, moment.at)
        if behind.is_ahead:
            # Others wait already and were found feasible; the plan that is to come, or to follow
            # the purchase under way, checks again for all of them at once. And what is due comes first
            # (R35), and may bring what is missing.
            return None
        chain = await read_chain(
            ctx,
            tx,
            tenant_id=new.tenant_id,
            account_id=new.account_id,
            at=moment.at,
            need=need,
            zone=behind.zone,
        )
        verdict = check_chain(chain.levels, need, moment.at)
        return None if isinstance(verdict, Feasible) else (chain, verdict)

    # What it lets through the plan decides again under its locks, and what it refuses may be asked for
    # again: so what it reads need not be of one instant.
    found = await reading_with_covers(ctx, look)
    if found is None:
        return None
    chain, verdict = found
    plain = plain_refusal(chain, verdict, Reason.insufficient_credits)
    if plain is not None:
        return plain
    needs = {"credits": new.credits, "chatbots": 0, "kind": "spend"}

    async def tell(tx: Transaction) -> Refuse:
        return await refuse_client(tx, chain, verdict, Reason.insufficient_credits, needs, moment)

    return await ctx.db.run(tell)


async def _wait(
    ctx: Context, new: Asked, moment: Moment, wait_ms: int
) -> SpendWaiting | SpendDone | None:
    """Register the spend, or do it if it can be done by now; None when it was raced meanwhile, or is a hold
    that was placed so: look again."""

    answer_by = _answer_by(moment, wait_ms)

    async def once() -> str:
        return await spends.wait_for_spend(ctx.db, new, answer_by, moment)

    came = await ctx.db.repeat(once)
    if came == "done" and isinstance(new, NewSpend):
        # Not tried again: it is debited, and a line that is full by now would say that nothing was done.
        done = await spends.find_done(
            ctx.db, [(new.tenant_id, new.account_id, new.key, new.body_hash)]
        )
        return SpendDone(*done[0])
    if came != "waiting":
        return None
    return SpendWaiting(
        spend_id=new.spend_id,
        credits=new.credits,
        answer_by=answer_by,
        effects=(Plan(new.tenant_id, new.account_id),),
    )


def _answer_by(moment: Moment, wait_ms: int) -> datetime:
    return moment.real_at + timedelta(milliseconds=wait_ms)


async def abandon_spends(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    answer_by: Mapping[UUID, datetime],
    moment: Moment,
    unplanned_too: bool,
) -> tuple[dict[UUID, GivenUp], tuple[Effect, ...]]:
    """The callers of some spends of an account, who waited until ``answer_by`` or will not wait for so long,
    are answered "pending": these must not be debited any more (R20).

    What became of each: "answered" meanwhile, or another caller of it waits for longer; "unplanned" when it
    is first to be planned what to buy for it, unless ``unplanned_too``. What they had reserved goes to the
    next in the queue, and to renewals that were put off for want of it (R35): so say the effects.
    """

    async def body(tx: Transaction) -> tuple[dict[UUID, GivenUp], tuple[Effect, ...]]:
        ended, freed = await spends.abandon_spends(
            tx, tenant_id, account_id, answer_by, moment, unplanned_too=unplanned_too
        )
        if "abandoned" not in ended.values():
            return ended, ()
        moved = await demands.offer_stock(
            tx, tenant_id=tenant_id, account_id=account_id, moment=moment
        )
        woken = await wake_renewals(tx, tenant_id, [account_id], moment) if freed else ()
        return ended, (*effects_of(tenant_id, moved), *woken)

    return await ctx.db.run(body)
