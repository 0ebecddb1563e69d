"""Refusing what a check ahead found impossible: what the account may hear, and who else is told (R18)."""

from collections.abc import Mapping
from uuid import UUID

from brimful.billing.buyers import BuyerFacts
from brimful.db.transaction import Transaction
from brimful.domain import outage
from brimful.domain.caps import CAPS, episode, limit_of
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.notices.promise import promise
from brimful.usecases.chain import Chain
from brimful.usecases.pull_brake import pull_brake
from brimful.usecases.refuse_waiting import is_known

_NOT_BUYING = (
    Reason.auto_billing_off,
    Reason.auto_billing_unavailable,
    Reason.auto_billing_inactive,
)


async def refuse_client(
    tx: Transaction,
    chain: Chain,
    refusal: Refuse,
    short: Reason,
    needs: Mapping[str, object],
    moment: Moment,
) -> Refuse:
    """Turn a chain's refusal into what the account may hear (R18).

    Its own level failed: the reason, or plainly ``short`` when it does not buy automatically; a cap
    is told to its owner as well (R28), and so is whatever else it does not know of itself, such as an
    outage, what no card can be charged (R26), or that nothing is on offer any more. A level above
    failed: a neutral answer, and that level's owner is told who waits for what. ``needs`` are the
    kind, credits and chatbots of the operation.
    """
    own = chain.facts[0]
    if (plain := plain_refusal(chain, refusal, short)) is not None:
        return plain
    if refusal.account_id != str(own.account_id):
        await tell_seller(tx, refusal=refusal, client=own, needs=needs, moment=moment)
        return Refuse(reason=neutral(refusal.reason), account_id=str(own.account_id), detail={})
    if refusal.reason is Reason.auto_billing_braked:
        await pull_brake(tx, own.tenant_id, own.account_id, "pace", moment)
    if refusal.reason in CAPS:
        await _tell(tx, own, "cap_reached", refusal.reason, needs, moment)
    elif not is_known(refusal.reason):
        await _tell(tx, own, "auto_billing_failed", refusal.reason, needs, moment)
    return refusal


def plain_refusal(chain: Chain, refusal: Refuse, short: Reason) -> Refuse | None:
    """The refusal of an account that buys nothing by itself, of which nobody is told; None for any other."""
    own_id = chain.facts[0].account_id
    if refusal.account_id != str(own_id) or refusal.reason not in _NOT_BUYING:
        return None
    return without_buying(own_id, short, refusal.reason, refusal.detail)


def without_buying(
    account_id: UUID, short: Reason, why: Reason, detail: Mapping[str, int | str] | None = None
) -> Refuse:
    """The refusal of an account that is plainly ``short``; ``detail`` says besides ``why`` nothing is
    bought for it by itself (R16, R27)."""
    told = {**(detail or {}), "auto_billing": str(why)}
    return Refuse(reason=short, account_id=str(account_id), detail=told)


async def _tell(
    tx: Transaction,
    own: BuyerFacts,
    kind: str,
    reason: Reason,
    needs: Mapping[str, object],
    moment: Moment,
) -> None:
    await promise(
        tx,
        tenant_id=own.tenant_id,
        account_id=own.account_id,
        kind=kind,
        subject_id=own.account_id,
        episode=refusal_episode(own, reason, moment),
        facts={"reason": str(reason), "waiting": [needs]},
        moment=moment,
    )


def refusal_episode(facts: BuyerFacts, reason: Reason, moment: Moment) -> str:
    """What makes two refusals of an account one to its owner: the cap, its limit and its period, or
    else the reason and the owner's day; an outage is one however long it lasts."""
    if reason is Reason.gateway_unavailable and facts.buyer.out_since is not None:
        return outage.episode(facts.buyer.out_since)
    limit = limit_of(facts.buyer.limits, reason)
    return episode(reason, limit, moment.at, facts.buyer.zone)


async def tell_seller(
    tx: Transaction,
    *,
    refusal: Refuse,
    client: BuyerFacts,
    needs: Mapping[str, object],
    moment: Moment,
) -> Effect:
    """Tell the owner of the level that failed who waits, for what, and what failed (R18): once a
    day for each client and cause, since the client may ask at every query."""
    if refusal.reason is Reason.auto_billing_braked:
        await pull_brake(tx, client.tenant_id, UUID(refusal.account_id), "pace", moment)
    told = {UUID(refusal.account_id): refusal.reason}
    told.setdefault(client.seller_id, neutral(refusal.reason))
    for account_id, reason in told.items():
        await promise(
            tx,
            tenant_id=client.tenant_id,
            account_id=account_id,
            kind="client_waiting",
            subject_id=client.account_id,
            episode=f"{reason}:{refusal.detail.get('since') or moment.at.date().isoformat()}",
            facts={
                "client": client.name,
                "client_id": str(client.account_id),
                "reason": str(reason),
                "detail": dict(refusal.detail) if reason == refusal.reason else {},
                **needs,
            },
            moment=moment,
        )
    return MailDue()
