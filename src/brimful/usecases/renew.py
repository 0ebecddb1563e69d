"""Renewals: what is due of a seller's buyers, begun as one group (R6, R34 to R36).

A renewal is a purchase like any other: stock is reserved or the card is held, and the seller buys
what it lacks. Only the beginning is here; its end says when the subscription is due again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from brimful.billing import renewals
from brimful.billing.buyers import Payer, read_buyer
from brimful.billing.names import names_of
from brimful.billing.renewals import Due, Renewed
from brimful.db.transaction import Transaction
from brimful.domain.chain import SEVERAL, Feasible, Need, check_chain
from brimful.domain.chargeable import refuse_amounts
from brimful.domain.effect import Effect, MailDue, Plan, PlanBelow
from brimful.domain.moment import Moment
from brimful.domain.past_due import next_seller_retry
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.ledger import balances, demands
from brimful.notices.promise import promise
from brimful.usecases.chain import read_chain
from brimful.usecases.context import Context, with_covers
from brimful.usecases.intent import Wish, must_wait, open_intents
from brimful.usecases.outcomes import together
from brimful.usecases.period_end import apply_period_ends
from brimful.usecases.put_off import Unpaid, put_off_for_seller, put_off_past_due
from brimful.usecases.refuse_client import refusal_episode, tell_seller
from brimful.usecases.renewal_lines import begun_together, renewal_wish

# So many buyers are begun in one transaction.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Begun:
    """How many buyers were taken, and what follows."""

    buyers: int
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Renewal:
    """What one buyer is due, as it pays for it."""

    payer: Payer
    wish: Wish
    due: tuple[Due, ...]

    @property
    def renewed(self) -> list[Renewed]:
        """Its subscriptions, as they failed before."""
        return [
            Renewed(
                subscription_id=one.subscription_id,
                package_name=one.package_name,
                zone=one.zone,
                seller_failed_at=one.seller_failed_at,
                past_due_since=one.past_due_since,
            )
            for one in self.due
        ]


async def renew_due(
    ctx: Context,
    *,
    tenant_id: UUID,
    seller_id: UUID,
    moment: Moment,
    limit: int = BATCH,
    only: UUID | None = None,
) -> Begun:
    """Begin the renewals of up to ``limit`` of a seller's buyers that are due, or of the one named.

    Does nothing while the seller or one above it renews itself: ancestors go first (R35). A buyer
    whose card may not be tried stays past due until it may; for those that the pool does not cover
    the chain above is checked before any card is held.
    """

    async def body(tx: Transaction) -> Begun:
        if await renewals.is_renewing_above(tx, tenant_id, seller_id, moment.at):
            # Nothing is locked for it: an ancestor's renewal passes over buyers that are locked, and
            # when both are begun at once, as by a scan, neither would get anywhere.
            return Begun(0)
        await demands.lock_pools(tx, tenant_id, seller_id)
        if await renewals.is_renewing_above(tx, tenant_id, seller_id, moment.at):
            return Begun(0)
        due = await renewals.take_due(tx, tenant_id, seller_id, moment.at, limit, only)
        buyers = [list(mine) for _, mine in groupby(due, key=lambda one: one.account_id)]
        effects: tuple[Effect, ...] = ()
        ready: list[_Renewal] = []
        for buyer in buyers:
            mine, changed = await apply_period_ends(tx, tenant_id, buyer, moment)
            effects += changed
            if not mine:
                continue
            mine = begun_together(mine, moment)
            renewal = _Renewal(_payer(tenant_id, mine[0]), renewal_wish(mine, moment), tuple(mine))
            blocked = await _put_off(ctx, tx, renewal, moment)
            if blocked is None:
                ready.append(renewal)
            else:
                effects += blocked
        ready, more = await _feasible(ctx, tx, ready, moment)
        effects += more + _plan_for_waiting(tenant_id, buyers, ready)
        return Begun(len(buyers), effects + await _open(ctx, tx, ready, moment))

    return await with_covers(ctx, body)


def _plan_for_waiting(
    tenant_id: UUID, buyers: Sequence[Sequence[Due]], ready: Sequence[_Renewal]
) -> tuple[Effect, ...]:
    """Of buyers whose renewal does not begin now, nothing is due any more: it was put off, or ended.
    What waited for it is planned for; what waits for the others is so when their renewals end."""
    begin = {renewal.payer.account_id for renewal in ready}
    over = [due[0].account_id for due in buyers if due[0].account_id not in begin]
    return (PlanBelow(tenant_id, tuple(over)),) if over else ()


def _payer(tenant_id: UUID, due: Due) -> Payer:
    return Payer(
        tenant_id=tenant_id,
        account_id=due.account_id,
        seller_id=due.seller_id,
        seller_is_supply=due.seller_is_supply,
        currency=due.currency,
        card=due.card,
        outstanding=due.outstanding,
        disconnected_at=due.disconnected_at,
    )


async def _open(
    ctx: Context, tx: Transaction, ready: Sequence[_Renewal], moment: Moment
) -> tuple[Effect, ...]:
    if not ready:
        return ()
    seller = ready[0].payer
    wishes = [(renewal.payer, renewal.wish) for renewal in ready]
    intents = await open_intents(ctx, tx, wishes=wishes, moment=moment)
    await renewals.park(
        tx, seller.tenant_id, [one.subscription_id for renewal in ready for one in renewal.due]
    )
    driven = together(seller.tenant_id, [intent.purchase_id for intent in intents])
    if seller.seller_is_supply:
        return driven
    return (*driven, Plan(seller.tenant_id, seller.seller_id))


async def _put_off(
    ctx: Context, tx: Transaction, renewal: _Renewal, moment: Moment
) -> tuple[Effect, ...] | None:
    """What follows when a buyer's renewal cannot begin now: its card may not be tried, or the
    gateway not be asked (R29), its seller cannot charge (R10), no card can be charged its price, or
    what it owes together has to be charged first (R26). None when it can."""
    payer = renewal.payer
    if (seller_waits := _seller_waits(ctx, renewal)) is not None:
        return await put_off_for_seller(
            tx,
            tenant_id=payer.tenant_id,
            renewed=renewal.renewed,
            reason=seller_waits,
            moment=moment,
        )
    if not renewal.wish.amount_minor or (wait := _card_waits(renewal.due[0], moment)) is None:
        return None
    reason, wake_at = wait
    return await put_off_past_due(
        tx,
        tenant_id=payer.tenant_id,
        account_id=payer.account_id,
        renewed=renewal.renewed,
        unpaid=Unpaid(
            amount_minor=renewal.wish.amount_minor + payer.outstanding.minor,
            currency=payer.currency,
            card=None if payer.card is None else payer.card.label,
            reason=reason,
            retry_at=wake_at,
        ),
        moment=moment,
    )


def _seller_waits(ctx: Context, renewal: _Renewal) -> Reason | None:
    """Why a renewal cannot begin now for no fault of the card; the first that holds."""
    payer, amount_minor = renewal.payer, renewal.wish.amount_minor
    amounts = (amount_minor + payer.outstanding.minor,) if amount_minor else ()
    if uncharged := refuse_amounts(str(payer.account_id), payer.currency, amounts):
        return uncharged.reason
    if must_wait(ctx, payer, renewal.wish):
        return Reason.purchase_under_way
    if amount_minor and payer.disconnected_at is not None:
        return Reason.temporarily_unavailable
    if amount_minor and renewal.due[0].out_since is not None:
        return Reason.gateway_unavailable
    return None


def _card_waits(due: Due, moment: Moment) -> tuple[Reason, datetime | None] | None:
    """Why the card may not be tried now, and from when it may (None: when somebody acts) (R29)."""
    if due.card is None:
        return Reason.no_payment_method, None
    if due.paused:
        return Reason.auto_billing_paused, None
    if due.retry_at is not None and due.retry_at > moment.at:
        return Reason.retry_later, due.retry_at
    return None


async def _feasible(
    ctx: Context, tx: Transaction, ready: list[_Renewal], moment: Moment
) -> tuple[list[_Renewal], tuple[Effect, ...]]:
    """Those that can begin. Where the pool does not cover all, the sellers above must be able to
    furnish the rest, or at least the first of it, or nobody's card is held for it (R17). One that
    has to wait blocks none that the pool covers, nor any that could be furnished without it (R20)."""
    if not ready or ready[0].payer.seller_is_supply:
        return ready, ()
    seller = ready[0].payer
    covered = await _covered(tx, ready, moment)
    left = [renewal for renewal in ready if renewal not in covered]
    if not left:
        return ready, ()
    chain = await read_chain(
        ctx, tx, tenant_id=seller.tenant_id, account_id=seller.seller_id, at=moment.at
    )

    def check(some: Sequence[_Renewal]) -> Feasible | Refuse:
        credits = sum(renewal.wish.credits for renewal in some)
        chatbots = sum(renewal.wish.chatbots for renewal in some)
        child = SEVERAL if len(some) > 1 else str(some[0].payer.account_id)
        need = Need(credits=credits, chatbots=chatbots, child_id=child, renewal=True)
        return check_chain(chain.levels, need, moment.at)

    verdict = check(ready)
    if isinstance(verdict, Feasible) or isinstance(check([*covered, left[0]]), Feasible):
        return ready, ()
    can = [one for one in left if isinstance(check([*covered, one]), Feasible)]
    left = [one for one in left if one not in can]
    if can:
        verdict = check([*covered, left[0]])
        assert isinstance(verdict, Refuse), "the first of them cannot be furnished alone"
    for renewal in left:
        # Each on the schedule of its own first failure, not on that of another's.
        await put_off_for_seller(
            tx,
            tenant_id=seller.tenant_id,
            renewed=renewal.renewed,
            reason=neutral(verdict.reason),
            moment=moment,
        )
    begun = [one for one in ready if one not in left]
    return begun, (await _tell(tx, left, verdict, moment),)


async def _covered(tx: Transaction, ready: Sequence[_Renewal], moment: Moment) -> list[_Renewal]:
    """Those that the seller's pool covers as it is, each with what the ones before it left."""
    seller = ready[0].payer
    stock, seats = await balances.settle(tx, seller.tenant_id, seller.seller_id, moment)
    credits, chatbots = stock.free, seats.free
    covered: list[_Renewal] = []
    for renewal in ready:
        wish = renewal.wish
        if wish.credits <= credits and wish.chatbots <= chatbots:
            covered.append(renewal)
            credits, chatbots = credits - wish.credits, chatbots - wish.chatbots
    return covered


async def _tell(
    tx: Transaction, left: Sequence[_Renewal], verdict: Refuse, moment: Moment
) -> Effect:
    """Tell the seller's owner whose renewals cannot be furnished, and the owner of the level that
    failed, if that is another, that the seller waits (R18)."""
    payer = left[0].payer
    tenant_id, seller_id = payer.tenant_id, payer.seller_id
    seller = await read_buyer(tx, tenant_id=tenant_id, account_id=seller_id, at=moment.at)
    own = verdict.account_id == str(seller_id)
    reason = verdict.reason if own else neutral(verdict.reason)
    first = left[:10]
    names = await names_of(tx, tenant_id, [renewal.payer.account_id for renewal in first])
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=seller_id,
        kind="renewal_failed",
        subject_id=seller_id,
        episode=refusal_episode(seller, reason, moment),
        facts={
            "waiting": [
                {
                    "client": names[renewal.payer.account_id],
                    "credits": renewal.wish.credits,
                    "chatbots": renewal.wish.chatbots,
                }
                for renewal in first
            ],
            "waiting_count": len(left),
            "reason": str(reason),
            "retry_at": next_seller_retry(moment.at, moment.at).isoformat(),
            "zone": seller.buyer.zone,
        },
        moment=moment,
    )
    if own:
        return MailDue()
    needs = {
        "credits": sum(renewal.wish.credits for renewal in left),
        "chatbots": sum(renewal.wish.chatbots for renewal in left),
        "kind": "renewal",
    }
    return await tell_seller(tx, refusal=verdict, client=seller, needs=needs, moment=moment)
