"""The independent auditor: what was asked and answered against what the bank's journal says was paid.

It never reads our tables. What an account holds it asks as anybody may, and takes that as one more
answer to be judged.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from brimful.ledger.balances import Stock
from tests.simulator.bank import Net
from tests.simulator.model import Model, Switch
from tests.simulator.world import Offered

# Months have at least so many days.
MONTH = timedelta(days=27)
# No request takes so long by itself.
HOURS = timedelta(hours=1)
OF_A_CARD = ("card_declined", "authentication_required")
CAPS = (("per_day_minor", "%Y-%m-%d"), ("per_month_minor", "%Y-%m"))


@dataclass(slots=True)
class Paid:
    """One payment as the bank has it, and what it was for by the text that the payer sees."""

    payment_id: str
    who: str
    credits: int
    amount: int
    purchase: str
    at: datetime
    asked: int
    first_step: int
    net: int
    back: int
    back_most: int

    @property
    def kind(self) -> str:
        """What was sold: auto, hand or plan."""
        return {3: "hand", 7: "plan"}.get(self.credits % 10, "auto")


def judge(model: Model, net: Net, stocks: dict[str, Stock]) -> list[str]:
    """Everything that contradicts the promises; ``stocks`` is what each account says it holds."""
    paid = list(_payments(model, net))
    return [
        *model.problems,
        *_once(model, net),
        *_at_rest(net),
        *_prices(model, paid),
        *_deliveries(model, paid, stocks),
        *_operations(model, paid, stocks),
        *_switched_off(model, net, paid),
        *_caps(model, paid),
        *_told(model, net),
    ]


def _payments(model: Model, net: Net) -> Iterator[Paid]:
    created = {one.payment_id: one for one in net.asked if one.verb == "create"}
    for payment in net.bank.payments.values():
        method = net.bank.methods[payment["method"]]
        first = created[payment["id"]]
        kept = payment["captured"] if not _undone(payment) else 0
        yield Paid(
            payment_id=payment["id"],
            who=model.cards[method["fingerprint"]],
            credits=int(payment["description"].split(" credits")[0]),
            amount=payment["captured"],
            purchase=payment["metadata"]["purchase"],
            at=first.asked_at,
            asked=first.asked,
            first_step=first.done,
            net=kept,
            back=min(_given_back(payment, ("lost",)), kept),
            back_most=min(_given_back(payment, ("lost", "won")), kept),
        )


def _undone(payment: dict[str, Any]) -> bool:
    """We gave the money back because nothing was delivered for it: the key names the charge."""
    key = f"refund-{payment['merchant']}-{payment['metadata']['reference']}"
    return any(refund["reference"] == key for refund in payment["refunds"])


def _given_back(payment: dict[str, Any], disputes: tuple[str, ...]) -> int:
    """What was refunded of something that was delivered, and what was disputed and ended so."""
    refunds = sum(one["amount"] for one in payment["refunds"] if one["state"] == "succeeded")
    ended = [one["amount"] for one in payment["disputes"] if one["state"] in disputes]
    return int(refunds + sum(ended))


def _once(model: Model, net: Net) -> Iterator[str]:
    """No purchase is paid twice, and no attempt has two payments: whoever asks again does so under
    the same key, or not at all (R22). A request that was on its way for hours, when its process or
    the net stood still, may come after the key was forgotten; nobody confirms what it made."""
    late = {one.payment_id for one in net.asked if one.verb == "create" and one.on_its_way > HOURS}
    taken: dict[str, int] = defaultdict(int)
    attempts: dict[str, int] = defaultdict(int)
    for payment in net.bank.payments.values():
        attempts[payment["metadata"]["reference"]] += payment["id"] not in late
        if payment["captured"] and not _undone(payment):
            taken[payment["metadata"]["purchase"]] += 1
    for purchase, times in taken.items():
        if times > 1:
            yield f"purchase {purchase} was paid {times} times"
    given = [
        str(refund["reference"])
        for payment in net.bank.payments.values()
        for refund in payment["refunds"]
        if refund["state"] == "succeeded"
    ]
    for begun in model.refunds:
        if sum(reference.endswith(str(one)) for reference in given for one in begun) > 1:
            yield f"money was given back more than once for one key: {begun}"
    for attempt, times in attempts.items():
        if times > 1:
            yield f"attempt {attempt} made {times} payments"


def _at_rest(net: Net) -> Iterator[str]:
    """No card is held, and nothing that was confirmed could still take money (R17, R22)."""
    confirmed = {one.payment_id for one in net.asked if one.verb == "confirm"}
    for payment in net.bank.payments.values():
        ended = payment["state"] in ("captured", "canceled")
        if not ended and (payment["state"] != "created" or payment["id"] in confirmed):
            yield f"payment {payment['id']} is {payment['state']} at the end"


def _prices(model: Model, paid: list[Paid]) -> Iterator[str]:
    """Each charge is the price of what it says it is for: of a package, or of the best cover (R12)."""
    for one in paid:
        if not one.amount:
            continue
        seller = model.world.tree[one.who]
        shelf = [offer for offer in model.offers if offer.seller == seller]
        if one.kind == "auto":
            if not _is_best(shelf, one):
                yield f"{one.who} paid {one.amount} for a cover of {one.credits}"
            continue
        prices = {
            version.price
            for offer in shelf
            if offer.kind == one.kind and offer.credits == one.credits
            for version in offer.versions
        }
        if one.amount not in prices:
            yield f"{one.who} paid {one.amount} for {one.credits}, which costs {sorted(prices)}"


def _is_best(shelf: list[Offered], one: Paid) -> bool:
    """Whether no other cover would have been as large and cheaper, at prices that were in force some
    time before the payment was made."""
    packs = [
        (offer.credits, version.price)
        for offer in shelf
        if offer.kind != "plan"
        for version in offer.versions
        if version.since <= one.asked
    ]
    sure = [
        (offer.credits, offer.versions[0].price)
        for offer in shelf
        if offer.kind != "plan" and len(offer.versions) == 1 and not offer.withdrawn
    ]
    if not _reaches(tuple(sorted(packs)), one.credits, one.amount):
        return False
    return not sure or len(sure) < len(packs) or _least(tuple(sure), one.credits) == one.amount


@lru_cache(maxsize=4096)
def _reaches(packs: tuple[tuple[int, int], ...], credits: int, price: int) -> bool:
    """Whether some multiset of packs has exactly these credits and this price."""
    if credits == 0 and price == 0:
        return True
    if credits <= 0 or price <= 0 or not packs:
        return False
    (size, cost), rest = packs[-1], packs[:-1]
    most = min(credits // size, price // cost)
    return any(_reaches(rest, credits - n * size, price - n * cost) for n in range(most, -1, -1))


@lru_cache(maxsize=4096)
def _least(packs: tuple[tuple[int, int], ...], credits: int) -> int:
    """The lowest price of at least so many credits."""
    step = 50
    units = -(-credits // step)
    best = [0] + [10**12] * units
    for here in range(1, units + 1):
        best[here] = min(
            best[max(0, here - size // step)] + price for size, price in packs if size >= step
        )
    return best[units]


def _deliveries(model: Model, paid: list[Paid], stocks: dict[str, Stock]) -> Iterator[str]:
    """Who paid has what was paid for, and nobody has more than that (R17, R23)."""
    for name, stock in stocks.items():
        mine = [one for one in paid if one.who == name and one.net]
        bought = sum(one.credits for one in mine)
        due = bought + model.gifts.get(name, 0)
        # What was won after it was lost is given again once the seller has it. What was used or sold
        # before it could be taken is a debt; what was reserved, or comes back, is taken once it is free.
        most = sum(one.credits * one.back_most // one.net for one in mine)
        lacking = stock.received - due + sum(one.credits * one.back // one.net for one in mine)
        if not due - most <= stock.received <= due:
            yield f"{name} received {stock.received}, paid for {bought}, was given {due - bought}"
        if lacking > stock.used + stock.sold + stock.lapsed:
            yield f"{name} has {lacking} credits of which the money went back, and did not use them"
        if stock.overdrawn > model.overdrafts.get(name, 0):
            yield f"{name} is overdrawn by {stock.overdrawn}, more than its seller ever allowed"
        places = stock.free + stock.reserved + stock.held + stock.used + stock.sold
        if stock.received + stock.overdrawn != places + stock.lapsed + stock.clawed_back:
            yield f"{name}: {stock} does not add up"
        below = [child for child, seller in model.world.tree.items() if seller == name]
        if stock.sold != sum(stocks[child].received for child in below):
            yield f"{name} sold {stock.sold}, its clients received something else"
        if stock.reserved or stock.held:
            yield f"{name} has {stock.reserved} reserved and {stock.held} held at the end"


def _operations(model: Model, paid: list[Paid], stocks: dict[str, Stock]) -> Iterator[str]:
    """Each accepted key has one effect, each refused none; subscriptions renew once a month."""
    net = {one.purchase: one for one in paid if one.net}
    for name, stock in stocks.items():
        used = sum(ask.credits for ask in model.done("spend", name))
        if stock.used != used:
            yield f"{name} used {stock.used}, was served {used}"
        for verb, kind in (("buy", "hand"), ("plan", "plan")):
            first: dict[str, datetime] = {}
            for ask in model.done(verb, name):
                payment = net.get(str(ask.object_id))
                if payment is not None:
                    # It begins when it is decided on, which is some time before a card is asked.
                    first[payment.purchase] = max(at for at in ask.times if at <= payment.at)
                if payment is None or payment.who != name:
                    yield f"{ask.key} of {name} was served without a payment"
                elif ask.offer is not None and payment.credits != ask.offer.credits:
                    yield f"{ask.key} of {name} paid for {payment.credits}"
            others = [p for p in net.values() if (p.who, p.kind) == (name, kind)]
            others = [one for one in others if one.purchase not in first]
            if others and kind == "hand":
                told = [(one.payment_id, one.credits, one.first_step) for one in others]
                yield f"{name} paid for packages that nobody was told are bought: {told}"
            if kind == "plan":
                yield from _renewals(name, list(first.values()), others)


def _renewals(name: str, begun: list[datetime], renewals: list[Paid]) -> Iterator[str]:
    """The nth month of a plan is not paid before it begins, and so not twice (R34)."""
    for one in renewals:
        start = max((at for at in begun if at <= one.at), default=None)
        if start is None:
            yield f"{name} renewed at {one.at} what it never bought"
            continue
        months = sum(start < other.at <= one.at for other in renewals)
        if one.at < start + months * MONTH:
            yield f"{name} had renewed {months} times at {one.at} what began at {start}"


def _switched_off(model: Model, net: Net, paid: list[Paid]) -> Iterator[str]:
    """Nothing was asked of a card by auto-billing after its owner heard that it is off (R27)."""
    automatic = {one.payment_id: one.who for one in paid if one.kind == "auto"}
    for one in net.asked:
        who = automatic.get(one.payment_id)
        if who is None or one.verb not in ("create", "confirm"):
            continue
        if not any(switch.enabled for switch in _in_force(model, who, one.asked)):
            yield f"{one.verb} {one.payment_id} for {who} at step {one.asked}, when it was off"


def _in_force(model: Model, who: str, step: int) -> list[Switch]:
    """The settings that may have been in force at a step: the last one known by then, and those
    that were asked for and not yet answered."""
    known = [one for one in model.switches[who] if 0 <= one.known <= step]
    last = max(known, key=lambda one: one.known)
    return [last] + [
        one for one in model.switches[who] if one.asked <= step and not 0 <= one.known <= step
    ]


def _caps(model: Model, paid: list[Paid]) -> Iterator[str]:
    """No cap was passed by auto-billing (R28)."""
    for name in model.world.tree:
        mine = [p for p in paid if p.who == name and p.kind == "auto" and p.net]
        mine.sort(key=lambda one: one.first_step)
        for number, one in enumerate(mine):
            allowed = _limit(model, one, "per_charge_minor")
            if allowed is not None and one.amount > allowed:
                yield f"{name} was charged {one.amount}, its limit per charge is {allowed}"
            for cap, form in CAPS:
                limit = _limit(model, one, cap)
                day = one.at.strftime(form)
                spent = sum(p.net for p in mine[: number + 1] if p.at.strftime(form) == day)
                if limit is not None and spent > limit:
                    yield f"{name} was charged {spent} in {day}, its limit is {limit}"


def _limit(model: Model, one: Paid, cap: str) -> int | None:
    """The highest limit that may have been in force when a payment was decided on."""
    steps = [one.first_step]
    found: list[int] = []
    for switch in model.switches[one.who]:
        if switch.asked > steps[0]:
            continue
        later = [
            other
            for other in model.switches[one.who]
            if other.asked > switch.asked and 0 <= other.known < one.asked - WINDOW
        ]
        if not later:
            limit = switch.limits.get(cap)
            if limit is None:
                return None
            found.append(limit)
    return max(found, default=0) if found else None


# A decision and the request that follows from it lie so many steps apart at most, mostly; beyond, the
# caps that were in force when it was decided may have been others.
WINDOW = 400


def _told(model: Model, net: Net) -> Iterator[str]:
    """Nobody hears of a card but of their own (R18)."""
    declined = {
        model.cards[net.bank.methods[effect["object"]["method"]]["fingerprint"]]
        for effect in net.bank.journal.effects  # type: ignore[attr-defined]
        if effect["kind"] in ("declined", "needs_authentication")
    }
    for ask in model.asks:
        for answer in ask.answers:
            reason: Any = getattr(answer, "reason", None)
            if reason is not None and str(reason) in OF_A_CARD and ask.who not in declined:
                yield f"{ask.key}: {ask.who} was told {reason}, and no card of theirs was declined"
