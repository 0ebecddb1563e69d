"""Delivery: a captured payment is granted, and all that waited for it completed, in one transaction."""

from datetime import datetime, timedelta
from typing import Any

from brimful.billing import purchases, receivables, subscriptions
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue, Plan, Wake
from brimful.domain.moment import Moment
from brimful.domain.period import month_at
from brimful.ledger import balances, demands, transfers
from brimful.ledger.transfers import LotTerms, Route
from brimful.notices.promise import promise
from brimful.usecases.outcomes import effects_of


async def deliver(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """Grant what a locked purchase paid for and reserve it for the demands it was bought for.

    The caller holds both pools and the purchase. Called once per purchase: its state is the guard
    (R23). Stock goes to waiting demands in arrival order, so those it was sized for come first (R17).
    """
    before, _ = await balances.read_stock(tx, purchase.tenant_id, purchase.buyer_id)
    lines = await purchases.read_lines(tx, purchase.tenant_id, purchase.purchase_id)
    route = Route(
        tenant_id=purchase.tenant_id,
        seller_id=purchase.seller_id,
        buyer_id=purchase.buyer_id,
        demand_id=purchase.demand_id,
        operation_id=purchase.purchase_id,
        kind="purchase",
    )
    for line in lines:
        await _transfer_line(tx, purchase, route, line, moment)
    if purchase.demand_id is not None:
        await demands.close_delivered_demand(
            tx, tenant_id=purchase.tenant_id, demand_id=purchase.demand_id, moment=moment
        )
    await subscriptions.start(tx, purchase, lines, moment)
    await _settle_money(tx, purchase, moment)
    granted, _ = await balances.read_stock(tx, purchase.tenant_id, purchase.buyer_id)
    moved = await demands.offer_stock(
        tx, tenant_id=purchase.tenant_id, account_id=purchase.buyer_id, moment=moment
    )
    after, _ = await balances.read_stock(tx, purchase.tenant_id, purchase.buyer_id)
    explanation = {
        **purchase.explanation,
        "balances": {
            "before": before.free + before.reserved,
            "granted": granted.free + granted.reserved,
            "after": after.free,
        },
        "delivered_at": moment.at.isoformat(),
    }
    await purchases.set_state(tx, purchase, "delivered", moment=moment, explanation=explanation)
    effects = [Wake(purchase.purchase_id), *effects_of(purchase.tenant_id, moved)]
    if purchase.automatic:
        await _tell_owner(tx, purchase, lines, explanation, moment)
        effects.append(MailDue())
    if await demands.read_waiting(tx, purchase.tenant_id, purchase.buyer_id):
        effects.append(Plan(purchase.tenant_id, purchase.buyer_id))
    return tuple(effects)


async def _transfer_line(
    tx: Transaction, purchase: Purchase, route: Route, line: dict[str, Any], moment: Moment
) -> None:
    if line["credits"]:
        await transfers.transfer_credits(
            tx,
            route=route,
            credits=line["credits"],
            lot=LotTerms(
                terms="plan" if line["kind"] == "subscription" else "additional",
                cost_minor=_credits_cost_minor(line),
                currency=purchase.currency,
                expires_at=_expires_at(line, moment.at),
            ),
            moment=moment,
        )
    if line["chatbots"]:
        await transfers.transfer_chatbots(tx, route=route, chatbots=line["chatbots"], moment=moment)


def _credits_cost_minor(line: dict[str, Any]) -> int:
    """The part of a line's price that its credits carry, split when its version was made (R25)."""
    if line["kind"] != "subscription":
        return int(line["amount_minor"])
    return int(line["credits_price_minor"]) * int(line["quantity"])


def _expires_at(line: dict[str, Any], at: datetime) -> datetime | None:
    """Plan credits lapse at the end of their month; others when their package says so (R36)."""
    if line["kind"] == "subscription":
        return month_at(subscriptions.period_start(at), 1)
    days = line["expires_after_days"]
    return None if days is None else at + timedelta(days=days)


async def _settle_money(tx: Transaction, purchase: Purchase, moment: Moment) -> None:
    if purchase.mode != "receivable":
        await purchases.set_charge_state(tx, purchase, "captured", captured_at=moment.at)
    elif purchase.amount_minor:
        await receivables.open_receivable(
            tx,
            tenant_id=purchase.tenant_id,
            account_id=purchase.buyer_id,
            purchase_id=purchase.purchase_id,
            amount_minor=purchase.amount_minor,
            currency=purchase.currency,
            moment=moment,
        )


async def _tell_owner(
    tx: Transaction,
    purchase: Purchase,
    lines: list[dict[str, Any]],
    explanation: dict[str, Any],
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
            "lines": [
                {
                    "name": line["name"],
                    "quantity": line["quantity"],
                    "amount_minor": line["amount_minor"],
                }
                for line in lines
            ],
            "trigger": purchase.trigger_kind,
            "shortage": explanation.get("shortage"),
            "balances": explanation["balances"],
        },
        moment=moment,
    )
