"""Delivery: captured payments are granted, and all that waited for them completed, in one transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from brimful.billing import brakes, purchases, renewals
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Plan, PlanBelow, Renew, Wake
from brimful.domain.moment import Moment
from brimful.ledger import demands, transfers
from brimful.ledger.deliveries import Delivered, deliver_and_offer
from brimful.notices.promise import NewNotice, promise, promise_many
from brimful.usecases.outcomes import effects_of
from brimful.usecases.pull_brake import pull_brake
from brimful.usecases.seats import resume_paused


async def deliver(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """Grant what a locked purchase paid for and reserve it for the demands it was bought for.

    The caller holds both pools and the purchase. Called once per purchase: its state is the guard
    (R23). Those it was sized for come first, even where others that it left out, as renewals whose
    group is still forming, arrived before them (R17); what is left goes on in arrival order.
    """
    tenant_id, buyer_id = purchase.tenant_id, purchase.buyer_id
    done = await deliver_and_offer(
        tx,
        tenant_id=tenant_id,
        purchase_id=purchase.purchase_id,
        buyer_id=buyer_id,
        moment=moment,
    )
    effects: list[Effect] = [Wake(purchase.purchase_id), *effects_of(tenant_id, done.moved)]
    if purchase.chatbots:
        await resume_paused(tx, tenant_id, buyer_id, moment)
    if purchase.automatic:
        await _tell_owner(tx, purchase, done, moment)
        effects.append(MailDue())
        if done.more_waits and await brakes.is_uncured(tx, tenant_id, purchase.purchase_id):
            # It would buy again and again (R30).
            effects += await pull_brake(tx, tenant_id, buyer_id, "not_cured", moment)
    if purchase.origin == "renewal":
        effects.append(PlanBelow(tenant_id, (buyer_id,)))
    elif done.more_waits:
        effects.append(Plan(tenant_id, buyer_id))
    if done.renewals_due:
        effects.append(Renew(tenant_id, buyer_id))
    return tuple(effects)


async def deliver_renewals(
    tx: Transaction, renewed: Sequence[Purchase], moment: Moment
) -> tuple[Effect, ...]:
    """Grant what several locked renewals of one tenant paid for, by the same call as one purchase;
    the caller holds all their pools."""
    tenant_id = renewed[0].tenant_id
    ids = [renewal.purchase_id for renewal in renewed]
    await transfers.deliver(tx, tenant_id, ids, moment)
    effects: list[Effect] = [Wake(purchase_id) for purchase_id in ids]
    buyers = [renewal.buyer_id for renewal in renewed]
    for buyer_id in await demands.waited_on(tx, tenant_id, buyers):
        moved = await demands.offer_stock(
            tx, tenant_id=tenant_id, account_id=buyer_id, moment=moment
        )
        effects += effects_of(tenant_id, moved)
    for renewal in renewed:
        if renewal.chatbots:
            await resume_paused(tx, tenant_id, renewal.buyer_id, moment)
    await _promise_receipts(tx, renewed, moment)
    # Who waited for these renewals is planned for, on the pools of all below as well (R35).
    effects.append(PlanBelow(tenant_id, tuple(buyers)))
    return (*effects, *await wake_renewals(tx, tenant_id, buyers, moment))


async def _promise_receipts(tx: Transaction, renewed: Sequence[Purchase], moment: Moment) -> None:
    """Tell each buyer what its renewal cost (R26, R42). A month of credits within a longer period
    costs nothing and is not told. The worker's scan sends them: a receipt is in no hurry, and the
    other renewals of the hour are (R35)."""
    tenant_id = renewed[0].tenant_id
    lines = await purchases.read_lines_of(tx, tenant_id, [one.purchase_id for one in renewed])
    notices = [
        NewNotice(
            account_id=one.buyer_id,
            kind="renewed",
            subject_id=one.purchase_id,
            episode="delivered",
            facts={
                "amount_minor": one.charge_minor or one.amount_minor,
                "currency": one.currency,
                "charged": one.charge_minor is not None,
                "card": one.card,
                "lines": _told(lines[one.purchase_id]),
            },
        )
        for one in renewed
        if one.amount_minor
    ]
    await promise_many(tx, tenant_id, notices, moment)


def _told(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a purchase as notices tell them."""
    names = ("name", "quantity", "amount_minor")
    return [{name: line[name] for name in names} for line in lines]


async def wake_renewals(
    tx: Transaction, tenant_id: UUID, filled: Sequence[UUID], moment: Moment
) -> tuple[Effect, ...]:
    """Pools filled, or may be now: the renewals that their accounts could not furnish are tried at
    once (R29, R35)."""
    sellers = await renewals.wake_for_sellers(tx, tenant_id, filled, moment.at)
    return tuple(Renew(tenant_id, seller_id) for seller_id in sorted(sellers))


async def _tell_owner(
    tx: Transaction,
    purchase: Purchase,
    done: Delivered,
    moment: Moment,
) -> None:
    await promise(
        tx,
        tenant_id=purchase.tenant_id,
        account_id=purchase.buyer_id,
        kind="auto_billed",
        subject_id=purchase.purchase_id,
        episode="delivered",
        facts={
            "amount_minor": purchase.charge_minor or purchase.amount_minor,
            "currency": purchase.currency,
            "card": purchase.card,
            "credits": purchase.credits,
            "chatbots": purchase.chatbots,
            "lines": done.lines,
            "trigger": purchase.trigger_kind,
            "shortage": purchase.explanation.get("shortage"),
            "balances": {
                "before": done.before_credits,
                "granted": done.granted_credits,
                "after": done.after_free_credits,
            },
        },
        moment=moment,
    )
