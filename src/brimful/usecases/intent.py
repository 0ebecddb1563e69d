"""Writing the intent of a purchase: its lines, its stock at the seller, its charge (R17, R21).

One place for purchases by hand, by auto-billing and by renewal, so that there is one path for money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from brimful.billing import receivables
from brimful.billing.buyers import Payer
from brimful.billing.intents import write_intents
from brimful.billing.payments import NewCharge
from brimful.billing.purchases import (
    Mode,
    NewPurchase,
    Origin,
    PurchaseLine,
    collecting,
)
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, Plan
from brimful.domain.moment import Moment
from brimful.domain.planning import Served
from brimful.ledger import balances, demands
from brimful.ledger.demands import NewDemand
from brimful.usecases.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be bought, decided and priced."""

    lines: tuple[PurchaseLine, ...]
    origin: Origin
    trigger: str
    explanation: Mapping[str, object]
    # The owner is there to confirm it at the bank (R29).
    present: bool = False
    for_renewals: bool = False
    # The demands that it is sized for.
    served: tuple[Served, ...] = ()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The intent of a purchase as it was written: whether it ``waits`` for what its seller lacks."""

    purchase_id: UUID
    waits: bool


async def open_intent(
    ctx: Context, tx: Transaction, *, facts: Payer, wish: Wish, moment: Moment
) -> Intent:
    """Write one purchase's intent, as ``open_intents``."""
    [intent] = await open_intents(ctx, tx, wishes=[(facts, wish)], moment=moment)
    return intent


async def open_intents(
    ctx: Context, tx: Transaction, *, wishes: Sequence[tuple[Payer, Wish]], moment: Moment
) -> list[Intent]:
    """Write the intents of purchases from one seller; the buyers' and the seller's pools are locked
    by the caller, who read the facts after that and asked ``must_wait``.

    The seller has the stock: it is reserved here and the card will be charged. It has not: the card
    is held first, and only then does the demand take its place in the seller's queue (R17, R20).
    An amount too small to charge becomes a receivable (R26). Returns them in the order given.
    """
    seller = wishes[0][0]
    left = await _stock(tx, seller, moment)
    intents: list[NewPurchase] = []
    charges: list[NewCharge] = []
    for facts, wish in wishes:
        stocked = left is None or (wish.credits <= left[0] and wish.chatbots <= left[1])
        intent = _intent(ctx, facts, wish, stocked)
        if intent.demand_id is not None and left is not None:
            left = max(0, left[0] - wish.credits), max(0, left[1] - wish.chatbots)
        intents.append(intent)
        if intent.mode != "receivable":
            charges.append(_charge(facts, wish, intent))
    await write_intents(tx, intents, charges, moment)
    for facts, intent in zip((facts for facts, _ in wishes), intents, strict=True):
        if intent.mode != "receivable" and facts.outstanding.minor:
            await receivables.claim(tx, facts.tenant_id, facts.account_id, intent.purchase_id)
    asking = [
        (demand_id, intent, wish)
        for intent, (_, wish) in zip(intents, wishes, strict=True)
        if (demand_id := intent.demand_id) is not None
    ]
    met = await demands.register_demands(
        tx,
        tenant_id=seller.tenant_id,
        account_id=seller.seller_id,
        kind="purchase",
        new=[
            NewDemand(
                demand_id=demand_id,
                operation_id=intent.purchase_id,
                child_id=intent.buyer_id,
                credits=wish.credits,
                chatbots=wish.chatbots,
            )
            for demand_id, intent, wish in asking
        ],
        moment=moment,
    )
    lacking = {
        intent.purchase_id for (_, intent, _), had in zip(asking, met, strict=True) if not had
    }
    return [
        Intent(purchase_id=intent.purchase_id, waits=intent.purchase_id in lacking)
        for intent in intents
    ]


def _intent(ctx: Context, facts: Payer, wish: Wish, stocked: bool) -> NewPurchase:
    charged = is_charged(ctx, facts, wish)
    mode: Mode = ("charge" if stocked else "hold") if charged else "receivable"
    outstanding = facts.outstanding.minor
    return NewPurchase(
        tenant_id=facts.tenant_id,
        purchase_id=new_id(),
        buyer_id=facts.account_id,
        seller_id=facts.seller_id,
        origin=wish.origin,
        mode=mode,
        state=_first_state(mode, stocked),
        amount_minor=wish.amount_minor,
        currency=facts.currency,
        lines=(*wish.lines, collecting(outstanding)) if charged and outstanding else wish.lines,
        demand_id=None if facts.seller_is_supply or not (stocked or not charged) else new_id(),
        trigger=wish.trigger,
        explanation=wish.explanation,
        present=wish.present,
        for_renewals=wish.for_renewals,
        served=wish.served,
    )


def _charge(facts: Payer, wish: Wish, intent: NewPurchase) -> NewCharge:
    assert facts.card is not None, "a purchase that charges was decided on a card"
    return NewCharge(
        tenant_id=intent.tenant_id,
        purchase_id=intent.purchase_id,
        account_id=facts.account_id,
        card=facts.card,
        amount_minor=wish.amount_minor + facts.outstanding.minor,
        currency=facts.currency,
        capture="automatic" if intent.mode == "charge" else "manual",
    )


def charge_minor(ctx: Context, facts: Payer, amount_minor: int) -> int:
    """What a card is charged for a purchase of so much: with what it would collect, and nothing where
    they are too small together (R26)."""
    total = amount_minor + facts.outstanding.minor
    return total if amount_minor > 0 and total >= ctx.minimum_minor(facts.currency) else 0


def is_charged(ctx: Context, facts: Payer, wish: Wish) -> bool:
    """Whether a wish, with what it would collect, reaches the least that can be charged."""
    return charge_minor(ctx, facts, wish.amount_minor) > 0


def must_wait(ctx: Context, facts: Payer, wish: Wish) -> bool:
    """Whether a wish too small to charge has to wait for others like it that are being delivered, or
    for a charge that is to collect what they left and may fail: together they would owe what can be
    charged, so that none may be served without (R26)."""
    owed = wish.amount_minor + facts.outstanding.minor + facts.outstanding.coming_minor
    small = wish.amount_minor > 0 and not is_charged(ctx, facts, wish)
    return small and owed >= ctx.minimum_minor(facts.currency)


def follow_up(facts: Payer, intent: Intent) -> tuple[Effect, ...]:
    """What follows from an intent: the purchase goes to the gateway, or waits for its seller, who is
    short of what it needs and plans a purchase of its own."""
    if intent.waits:
        return (Plan(facts.tenant_id, facts.seller_id),)
    return (Drive(facts.tenant_id, intent.purchase_id),)


def _first_state(mode: Mode, stocked: bool) -> Literal["planned", "waiting", "capturing"]:
    """A charge or hold starts at the gateway; a receivable only needs the seller's stock."""
    if mode != "receivable":
        return "planned"
    return "capturing" if stocked else "waiting"


async def _stock(tx: Transaction, facts: Payer, moment: Moment) -> tuple[int, int] | None:
    """The credits and chatbots that the seller has free now; None for the supply."""
    if facts.seller_is_supply:
        return None
    credits, chatbots = await balances.settle(tx, facts.tenant_id, facts.seller_id, moment)
    return credits.free, chatbots.free
