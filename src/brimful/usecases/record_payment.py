"""What is learnt of a payment, from a reply, a read-back or an event alike, is recorded here (R23).

Each answer of the gateway is a fact about one payment; the purchase's state says what it means.
Recording is a compare-and-set on that state under lock, so that any fact may come twice, late, out of
order or from two processes, and be recorded once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from brimful.billing import (
    authentications,
    breaker,
    disconnections,
    outages,
    payments,
    purchases,
    renewals,
)
from brimful.billing.breaker import CardKey, CardState
from brimful.billing.purchases import Purchase, PurchaseState
from brimful.db.transaction import Transaction
from brimful.domain.declines import AUTHENTICATION_DECLINED, AUTHENTICATION_REQUIRED
from brimful.domain.disconnection import is_disconnected
from brimful.domain.effect import Drive, Effect, ReadAccount, Renew
from brimful.domain.moment import Moment
from brimful.domain.payment import (
    DISCONNECTED,
    Canceled,
    Captured,
    Created,
    Declined,
    Held,
    NeedsAuthentication,
    PaymentOutcome,
    Refunded,
    Refused,
)
from brimful.domain.planning import RESERVATION_LASTS
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.usecases.begin_attempts import may_begin, stop_attempts
from brimful.usecases.context import Context
from brimful.usecases.deliver import deliver_renewals
from brimful.usecases.fail_purchase import fail_purchase
from brimful.usecases.note_disconnected import note_disconnected
from brimful.usecases.queue_at_sellers import queue_at_sellers
from brimful.usecases.record_capture import (
    ASKED,
    give_up_capture,
    is_another,
    matches,
    record_capture,
)
from brimful.usecases.record_card_result import note_late_decline, record_decline
from brimful.usecases.record_reversals import (
    record_not_given_back,
    record_refused_refund,
    record_reversals,
)

Outcome = PaymentOutcome | Refunded

# So long may an owner take at the bank, in real time (R20).
OWNER_HAS = RESERVATION_LASTS
# With its owner there, a charge is at the bank in these.
AT_BANK = ("created", "authenticating")
# A gateway that says this does not know the card that we have on file (any more).
CARD_IS_GONE = frozenset({"no_such_method", "no_such_customer", "wrong_customer"})
# What a gateway says of an amount that it charges nobody: its bounds may move, or be the account's own.
OF_THE_AMOUNT = {
    "amount_too_large": Reason.charge_too_large,
    "amount_too_small": Reason.charge_too_small,
    "amount_between_steps": Reason.amount_between_steps,
}


async def record_payment(
    ctx: Context,
    *,
    tenant_id: UUID,
    purchase_id: UUID,
    outcome: Outcome,
    moment: Moment,
    asked: PurchaseState | None = None,
) -> tuple[Effect, ...]:
    """Record what the gateway says of one purchase's payment, as ``record_payments``."""
    return await record_payments(
        ctx,
        tenant_id=tenant_id,
        outcomes={purchase_id: outcome},
        asked={} if asked is None else {purchase_id: asked},
        moment=moment,
    )


async def record_payments(
    ctx: Context,
    *,
    tenant_id: UUID,
    outcomes: Mapping[UUID, Outcome],
    asked: Mapping[UUID, PurchaseState],
    moment: Moment,
) -> tuple[Effect, ...]:
    """Record what the gateway says of purchases' payments and do all that follows from it, in one
    transaction: of one purchase, or of the renewals of a group.

    ``asked`` are the states in which those were asked for that answer a request: a refusal of one
    step says nothing of a purchase that another worker has taken on to the next.

    Returns what is to be done after the commit. ``Unknown``, ``Unreachable`` and ``NotFound`` prove
    nothing and change no state: see ``note_try``. An outcome that names a payment we did not store
    is ignored (R45).
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        if any(is_disconnected(outcome) for outcome in outcomes.values()):
            seen = await purchases.read_purchases(tx, tenant_id, list(outcomes))
            sellers = sorted({purchase.seller_id for purchase in seen})
            buyers = {purchase.buyer_id for purchase in seen}
            await demands.lock_families(tx, tenant_id, sellers, *buyers)
        if all(isinstance(outcome, Created) for outcome in outcomes.values()):
            locked, cards = await breaker.lock_to_begin(tx, tenant_id, list(outcomes), moment.at)
        else:
            locked, cards = await purchases.lock_purchases(tx, tenant_id, list(outcomes)), None
        learnt = [(one, outcomes[one.purchase_id]) for one in locked]
        fresh = [
            (purchase, outcome)
            for purchase, outcome in learnt
            if _is_of(purchase, outcome)
            and not _is_overtaken(purchase, outcome, asked.get(purchase.purchase_id))
        ]
        return await _record_all(ctx, tx, tenant_id, fresh, cards, moment)

    return await ctx.db.run(body)


async def _record_all(
    ctx: Context,
    tx: Transaction,
    tenant_id: UUID,
    learnt: list[tuple[Purchase, Outcome]],
    cards: Mapping[CardKey, CardState] | None,
    moment: Moment,
) -> tuple[Effect, ...]:
    """What is the same for all is recorded for all at once, the rest one by one. ``cards``: what those of
    payments that were created did lately, where it is known."""
    created: dict[UUID, str] = {}
    beginning: list[Purchase] = []
    held: list[tuple[Purchase, datetime | None]] = []
    renewed: list[Purchase] = []
    effects: list[Effect] = []
    for purchase, outcome in learnt:
        match outcome:
            case Created(payment_id=payment_id) if purchase.state == "planned":
                created[purchase.purchase_id] = payment_id
                beginning.append(purchase)
            case Held(capture_before=before) if purchase.state in ASKED:
                held.append((purchase, before))
            case Captured() if _renews(purchase) and matches(purchase, outcome):
                renewed.append(purchase)
            case _:
                effects += await _record(ctx, tx, purchase, outcome, moment)
    if created:
        if cards is None:
            keys = [breaker.key_of(one) for one in beginning]
            cards = await breaker.read_cards(tx, tenant_id, keys, moment.at)
        begin = may_begin(beginning, cards, moment)
        await payments.store_payments(tx, tenant_id, created, begin.now, moment)
        effects += await stop_attempts(tx, beginning, begin, moment, created)
    if held:
        capture_before = {purchase.purchase_id: before for purchase, before in held}
        await payments.note_held(tx, tenant_id, capture_before)
        effects += await queue_at_sellers(tx, [purchase for purchase, _ in held], moment)
    effects += await _end_outages(tx, tenant_id, learnt, moment)
    if renewed:
        await breaker.forget_soft_declines(tx, renewed, moment.at)
        effects += await deliver_renewals(tx, renewed, moment)
    effects += await _record_reversals(tx, learnt, moment)
    # Last, for it gives back what is held of others, and of these what is not delivered by now.
    effects += await _learn_of_accounts(tx, tenant_id, learnt, moment)
    return tuple(effects)


def _is_of(purchase: Purchase, outcome: Outcome) -> bool:
    """It names the payment that we stored, or none; until one is stored, the first to be named."""
    named = getattr(outcome, "payment_id", None)
    return named is None or purchase.payment_id in (None, named)


def _is_overtaken(purchase: Purchase, outcome: Outcome, asked: PurchaseState | None) -> bool:
    """It refuses what was asked in a state that the purchase is not in any more. That a card was declined
    is so whatever became of its charge since (R29)."""
    if isinstance(outcome, Declined) and purchase.state == "canceling":
        return False
    return isinstance(outcome, Refused | Declined) and asked not in (None, purchase.state)


async def _end_outages(
    tx: Transaction, tenant_id: UUID, learnt: list[tuple[Purchase, Outcome]], moment: Moment
) -> tuple[Effect, ...]:
    """A card was asked and the gateway answered: an outage is over, and the renewals that met it are
    tried now (R29, R35)."""
    answered = {
        purchase.gateway_account
        for purchase, outcome in learnt
        if isinstance(outcome, Held | Captured | Declined | NeedsAuthentication)
        and purchase.gateway_account is not None
        and purchase.outage_open
    }
    if not answered or not await outages.end(tx, tenant_id, answered, moment.at):
        return ()
    sellers = await renewals.wake_after_outage(tx, tenant_id, moment.at)
    return tuple(Renew(tenant_id, seller_id) for seller_id in sorted(sellers))


async def _learn_of_accounts(
    tx: Transaction, tenant_id: UUID, learnt: list[tuple[Purchase, Outcome]], moment: Moment
) -> tuple[Effect, ...]:
    """What the answers say of the sellers' accounts at the gateway: that one is closed is noted; where
    something could be cancelled, one may be open again, so that the gateway is asked (R10)."""
    effects: tuple[Effect, ...] = ()
    closed = {one.seller_id for one, outcome in learnt if is_disconnected(outcome)}
    for seller_id in sorted(closed):
        effects += await note_disconnected(tx, tenant_id, seller_id, moment)
    answered = {
        one.seller_id
        for one, outcome in learnt
        if one.state == "canceling" and not isinstance(outcome, Refused)
    }
    if not answered - closed:
        return effects
    hastened = await disconnections.hasten(tx, tenant_id, answered - closed, moment.real_at)
    return effects + tuple(ReadAccount(tenant_id, seller_id) for seller_id in hastened)


async def _record_reversals(
    tx: Transaction, learnt: list[tuple[Purchase, Outcome]], moment: Moment
) -> list[Effect]:
    """Refunds and disputes of what is delivered by now, just now or long ago (R25)."""
    effects: list[Effect] = []
    for seen, outcome in learnt:
        if not isinstance(outcome, Captured) or not (outcome.refunds or outcome.disputes):
            continue
        purchase = await purchases.lock_purchase(tx, seen.tenant_id, seen.purchase_id)
        if purchase.state == "delivered" and matches(purchase, outcome):
            effects += await record_reversals(tx, purchase, outcome, moment)
    return effects


def _renews(purchase: Purchase) -> bool:
    """A renewal whose stock is secured, so that its money pays for what can be delivered."""
    secured = purchase.mode == "charge" or purchase.state == "capturing"
    by_itself = purchase.origin == "renewal" and not purchase.present
    return by_itself and secured and not purchase.ended


async def _record(
    ctx: Context, tx: Transaction, purchase: Purchase, outcome: Outcome, moment: Moment
) -> tuple[Effect, ...]:
    if purchase.ended:
        if isinstance(outcome, Captured) and purchase.state == "failed":
            return await record_not_given_back(tx, purchase, outcome, moment)
        return ()
    match outcome:
        case Captured() if matches(purchase, outcome):
            return await record_capture(tx, purchase, moment)
        case Captured() if is_another(purchase, outcome):
            return await give_up_capture(tx, purchase, moment)
        case Declined(code=code, hard=hard) if purchase.state in (*ASKED, "capturing"):
            return await record_decline(ctx, tx, purchase, code=code, hard=hard, moment=moment)
        case Declined(code=code, hard=hard) if purchase.state == "canceling":
            return await note_late_decline(tx, purchase, code=code, hard=hard, moment=moment)
        case NeedsAuthentication(action_url=None) if purchase.present and purchase.state in AT_BANK:
            # It was confirmed at the bank, or cannot be: there is nowhere to send its owner (R20).
            code = AUTHENTICATION_DECLINED
            return await record_decline(ctx, tx, purchase, code=code, hard=False, moment=moment)
        case NeedsAuthentication(action_url=url) if purchase.present:
            return await _await_owner(tx, purchase, url, moment)
        case NeedsAuthentication() if purchase.state == "created":
            code = AUTHENTICATION_REQUIRED
            return await record_decline(ctx, tx, purchase, code=code, hard=True, moment=moment)
        case Canceled(declined=said) if purchase.state in (
            *ASKED,
            "waiting",
            "capturing",
            "canceling",
        ):
            return await _canceled(tx, purchase, said, moment)
        case Refunded() if purchase.charge_state == "captured":
            await purchases.set_charge_state(tx, purchase, "refunded")
            return await fail_purchase(tx, purchase, moment)
        case Refused() if purchase.goes_back and not is_disconnected(outcome):
            return await record_refused_refund(tx, purchase, outcome, moment)
        case Refused(code=refused) if purchase.state in ("planned", *ASKED, "capturing"):
            return await _refused(ctx, tx, purchase, refused, moment)
    return ()


async def _canceled(
    tx: Transaction, purchase: Purchase, said: Declined | None, moment: Moment
) -> tuple[Effect, ...]:
    """It is cancelled for good. That its card was declined before that counts, too, where every answer
    that said so was lost (R29)."""
    effects: tuple[Effect, ...] = ()
    if said is not None and purchase.decline_code is None:
        code, hard = said.code, said.hard
        effects = await note_late_decline(tx, purchase, code=code, hard=hard, moment=moment)
        # A renewal is past due by its own card then, and not put off for its seller's sake (R35).
        purchase = replace(purchase, decline_code=code, decline_hard=hard)
    return effects + await fail_purchase(tx, purchase, moment)


async def _await_owner(
    tx: Transaction, purchase: Purchase, action_url: str | None, moment: Moment
) -> tuple[Effect, ...]:
    """The bank waits for the owner, who is there. One who does not come back in time has let it be:
    the charge is cancelled, and the link may be opened once more (R20, R29)."""
    if purchase.state == "created":
        until = moment.real_at + OWNER_HAS
        await authentications.note_action(
            tx, purchase.tenant_id, purchase.purchase_id, action_url, until
        )
        return ()
    over = purchase.wake_real_at is not None and purchase.wake_real_at <= moment.real_at
    if purchase.state != "authenticating" or not over:
        return ()
    reason = Reason.authentication_required
    await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
    return (Drive(purchase.tenant_id, purchase.purchase_id),)


async def _refused(
    ctx: Context, tx: Transaction, purchase: Purchase, code: str, moment: Moment
) -> tuple[Effect, ...]:
    """The gateway refuses the request itself. A card that it does not know is its payer's affair, not
    the seller's: nothing is tried on it any more (R29, R35). A seller that left the gateway fails its
    client, neutrally (R10, R18). An amount that it does not charge is told to who would pay it (R26).
    All else is like an outage."""
    reason = Reason.gateway_unavailable
    effects: tuple[Effect, ...] = (Drive(purchase.tenant_id, purchase.purchase_id),)
    if code == DISCONNECTED:
        reason = Reason.temporarily_unavailable
    elif code in OF_THE_AMOUNT:
        reason = OF_THE_AMOUNT[code]
    elif code in CARD_IS_GONE:
        if purchase.automatic:
            return await record_decline(ctx, tx, purchase, code=code, hard=True, moment=moment)
        reason = Reason.no_payment_method
    else:
        assert purchase.gateway_account is not None
        await outages.note(
            tx,
            purchase.tenant_id,
            purchase.gateway_account,
            planned_at=purchase.planned_at,
            at=moment.at,
        )
    await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
    return effects
