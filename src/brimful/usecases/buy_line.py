"""The purchase of one line by a person's decision: a package, or a change of plan (R5, R17, R37)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brimful.billing import commands
from brimful.billing.buyers import BuyerFacts, Payer
from brimful.billing.commands import Before, Key
from brimful.billing.purchases import PurchaseLine
from brimful.db.transaction import Transaction
from brimful.domain.chargeable import refuse_amounts
from brimful.domain.moment import Moment
from brimful.domain.money import MAX_CHATBOTS, MAX_CREDITS, MAX_MINOR
from brimful.domain.reason import Reason, Refuse, neutral
from brimful.usecases.answers import Bought, TooMuch
from brimful.usecases.chain import cannot_furnish, read_sellers
from brimful.usecases.context import Context
from brimful.usecases.intent import Wish, follow_up, must_wait, open_intent
from brimful.usecases.refuse_client import tell_seller


async def buy_line(
    ctx: Context,
    tx: Transaction,
    *,
    facts: BuyerFacts,
    line: PurchaseLine,
    explanation: Mapping[str, object],
    command: tuple[Key, Before],
    moment: Moment,
) -> Bought | Refuse | TooMuch:
    """Write the intent of a purchase by hand, bound to its key. The buyer's and the seller's pools
    are locked and ``facts`` were read after that.

    What no card can be charged is refused with its reason, now or in a later period (R26).
    What the chain of sellers cannot furnish is refused before anything is held, neutrally, and the
    seller's owner is told (R18); so is what a seller with a closed gateway account cannot charge.
    """
    account = str(facts.account_id)
    wish = by_hand(line, explanation)
    stopped = await why_not_buy(ctx, tx, facts=facts, wish=wish, moment=moment)
    if isinstance(stopped, TooMuch):
        return stopped
    if stopped is not None:
        if stopped.above is not None:
            needs = {"credits": line.credits, "chatbots": line.chatbots, "kind": "purchase"}
            await tell_seller(tx, refusal=stopped.above, client=facts, needs=needs, moment=moment)
        return Refuse(reason=stopped.reason, account_id=account, detail=stopped.detail)
    intent = await open_intent(ctx, tx, facts=facts, wish=wish, moment=moment)
    await commands.remember(tx, *command, intent.purchase_id, moment)
    return Bought(purchase_id=intent.purchase_id, effects=follow_up(facts, intent))


def by_hand(line: PurchaseLine, explanation: Mapping[str, object]) -> Wish:
    """The wish for one line that a person decided to buy."""
    return Wish(lines=(line,), origin="by_hand", trigger="manual", explanation=explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why nothing is bought, as its buyer hears it, and what stands behind that at a seller above,
    whose owner hears of it."""

    reason: Reason
    detail: Mapping[str, int | str] = field(default_factory=dict)
    above: Refuse | None = None


async def why_not_buy(
    ctx: Context, tx: Transaction, *, facts: BuyerFacts, wish: Wish, moment: Moment
) -> Stopped | TooMuch | None:
    """What stops a wish ``by_hand``, if anything does. A preview asks this too, so that it says what
    the purchase then does (R32); nothing is written."""
    [line] = wish.lines
    if too_much := beyond(line):
        return TooMuch(why=too_much)
    if uncharged := cannot_charge(facts, line):
        return Stopped(reason=uncharged.reason, detail=uncharged.detail)
    if facts.disconnected_at is not None and line.amount_minor > 0:
        # Its seller was told when its account was closed; the client hears nothing of it (R10, R18).
        return Stopped(reason=Reason.temporarily_unavailable)
    if facts.card is None and (line.amount_minor > 0 or line.recurring_minor > 0):
        return Stopped(reason=Reason.no_payment_method)
    sellers = await read_sellers(ctx, tx, facts=facts, need=line, at=moment.at)
    above = cannot_furnish(sellers, facts, moment.at, line)
    if above is not None:
        return Stopped(reason=neutral(above.reason), above=above)
    if must_wait(ctx, facts, wish):
        return Stopped(reason=Reason.purchase_under_way)
    return None


def cannot_charge(payer: Payer, line: PurchaseLine) -> Refuse | None:
    """Why no card can be charged for a line: now, with what is collected then, or in each later
    period (R26)."""
    now_minor = line.amount_minor + payer.outstanding.minor if line.amount_minor else 0
    amounts = (now_minor, line.recurring_minor)
    return refuse_amounts(str(payer.account_id), payer.currency, amounts)


def beyond(line: PurchaseLine) -> str | None:
    """Which bound of a request a purchase passes, if it does: one price or pool must never hold
    more than can be counted safely."""
    if line.credits > MAX_CREDITS:
        return f"One purchase brings at most {MAX_CREDITS:,} credits."
    if line.chatbots > MAX_CHATBOTS:
        return f"One purchase brings at most {MAX_CHATBOTS:,} chatbots."
    if line.amount_minor > MAX_MINOR:
        return f"One purchase costs at most {MAX_MINOR:,} minor units."
    return None
