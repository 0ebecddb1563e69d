"""The stories that the demo tells, each with the explanation that brimful keeps."""

from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from brimful.cli.sandbox import Sandbox
from brimful.domain.explanation import sentences
from brimful.domain.money import format_money
from brimful.domain.reason import Refuse, title
from brimful.ledger.audit import audit
from brimful_testbank.app import Desk


class Teller:
    """Tells what happens in a world, with figures read from the books and the bank."""

    def __init__(self, world: Sandbox, desk: Desk, console: Console) -> None:
        self.world, self._desk, self._console = world, desk, console
        self._told = 0

    def head(self, text: str) -> None:
        """Begin a story."""
        self._console.print()
        self._console.print(Rule(text, align="left"))

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text, soft_wrap=True)

    async def pools(self, *names: str) -> None:
        """The free credits of some accounts."""
        table = Table("account", "free", "reserved", "received", "used", "sold", box=None)
        for name in names:
            stock = await self.world.credits(name)
            figures = (stock.free, stock.reserved, stock.received, stock.used, stock.sold)
            table.add_row(name, *(f"{figure:,}" for figure in figures))
        self._console.print(table)

    async def explain(self, name: str) -> None:
        """The explanation of an account's newest auto-billing."""
        row = await self.world.db.fetchrow(
            "select explanation from purchase where buyer_id = $1 and automatic "
            "order by purchase_id desc limit 1",
            self.world.names[name],
        )
        for line in sentences(row["explanation"]):
            self.say(f"  {line}")

    def charges(self) -> None:
        """What the bank took since it was last asked, by its own journal."""
        taken = [e for e in self._desk.journal.effects() if e["kind"] == "captured"]
        for effect in taken[self._told :]:
            whom = "the platform" if effect["merchant"] == "platform" else "the agency"
            amount = format_money(effect["amount"], effect["currency"])
            self.say(f"The bank's journal: {amount} captured for {whom}.")
        if len(taken) == self._told:
            self.say("The bank's journal: nothing was captured.")
        self._told = len(taken)

    def answer(self, who: str, answer: Any) -> None:
        """What a caller was answered."""
        if isinstance(answer, Refuse):
            self.say(f"{who} is answered: {answer.reason}. {title(answer.reason)}")
        else:
            self.say(f"{who} is answered: done.")

    async def notice(self, name: str) -> None:
        """The newest notice to an account's owner."""
        row = await self.world.db.fetchrow(
            "select title from notice where account_id = $1 order by notice_id desc limit 1",
            self.world.names[name],
        )
        self.say(f"Notice to {name}: {row['title']}.")


async def tell_all(world: Sandbox, desk: Desk, console: Console) -> None:
    """Tell every story, in order, and prove the books at the end. Raises AssertionError when a
    figure is not what it has to be."""
    teller = Teller(world, desk, console)
    for story in (_sign_up, _query, _declined, _cap):
        await story(teller)
    teller.head("The books")
    findings = await audit(world.db)
    assert not findings, findings
    teller.say("brimful audit: the books are right.")


async def _sign_up(teller: Teller) -> None:
    world = teller.world
    teller.head("A customer signs up; the agency's pool is short (R14)")
    await teller.pools("Northwind")
    plan = await world.db.fetchval(
        "select package_id from package where seller_ref = $1 and kind = 'subscription'",
        world.names["Northwind"],
    )
    teller.say("Anna buys the plan with 10,000 credits.")
    teller.answer("Anna", await world.buy("Anna of Northwind", plan))
    await world.settle()
    await teller.explain("Northwind")
    agency, client = await world.credits("Northwind"), await world.credits("Anna of Northwind")
    assert (agency.received, agency.free, client.free) == (11_000, 1_000, 10_000)
    teller.say("Northwind's card was charged $10.00. Pool: 9,000 → 11,000 → 1,000.")
    teller.say("Anna has 10,000 credits.")
    teller.charges()
    await teller.pools("Northwind", "Anna of Northwind")
    await teller.notice("Northwind")


async def _query(teller: Teller) -> None:
    world = teller.world
    teller.head("A client's chatbot is queried at balance zero: both cards, one answer (R17)")
    teller.say("A GPT-4 reply costs 25 credits; Boris of Bluebird has 0, and so has Bluebird.")
    teller.answer("Boris's chatbot", await world.spend("Boris of Bluebird", 25))
    await world.settle()
    await teller.explain("Boris of Bluebird")
    teller.say("And one level up:")
    await teller.explain("Bluebird")
    teller.charges()
    assert (await world.credits("Boris of Bluebird")).free == 2_975
    await teller.pools("Bluebird", "Boris of Bluebird")
    await teller.notice("Boris of Bluebird")


async def _declined(teller: Teller) -> None:
    world = teller.world
    teller.head(
        "The agency's card is declined: the client hears nothing of it, and pays nothing (R18)"
    )
    await world.card("Cedar", "tok_lost_card")
    answer = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", answer)
    assert isinstance(answer, Refuse)
    teller.charges()
    await teller.notice("Cedar")
    again = await world.spend("Carla of Cedar", 25)
    assert isinstance(again, Refuse)
    teller.say("Cedar's auto-billing is paused: the next query is refused at once, with no hold.")
    await world.card("Cedar", "tok_success_2")
    teller.say("Cedar replaces its card.")
    teller.answer("Carla's chatbot", await world.spend("Carla of Cedar", 25))
    await world.settle()
    teller.charges()


async def _cap(teller: Teller) -> None:
    world = teller.world
    teller.head("A cap holds (R28)")
    await world.auto_billing("Bluebird", per_month_minor=2_500)
    teller.say("Bluebird allows $25.00 a month; $20.00 of it is used. It needs 5,000 credits more.")
    answer = await world.spend("Bluebird", 6_000)
    await world.settle()
    teller.answer("Bluebird", answer)
    assert isinstance(answer, Refuse)
    teller.charges()
