"""Bringing an account's credits to what the refunds and disputes of a purchase ask for (R25).

It is counted anew each time from all that is recorded of the charge, so it does not matter what came
first, nor how often it is done. Nothing but the credits of that purchase is touched: what a seller sold
on stays with its clients, and what is missing is a debt.
"""

from functools import partial
from uuid import UUID

from brimful.billing import accounts, breaker, purchases, refunds
from brimful.billing.names import names_of
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.domain.refunds import wanted
from brimful.ledger import reversals
from brimful.ledger.reversals import Reversed, Sale
from brimful.notices.promise import promise
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.one_by_one import Piece, one_by_one
from brimful.usecases.seats import offer


def sale_of(purchase: Purchase) -> Sale:
    """A purchase as the ledger sees it."""
    return Sale(
        tenant_id=purchase.tenant_id,
        purchase_id=purchase.purchase_id,
        buyer_id=purchase.buyer_id,
        seller_id=purchase.seller_id,
    )


async def settle_reversals(
    tx: Transaction, purchase: Purchase, moment: Moment
) -> tuple[Reversed, tuple[Effect, ...]]:
    """Take back, set aside and give again what a delivered purchase's refunds and disputes ask for.
    The pools of its buyer and seller, and its row, are locked.

    What comes free goes to what waits for it. What had been used already pauses auto-billing on the
    card each time that it grows, also while a dispute of it is open. Once its money is gone it is a debt,
    of which the seller is told each time that it grows, wherever that comes to light (R42).
    """
    assert purchase.charge_minor is not None
    sale = sale_of(purchase)
    lines = await reversals.read_lines(tx, sale, moment)
    asked = wanted(
        [line.paid for line in lines],
        purchase.charge_minor,
        [one.refund for one in await refunds.read_refunds(tx, purchase)],
        [one.dispute for one in await refunds.read_disputes(tx, purchase)],
    )
    done = await reversals.reverse(tx, sale, asked, moment)
    effects: tuple[Effect, ...] = ()
    if done.taken:
        effects += await _came_free(tx, purchase.tenant_id, purchase.seller_id, moment)
    if done.restored or done.freed:
        effects += await _came_free(tx, purchase.tenant_id, purchase.buyer_id, moment)
    if done.lacking > done.lacking_before:
        effects += await _pause(tx, purchase, moment)
    if done.missing > done.missing_before:
        effects += await _tell_of_debt(tx, purchase, done, moment)
    return done, effects


async def _came_free(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    account = await accounts.read_account(tx, tenant_id, account_id)
    assert account is not None
    if account.supply:
        return ()
    effects = await offer(tx, tenant_id, account_id, moment)
    effects += await wake_renewals(tx, tenant_id, [account_id], moment)
    if account.state == "closed":
        # What comes back to one that is closed goes on to its seller (R46).
        await accounts.note_emptied(tx, tenant_id, account_id, None)
    return effects


async def _pause(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """Nothing is charged to the card by itself until its owner acts (R29); what waits is told."""
    reason = Reason.payment_reversed
    await refunds.pause_card(tx, purchase, reason, moment)
    effects: list[Effect] = []
    for account_id in await breaker.accounts_on_card(tx, purchase):
        await promise(
            tx,
            tenant_id=purchase.tenant_id,
            account_id=account_id,
            kind="paused",
            subject_id=purchase.purchase_id,
            episode=f"reversed {moment.at.isoformat()}",
            facts={"reason": str(reason), "card": purchase.card},
            moment=moment,
        )
        effects += [MailDue(), Plan(purchase.tenant_id, account_id)]
    return tuple(effects)


async def _tell_of_debt(
    tx: Transaction, purchase: Purchase, done: Reversed, moment: Moment
) -> tuple[Effect, ...]:
    names = await names_of(tx, purchase.tenant_id, [purchase.buyer_id])
    await promise(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.seller_id,
        kind="client_debt",
        subject_id=purchase.purchase_id,
        # As many may be missing again, of another dispute, while a test clock stands still.
        episode=f"{done.missing} {moment.real_at.isoformat()}",
        facts={"client": names.get(purchase.buyer_id), "credits": done.debt},
        moment=moment,
    )
    return (MailDue(),)


async def settle_owed(ctx: Context, *, moment: Moment, limit: int = 50) -> tuple[Effect, ...]:
    """Give buyers what is due back to them as soon as their sellers have it again: of refunds that
    failed and disputes that were won after all. Take or set aside what lacked as soon as it is free:
    it was reserved, or with a client, when its money went back, and was not used."""
    owed = await reversals.find_owed(ctx.db, limit)
    due = []
    for one in owed:
        settle = partial(_settle_again, ctx, one.tenant_id, one.purchase_id, moment)
        due.append(Piece(one.purchase_id, one.buyer_id, settle, shares=one.seller_id))
    return await one_by_one("reversal_not_settled", due)


async def _settle_again(
    ctx: Context, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        return (await settle_reversals(tx, purchase, moment))[1]

    return await ctx.db.run(body)
