"""Chatbots as the independent auditor counts them: what was paid for, given, used, and went back."""

from collections.abc import Iterator
from datetime import timedelta

from brimful.ledger.balances import Stock
from tests.simulator.model import Model
from tests.simulator.paid import Paid

# Months have at least so many days.
MONTH = timedelta(days=27)


def check_chatbots(model: Model, paid: list[Paid], stocks: dict[str, Stock]) -> Iterator[str]:
    """Who paid has the chatbots that were paid for, unless they were let go, and nobody has more;
    each that was created and not deleted has a seat, or pauses because there is none (R1 to R4,
    R31)."""
    for name, stock in stocks.items():
        yield from _stock(model, name, stock, stocks)
        yield from _received(model, name, paid, stock)
        yield from _used(model, name, stock)
        yield from _bought(model, name, paid)
        yield from _renewed(name, paid)


def _stock(model: Model, name: str, stock: Stock, stocks: dict[str, Stock]) -> Iterator[str]:
    places = stock.free + stock.reserved + stock.held + stock.used + stock.sold
    if stock.received != places or stock.lapsed or stock.clawed_back or stock.overdrawn:
        yield f"{name}: {stock} of chatbots does not add up"
    below = [child for child, seller in model.world.tree.items() if seller == name]
    if stock.sold != sum(stocks[child].received for child in below):
        yield f"{name} sold {stock.sold} chatbots, its clients have something else"
    if stock.reserved or stock.held:
        yield f"{name} has {stock.reserved} chatbots reserved and {stock.held} held at the end"


def _received(model: Model, name: str, paid: list[Paid], stock: Stock) -> Iterator[str]:
    mine = [one for one in paid if one.who == name and one.net]
    bought = sum(one.chatbots for one in mine)
    due = bought + model.seats[name]
    back = sum(one.chatbots for one in model.let_go if one.who == name)
    if model.world.choices[name]["release_chatbots"]:
        back += sum(one.chatbots for one in mine if one.kind == "auto")
    if not due - back <= stock.received <= due:
        told = f"paid for {bought}, was given {due - bought}, let go of {back} at most"
        yield f"{name} received {stock.received} chatbots, {told}"


def _used(model: Model, name: str, stock: Stock) -> Iterator[str]:
    created = len(model.chatbots(name))
    paused = created - stock.used
    if paused < 0:
        yield f"{name} uses {stock.used} chatbots and was told of {created}"
    if paused > 0 and not any(one.who == name and one.pauses for one in model.let_go):
        yield f"{paused} of {name}'s {created} chatbots pause, and it let go of none"
    if paused > 0 and stock.free:
        yield f"{paused} chatbots of {name} pause, and {stock.free} seats are free"


def _bought(model: Model, name: str, paid: list[Paid]) -> Iterator[str]:
    """Auto-billing buys what is missing and no more (R11): for chatbots that the account itself
    creates only if its owner chose so (R4), and it is never a sub-account's (R8)."""
    bought = sum(p.chatbots for p in paid if p.who == name and p.kind == "auto" and p.net)
    if not bought:
        return
    tree = model.world.tree
    asked = sum(one.chatbots for one in paid if tree[one.who] == name)
    if model.world.choices[name]["buys_chatbots"]:
        own = [ask for ask in model.asks if (ask.verb, ask.who) == ("chatbot", name)]
        asked += sum(ask.sent for ask in own)
    if bought > asked:
        yield f"{name} had {bought} chatbots bought, and {asked} were asked for"


def _renewed(name: str, paid: list[Paid]) -> Iterator[str]:
    """Chatbots are paid for once a month (R34), with those that they joined or that a plan has. A month
    may have passed between what was decided and the request for it."""
    begun = [p.at for p in paid if p.who == name and p.net and (p.chatbots or p.ask)]
    rents = sorted(p.at for p in paid if (p.who, p.kind) == (name, "rent") and p.net)
    for number, at in enumerate(rents, start=1):
        months = sum((at - since) // MONTH + 1 for since in begun if since <= at)
        if number > months:
            yield f"{name} paid {number} times for its chatbots by {at}: {months} months had begun"
            return
