"""The bank's payments, and what each was for by the text that the payer sees and by what callers were told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from brimful.usecases.answers import Pending
from tests.simulator.bank import Net
from tests.simulator.model import Ask, Model

TEXT = re.compile(r"(\d+) credits, (\d+) chatbots")
# What callers buy by hand, by the verb that asks for it.
BY_HAND = {"buy": "hand", "plan": "plan", "seats": "seats", "change": "change"}
# So long before it is decided on a payment was asked for by hand, at most, if nobody heard of it.
BEFORE = timedelta(days=45)


@dataclass(slots=True)
class Paid:
    """One payment as the bank has it, and what it was for: ``kind`` is auto (bought by auto-billing),
    hand, plan, seats, change (what callers did, and plans that renewed) or rent (chatbots that did);
    ``ask`` is the request of which a caller was told that this is its purchase; it was decided on
    between ``since`` and ``at``, no earlier than at the step ``decided``, and asked for at ``asked``."""

    payment_id: str
    who: str
    credits: int
    chatbots: int
    amount: int
    purchase: str
    decided: int
    since: datetime
    at: datetime
    asked: int
    first_step: int
    net: int
    back: int
    back_most: int
    ask: Ask | None = None
    kind: str = ""


def payments(model: Model, net: Net) -> Iterator[Paid]:
    """All payments that were ever made."""
    created = {one.payment_id: one for one in net.asked if one.verb == "create"}
    told = {
        str(ask.object_id): ask
        for ask in model.asks
        if ask.outcome == "done" and ask.verb in BY_HAND
    }
    begun = {
        str(answer.operation_id): ask
        for ask in model.asks
        if ask.verb in BY_HAND
        for answer in ask.answers
        if isinstance(answer, Pending)
    }
    for payment in net.bank.payments.values():
        method = net.bank.methods[payment["method"]]
        first = created[payment["id"]]
        found = TEXT.match(payment["description"])
        assert found is not None, payment["description"]
        kept = payment["captured"] if not undone(payment) else 0
        decided = _decided(net, UUID(payment["metadata"]["purchase"]))
        paid = Paid(
            payment_id=payment["id"],
            who=model.cards[method["fingerprint"]],
            credits=int(found[1]),
            chatbots=int(found[2]),
            amount=payment["captured"],
            purchase=payment["metadata"]["purchase"],
            decided=decided,
            since=_asked_by(net, decided - WINDOW),
            at=first.asked_at,
            asked=first.asked,
            first_step=first.done,
            net=kept,
            back=min(_given_back(payment, ("lost",)), kept),
            back_most=min(_given_back(payment, ("lost", "won")), kept),
            ask=told.get(payment["metadata"]["purchase"]),
        )
        paid.kind = kind_of(model, paid, begun.get(paid.purchase))
        yield paid


# A decision and the request that follows from it lie so many steps apart at most, mostly.
WINDOW = 400


def _decided(net: Net, purchase_id: UUID) -> int:
    """A step that is no later than that at which a purchase was decided on: its id tells when it was
    made, in real time, however much later it was asked for."""
    made_at = datetime.fromtimestamp((purchase_id.int >> 80) // 1000, UTC)
    return max((one.asked for one in net.asked if one.real_at <= made_at), default=0)


def _asked_by(net: Net, step: int) -> datetime:
    """What business time it was when the last request before a step was made."""
    earlier = [one.asked_at for one in net.asked if one.asked <= step]
    return max(earlier) if earlier else min(one.asked_at for one in net.asked)


def undone(payment: dict[str, Any]) -> bool:
    """We gave the money back because nothing was delivered for it: the key names the charge."""
    key = f"refund-{payment['merchant']}-{payment['metadata']['reference']}"
    return any(refund["reference"] == key for refund in payment["refunds"])


def _given_back(payment: dict[str, Any], disputes: tuple[str, ...]) -> int:
    """What was refunded of something that was delivered, and what was disputed and ended so."""
    refunds = sum(one["amount"] for one in payment["refunds"] if one["state"] == "succeeded")
    ended = [one["amount"] for one in payment["disputes"] if one["state"] in disputes]
    return int(refunds + sum(ended))


def kind_of(model: Model, paid: Paid, begun: Ask | None) -> str:
    """What was sold: what a caller was told of, or that it was ``begun``, is known; of other things
    the numbers tell. That of which nobody kept the money may be what a caller asked for and heard has
    failed."""
    if (known := paid.ask or begun) is not None:
        return BY_HAND[known.verb]
    if not paid.net and (failed := _asked_for(model, paid)) is not None:
        return BY_HAND[failed.verb]
    if paid.credits == paid.chatbots == 0:
        return "rent"
    return {3: "hand", 7: "plan", 0: "auto"}.get(paid.credits % 10, "change")


def _asked_for(model: Model, paid: Paid) -> Ask | None:
    """A request for chatbots or a change of plan, of the same account, that this may have been."""
    for ask in model.asks:
        if ask.verb not in ("seats", "change") or ask.who != paid.who or ask.offer is None:
            continue
        chatbots = {ask.quantity}
        if ask.verb == "change":
            seller = model.world.tree[ask.who]
            plans = [one for one in model.offers if (one.seller, one.kind) == (seller, "plan")]
            chatbots = {ask.offer.chatbots - one.chatbots for one in plans} - {0}
        if paid.chatbots in chatbots and any(
            at <= paid.at and paid.since <= at + BEFORE for at in ask.times
        ):
            return ask
    return None
