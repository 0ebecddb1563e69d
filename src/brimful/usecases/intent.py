"""Writing the intent of a purchase: its lines, its stock at the seller, its charge (R17, R21).

One place for purchases by hand, by auto-billing and by renewal, so that there is one path for money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from brimful.billing import purchases, receivables
from brimful.billing.buyers import Card, Payer
from brimful.billing.purchases import Mode, NewPurchase, Origin, PurchaseLine
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, Plan
from brimful.domain.moment import Moment
from brimful.ledger import balances, demands
from brimful.usecases.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be bought, decided and priced."""

    lines: tuple[PurchaseLine, ...]
    origin: Origin
    trigger: str
    explanation: Mapping[str, object]

    @property
    def amount_minor(self) -> int:
        """What the lines cost now, in the seller's currency."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def credits(self) -> int:
        """Credits that the seller must have."""
        return sum(line.credits for line in self.lines)

    @property
    def chatbots(self) -> int:
        """Chatbots that the seller must have."""
        return sum(line.chatbots for line in self.lines)


async def open_intent(
    ctx: Context, tx: Transaction, *, facts: Payer, wish: Wish, moment: Moment
) -> UUID:
    """Write a purchase's intent; the buyer's and the seller's pools are locked by the caller, who
    read the facts after that and asked ``must_wait``.

    The seller has the stock: it is reserved here and the card will be charged. It has not: the card
    is held first, and only then does the demand take its place in the seller's queue (R17, R20).
    An amount too small to charge becomes a receivable (R26). Returns the purchase's id.
    """
    purchase_id = new_id()
    outstanding = facts.outstanding.minor
    total = wish.amount_minor + outstanding
    charged = _is_charged(ctx, facts, wish)
    stocked = await _has_stock(tx, facts, wish, moment)
    demand_id = None if facts.seller_is_supply or not (stocked or not charged) else new_id()
    mode: Mode = ("charge" if stocked else "hold") if charged else "receivable"
    lines = wish.lines
    if charged and outstanding:
        lines = (*lines, purchases.collecting(outstanding))
    await purchases.open_purchase(
        tx,
        NewPurchase(
            tenant_id=facts.tenant_id,
            purchase_id=purchase_id,
            buyer_id=facts.account_id,
            seller_id=facts.seller_id,
            origin=wish.origin,
            mode=mode,
            state=_first_state(mode, stocked),
            amount_minor=wish.amount_minor,
            currency=facts.currency,
            lines=lines,
            demand_id=demand_id,
            trigger=wish.trigger,
            explanation=wish.explanation,
        ),
        moment,
    )
    if charged:
        if outstanding:
            await receivables.claim(tx, facts.tenant_id, facts.account_id, purchase_id)
        assert facts.card is not None, "a purchase that charges was decided on a card"
        await _open_charge(tx, facts, facts.card, purchase_id, total, mode, moment)
    if demand_id is not None:
        await demands.register_demand(
            tx,
            tenant_id=facts.tenant_id,
            account_id=facts.seller_id,
            demand_id=demand_id,
            kind="purchase",
            operation_id=purchase_id,
            child_id=facts.account_id,
            credits=wish.credits,
            chatbots=wish.chatbots,
            moment=moment,
        )
    return purchase_id


def _is_charged(ctx: Context, facts: Payer, wish: Wish) -> bool:
    """Whether a wish, with what it would collect, reaches the least that can be charged."""
    total = wish.amount_minor + facts.outstanding.minor
    return wish.amount_minor > 0 and total >= ctx.minimum_minor(facts.currency)


def must_wait(ctx: Context, facts: Payer, wish: Wish) -> bool:
    """Whether a wish too small to charge has to wait for others like it that are being delivered:
    together they would owe what can be charged, so that none may be served without (R26)."""
    owed = wish.amount_minor + facts.outstanding.minor + facts.outstanding.coming_minor
    small = wish.amount_minor > 0 and not _is_charged(ctx, facts, wish)
    return small and owed >= ctx.minimum_minor(facts.currency)


def follow_up(facts: Payer, purchase_id: UUID) -> tuple[Effect, ...]:
    """What follows from an intent: the purchase goes to the gateway, and a seller that is short of
    what a receivable needs plans its own purchase."""
    drive = Drive(facts.tenant_id, purchase_id)
    return (drive,) if facts.seller_is_supply else (drive, Plan(facts.tenant_id, facts.seller_id))


def _first_state(mode: Mode, stocked: bool) -> Literal["planned", "waiting", "capturing"]:
    """A charge or hold starts at the gateway; a receivable only needs the seller's stock."""
    if mode != "receivable":
        return "planned"
    return "capturing" if stocked else "waiting"


async def _has_stock(tx: Transaction, facts: Payer, wish: Wish, moment: Moment) -> bool:
    if facts.seller_is_supply:
        return True
    await balances.settle(tx, facts.tenant_id, facts.seller_id, moment)
    credits, chatbots = await balances.read_stock(tx, facts.tenant_id, facts.seller_id)
    return credits.free >= wish.credits and chatbots.free >= wish.chatbots


async def _open_charge(
    tx: Transaction,
    facts: Payer,
    card: Card,
    purchase_id: UUID,
    amount_minor: int,
    mode: Mode,
    moment: Moment,
) -> None:
    await purchases.open_charge(
        tx,
        tenant_id=facts.tenant_id,
        purchase_id=purchase_id,
        account_id=facts.account_id,
        card=card,
        amount_minor=amount_minor,
        currency=facts.currency,
        capture="automatic" if mode == "charge" else "manual",
        moment=moment,
    )
