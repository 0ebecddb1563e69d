"""What a card did, and what follows for all who use it: the breaker, who waited, who is told (R29)."""

from dataclasses import replace
from uuid import UUID

from brimful.billing import authentications, breaker, cards, payments, purchases
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.declines import Pause
from brimful.domain.effect import Drive, Effect, MailDue, Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.refuse_waiting import refuse_waiting
from brimful.usecases.wake_past_due import wake_past_due


async def record_decline(
    ctx: Context, tx: Transaction, purchase: Purchase, *, code: str, hard: bool, moment: Moment
) -> tuple[Effect, ...]:
    """Record that a locked purchase's card was declined, or that its bank wants the owner present.

    Its breaker moves, its owner is told, and unless a backup card may be tried what waited for it ends
    with the reason, now: no answer of the gateway to the cancellation that follows is waited for (R20).
    The purchase itself fails, and what it had reserved is given back, when that is confirmed (R17, R22).
    """
    await payments.note_decline(tx, purchase, code, hard, moment)
    purchase = replace(purchase, decline_code=code, decline_hard=hard)
    reason = Reason.card_declined
    if code == Reason.authentication_required:
        reason = Reason.authentication_required
    verdict = await breaker.note_decline(tx, purchase, moment)
    await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
    effects: tuple[Effect, ...] = (Drive(purchase.tenant_id, purchase.purchase_id),)
    link: dict[str, object] = {}
    if reason is Reason.authentication_required:
        link = await _link(ctx, tx, purchase, moment)
    if not purchase.by_owner:
        other = await cards.read_to_charge(tx, purchase.tenant_id, purchase.buyer_id, moment.at)
        is_other = other is not None and other.fingerprint != purchase.fingerprint
        if other is not None and is_other and other.may_be_tried(moment.at):
            # What waits is tried on it, once this charge is cancelled.
            link["backup"] = other.label
    if purchase.automatic:
        effects += await refuse_waiting(tx, purchase, reason, moment, verdict, link)
    elif reason is Reason.authentication_required:
        effects += await _ask_owner(tx, purchase, link, moment)
    if purchase.origin == "renewal":
        # The seller may have waited to know for whom of the group it has to buy (R35).
        effects += (Plan(purchase.tenant_id, purchase.seller_id),)
    if isinstance(verdict, Pause):
        told = purchase.buyer_id if purchase.automatic else None
        effects += await _tell_paused(tx, purchase, reason, moment, but=told)
    return effects


async def note_late_decline(
    tx: Transaction, purchase: Purchase, *, code: str, hard: bool, moment: Moment
) -> tuple[Effect, ...]:
    """A card was declined, and its charge is being cancelled for another reason already: the attempt
    counts and its breaker moves, once; the purchase goes the way that it was on (R29)."""
    if purchase.decline_code is not None:
        return ()
    await payments.note_decline(tx, purchase, code, hard, moment)
    purchase = replace(purchase, decline_code=code, decline_hard=hard)
    if not isinstance(await breaker.note_decline(tx, purchase, moment), Pause):
        return ()
    return await _tell_paused(tx, purchase, Reason.card_declined, moment)


async def _link(
    ctx: Context, tx: Transaction, purchase: Purchase, moment: Moment
) -> dict[str, object]:
    """The one-time link by which the owner confirms a charge of its own; it leads on once the
    cancellation of this one is confirmed."""
    link = await authentications.issue(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.buyer_id,
        failed_id=purchase.purchase_id,
        moment=moment,
    )
    return {
        "link": f"{ctx.public_url}/authenticate/{link.token}",
        "link_expires_at": link.expires_at.isoformat(),
    }


async def _ask_owner(
    tx: Transaction, purchase: Purchase, link: dict[str, object], moment: Moment
) -> tuple[Effect, ...]:
    """Ask the owner to confirm a renewal or a purchase by hand; whose auto-billing is paused with the card
    is told that by itself."""
    await promise(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.buyer_id,
        kind="action_required",
        subject_id=purchase.purchase_id,
        episode="failed",
        facts={"reason": str(Reason.authentication_required), **link},
        moment=moment,
    )
    return (MailDue(),)


async def _tell_paused(
    tx: Transaction, purchase: Purchase, reason: Reason, moment: Moment, but: UUID | None = None
) -> tuple[Effect, ...]:
    """Tell every owner whose auto-billing is paused with this card, ``but`` for the one who is told of
    the failed auto-billing itself."""
    effects: list[Effect] = []
    for account_id in await breaker.accounts_on_card(tx, purchase):
        if account_id == but:
            continue
        await promise(
            tx,
            tenant_id=purchase.tenant_id,
            account_id=account_id,
            kind="paused",
            subject_id=purchase.purchase_id,
            episode="declined",
            facts={"reason": str(reason), "card": purchase.card},
            moment=moment,
        )
        effects.append(MailDue())
    return tuple(effects)


async def note_success(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """A locked purchase's card was charged. The count of soft declines starts anew; a purchase by
    hand also ends a pause, which all who use the card are told, and serves what waits (R29)."""
    if purchase.by_owner and await breaker.clear(tx, purchase, moment.at):
        payers = await breaker.payers_with_card(tx, purchase)
        effects = list(await wake_past_due(tx, purchase.tenant_id, payers, moment))
        effects += await wake_renewals(tx, purchase.tenant_id, payers, moment)
        for account_id in await breaker.accounts_on_card(tx, purchase):
            await promise(
                tx,
                tenant_id=purchase.tenant_id,
                account_id=account_id,
                kind="resumed",
                subject_id=purchase.purchase_id,
                episode="bought_by_hand",
                facts={},
                moment=moment,
            )
            effects += [MailDue(), Plan(purchase.tenant_id, account_id)]
        return tuple(effects)
    await breaker.forget_soft_declines(tx, [purchase], moment.at)
    return ()
