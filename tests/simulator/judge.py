"""The independent auditor: what was asked and answered against what the bank's journal says was paid.

It never reads our tables. What an account holds it asks as anybody may, and takes that as one more
answer to be judged.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from brimful.ledger.balances import Stock
from tests.simulator.bank import Net
from tests.simulator.caps import check_caps
from tests.simulator.model import Ask, Model, Switch
from tests.simulator.paid import BY_HAND, Paid, payments, undone
from tests.simulator.prices import check_prices
from tests.simulator.seats import MONTH, check_chatbots

# No request takes so long by itself.
HOURS = timedelta(hours=1)
OF_A_CARD = ("card_declined", "authentication_required")


def judge(model: Model, net: Net, stocks: dict[str, Stock], seats: dict[str, Stock]) -> list[str]:
    """Everything that contradicts the promises; ``stocks`` and ``seats`` are the credits and the
    chatbots that each account says it holds."""
    paid = list(payments(model, net))
    return [
        *model.problems,
        *_once(model, net),
        *_at_rest(net),
        *check_prices(model, paid),
        *_deliveries(model, paid, stocks),
        *check_chatbots(model, paid, seats),
        *_operations(model, paid, stocks),
        *_switched_off(model, net, paid),
        *check_caps(model, paid),
        *_told(model, net),
    ]


def _once(model: Model, net: Net) -> Iterator[str]:
    """No purchase is paid twice, and no attempt has two payments: whoever asks again does so under
    the same key, or not at all (R22). A request that was on its way for hours, when its process or
    the net stood still, may come after the key was forgotten; nobody confirms what it made."""
    late = {one.payment_id for one in net.asked if one.verb == "create" and one.on_its_way > HOURS}
    taken: dict[str, int] = defaultdict(int)
    attempts: dict[str, int] = defaultdict(int)
    for payment in net.bank.payments.values():
        attempts[payment["metadata"]["reference"]] += payment["id"] not in late
        if payment["captured"] and not undone(payment):
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
        for verb, kind in BY_HAND.items():
            first: dict[str, datetime] = {}
            for ask in model.done(verb, name):
                if not ask.bought:
                    # A change that waits for period end.
                    continue
                payment = net.get(str(ask.object_id))
                if payment is not None:
                    # It begins when it is decided on: some time before a card is asked, which may be
                    # a month, and the same request may have been sent again meanwhile.
                    first[payment.purchase] = min(ask.times)
                if payment is None or payment.who != name:
                    yield f"{ask.key} of {name} was served without a payment"
                elif verb != "change" and not _is_asked(ask, payment):
                    got = f"{payment.credits} credits, {payment.chatbots} chatbots"
                    yield f"{ask.key} of {name} paid for {got}"
            others = [p for p in net.values() if (p.who, p.kind) == (name, kind)]
            others = [one for one in others if one.purchase not in first]
            if others and kind != "plan":
                told = [(one.payment_id, one.credits, one.first_step) for one in others]
                yield f"{name} paid for what nobody was told is bought ({kind}): {told}"
            if kind == "plan":
                yield from _renewals(name, list(first.values()), others)


def _is_asked(ask: Ask, payment: Paid) -> bool:
    """Whether a payment is for what was asked for."""
    offer = ask.offer
    assert offer is not None
    chatbots = ask.quantity if offer.kind == "seats" else offer.chatbots
    return (payment.credits, payment.chatbots) == (offer.credits, chatbots)


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
