"""What the gateway says of refunds and disputes of a captured payment is recorded here (R25).

Each refund and each dispute is recorded once, by the gateway's id for it; its state only moves forward.
So facts may come twice, late and in any order, from a reply, an event or a read-back alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import structlog

from brimful.billing import refunds
from brimful.billing.names import names_of
from brimful.billing.purchases import Purchase
from brimful.billing.refunds import KnownRefund, NewRefund, refund_key
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Wake
from brimful.domain.moment import Moment
from brimful.domain.payment import Captured, RefundFact, Refused
from brimful.domain.refunds import dispute_moves, refund_moves
from brimful.ledger.reversals import Reversed
from brimful.notices.promise import promise
from brimful.usecases.reverse import settle_reversals

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A refund or dispute that is new, or has moved on; ``amount_minor`` of money."""

    what: Literal["refund", "dispute"]
    subject_id: UUID
    state: str
    amount_minor: int
    elsewhere: bool = True


async def record_reversals(
    tx: Transaction, purchase: Purchase, captured: Captured, moment: Moment
) -> tuple[Effect, ...]:
    """Record all refunds and disputes that the gateway knows of a delivered purchase's payment, and
    do what follows for credits, auto-billing and notices. Pools and purchase are locked; nothing new
    changes nothing."""
    news = await _note_refunds(tx, purchase, captured.refunds, moment)
    news += await _note_disputes(tx, purchase, captured, moment)
    if not news:
        return ()
    done, effects = await settle_reversals(tx, purchase, moment)
    for one in news:
        await _tell(tx, purchase, one, done, moment)
        effects += (Wake(one.subject_id),)
    return (*effects, MailDue())


async def record_not_given_back(
    tx: Transaction, purchase: Purchase, captured: Captured, moment: Moment
) -> tuple[Effect, ...]:
    """A purchase failed, and its money is not all given back, or not any more: a refund of it has
    failed since. Nothing can be delivered for it; its seller is told, once, to pay it back."""
    back = sum(
        one.amount_minor for one in captured.refunds if one.state in ("pending", "succeeded")
    )
    back += sum(one.amount_minor for one in captured.disputes if one.state == "lost")
    if back >= captured.amount_minor or (not captured.refunds and captured.refunded_minor):
        return ()
    _log.error("captured_after_failure", purchase_id=str(purchase.purchase_id))
    left_minor = captured.amount_minor - back
    return await _tell_not_given_back(tx, purchase, "failed", left_minor, moment)


async def record_refused_refund(
    tx: Transaction, purchase: Purchase, refused: Refused, moment: Moment
) -> tuple[Effect, ...]:
    """The gateway refuses to give back what cannot be delivered, such as for want of a balance: that is
    asked for again, and its seller is told, once, for it can be done by hand meanwhile."""
    _log.error("refund_refused", purchase_id=str(purchase.purchase_id), code=refused.code)
    left_minor = refused.amount_minor or purchase.charge_minor or 0
    return await _tell_not_given_back(tx, purchase, "refused", left_minor, moment)


async def _tell_not_given_back(
    tx: Transaction, purchase: Purchase, episode: str, left_minor: int, moment: Moment
) -> tuple[Effect, ...]:
    names = await names_of(tx, purchase.tenant_id, [purchase.buyer_id])
    await promise(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.seller_id,
        kind="not_given_back",
        subject_id=purchase.purchase_id,
        episode=episode,
        facts={
            "amount_minor": left_minor,
            "currency": purchase.currency,
            "client": names.get(purchase.buyer_id),
        },
        moment=moment,
    )
    return (MailDue(),)


async def _note_refunds(
    tx: Transaction, purchase: Purchase, facts: Sequence[RefundFact], moment: Moment
) -> list[News]:
    known = await refunds.read_refunds(tx, purchase)
    news: list[News] = []
    for fact in facts:
        one = _known(purchase, known, fact)
        if one is not None:
            if refund_moves(one.state, fact.state):
                await refunds.set_refund(
                    tx,
                    purchase.tenant_id,
                    one.refund_id,
                    fact.state,
                    gateway_refund=fact.refund_id,
                    moment=moment,
                )
                news.append(_news(one.refund_id, fact, elsewhere=one.origin == "elsewhere"))
        else:
            # Whatever is asked for here bears its key, answered or not: so this was made elsewhere.
            refund_id = new_id()
            new = NewRefund(
                refund_id=refund_id,
                line=None,
                amount_minor=fact.amount_minor,
                state=fact.state,
                origin="elsewhere",
                gateway_refund=fact.refund_id,
            )
            await refunds.open_refund(tx, purchase, new, moment)
            news.append(_news(refund_id, fact, elsewhere=True))
    return news


def _news(refund_id: UUID, fact: RefundFact, *, elsewhere: bool) -> News:
    return News(
        what="refund",
        subject_id=refund_id,
        state=fact.state,
        amount_minor=fact.amount_minor,
        elsewhere=elsewhere,
    )


def _known(
    purchase: Purchase, known: Sequence[KnownRefund], fact: RefundFact
) -> KnownRefund | None:
    """The refund that the gateway speaks of, by its id for it, or by ours before we know that.

    Whoever runs the gateway's account can write our id on a refund of its own, so it must be of the same
    amount as well: then it is all the same whose it is (R45).
    """
    account = purchase.gateway_account or ""
    for one in known:
        if one.gateway_refund == fact.refund_id:
            return one
    for one in known:
        ours = one.gateway_refund is None and fact.reference == refund_key(account, one.refund_id)
        if ours and one.amount_minor == fact.amount_minor:
            return one
    return None


async def _note_disputes(
    tx: Transaction, purchase: Purchase, captured: Captured, moment: Moment
) -> list[News]:
    known = {one.gateway_dispute: one for one in await refunds.read_disputes(tx, purchase)}
    news: list[News] = []
    for fact in captured.disputes:
        before = known.get(fact.dispute_id)
        if before is None:
            dispute_id = await refunds.open_dispute(tx, purchase, fact, moment)
        elif dispute_moves(before.state, fact.state):
            dispute_id = before.dispute_id
            await refunds.set_dispute(tx, purchase.tenant_id, dispute_id, fact, moment)
        else:
            continue
        news.append(
            News(
                what="dispute",
                subject_id=dispute_id,
                state=fact.state,
                amount_minor=fact.amount_minor,
            )
        )
    return news


async def _tell(
    tx: Transaction, purchase: Purchase, news: News, done: Reversed, moment: Moment
) -> None:
    """Tell the one who paid, and the seller of what it did not do itself or what came otherwise."""
    names = await names_of(tx, purchase.tenant_id, [purchase.buyer_id])
    facts = {
        "amount_minor": news.amount_minor,
        "currency": purchase.currency,
        "card": purchase.card,
        "state": news.state,
        "client": names.get(purchase.buyer_id),
        "elsewhere": news.elsewhere,
        "taken": done.taken,
        "frozen": done.frozen,
        "back": done.restored + done.freed,
        "missing": done.missing,
    }
    expected = (
        news.what == "refund"
        and not news.elsewhere
        and news.state
        not in (
            "failed",
            "canceled",
        )
    )
    parties = [(purchase.seller_id, f"client_{news.what}")] if not expected else []
    if news.state not in ("inquiry", "pending"):
        parties.append((purchase.buyer_id, news.what))
    for account_id, kind in parties:
        await promise(
            tx,
            tenant_id=purchase.tenant_id,
            account_id=account_id,
            kind=kind,
            subject_id=news.subject_id,
            episode=news.state,
            facts=facts,
            moment=moment,
        )
