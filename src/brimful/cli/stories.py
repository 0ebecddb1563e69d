"""The stories that the demo tells, each with the explanation that brimful keeps."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from brimful.billing.listings import Listing, list_page
from brimful.billing.purchases import Purchase, read_purchase
from brimful.cli.sandbox import Sandbox
from brimful.domain.explanation import sentences
from brimful.domain.money import format_money
from brimful.domain.reason import Reason, Refuse, title
from brimful.ledger.audit import audit
from brimful_testbank.app import Desk

Row = dict[str, Any]


@dataclass
class Teller:
    """Tells what happens in a world, with figures read from the books and the bank."""

    world: Sandbox
    desk: Desk
    console: Console = field(default_factory=lambda: Console(highlight=False, markup=False))
    _captures_told: int = 0
    _notices_told: dict[str, int] = field(default_factory=dict)

    def head(self, text: str) -> None:
        """Begin a story."""
        self.say(f"\n── {text}")

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, soft_wrap=True)

    async def pools(self, *names: str) -> None:
        """The credits of some accounts."""
        table = Table("account", "free", "reserved", "received", "used", "sold", box=None)
        for name in names:
            stock = await self.world.credits(name)
            figures = (stock.free, stock.reserved, stock.received, stock.used, stock.sold)
            table.add_row(name, *(f"{figure:,}" for figure in figures))
        self.console.print(table)

    async def listed(self, name: str, listing: Listing) -> list[Row]:
        """What an account has, newest first."""
        account = await self.world.account(name)
        return await list_page(
            self.world.db,
            listing,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            after=None,
            limit=50,
        )

    async def explain(self, name: str) -> Purchase:
        """Tell why an account's newest auto-billing was made, and how it ended."""
        newest = next(
            p for p in await self.listed(name, "list_purchases") if p["origin"] == "auto_billing"
        )
        account = await self.world.account(name)
        made = await read_purchase(self.world.db, account.tenant_id, newest["purchase_id"])
        assert made is not None and made.ended
        done = made.state == "delivered"
        self.say(f"  Why {name} was charged:" if done else f"  What {name} tried to buy:")
        for line in sentences(made.explanation):
            self.say(f"    {line}")
        if not done:
            amount = format_money(made.amount_minor, made.currency)
            why = title(Reason(made.reason or Reason.canceled))
            self.say(f"    {amount} was planned, nothing was charged: {why}")
        return made

    def charges(self) -> list[Row]:
        """Tell what the bank took since it was last asked, by its own journal; the captures."""
        taken = [e for e in self.desk.journal.effects() if e["kind"] == "captured"]
        new = taken[self._captures_told :]
        self._captures_told = len(taken)
        for effect in new:
            whom = "the platform" if effect["merchant"] == "platform" else "the agency"
            self.say(f"The bank's journal: {_amount(effect)} captured for {whom}.")
        if not new:
            self.say("The bank's journal: nothing was captured.")
        return new

    def answer(self, who: str, answer: Any) -> None:
        """What a caller was answered."""
        if isinstance(answer, Refuse):
            self.say(f"{who} is answered: {answer.reason}. {title(answer.reason)}")
        else:
            self.say(f"{who} is answered: done.")

    async def notices(self, name: str) -> list[Row]:
        """Tell what an account's owner was told since this was last asked; the notices."""
        rows = await self.listed(name, "list_notices")
        new = rows[: len(rows) - self._notices_told.get(name, 0)][::-1]
        self._notices_told[name] = len(rows)
        for row in new:
            self.say(f"Notice to {name}: {row['title']}.")
            for line in row["body"].splitlines():
                self.say(f"    {line}")
        return new


def _amount(effect: Row) -> str:
    return format_money(effect["amount"], effect["currency"])


async def tell_all(world: Sandbox, desk: Desk) -> None:
    """Tell every story, in order, and prove the books at the end. Raises AssertionError when a
    figure is not what it has to be."""
    teller = Teller(world, desk)
    for story in (_sign_up, _query, _declined, _replaced, _cap):
        await story(teller)
    teller.head("The books")
    findings = await audit(world.db)
    assert not findings, findings
    teller.say("brimful audit: the books are right.")


async def _sign_up(teller: Teller) -> None:
    world = teller.world
    teller.head("A customer signs up; the agency's pool is short (R14)")
    await teller.pools("Northwind")
    teller.say("Anna buys the plan with 10,000 credits.")
    answer = await world.buy("Anna of Northwind", await world.plan_of("Northwind"))
    await world.settle()
    teller.answer("Anna", answer)
    pool = (await teller.explain("Northwind")).explanation["balances"]
    [charge] = [e for e in teller.charges() if e["merchant"] == "platform"]
    before, granted, after = pool["before"], pool["granted"], pool["after"]
    received = (await world.credits("Anna of Northwind")).free
    teller.say(
        f"Northwind's card was charged {_amount(charge)}. "
        f"Pool: {before:,} → {granted:,} → {after:,}."
    )
    teller.say(f"Anna has {received:,} credits.")
    await teller.pools("Northwind", "Anna of Northwind")
    notices = await teller.notices("Northwind")
    assert (charge["amount"], charge["currency"]) == (1_000, "USD"), charge
    assert (before, granted, after) == (9_000, 11_000, 1_000), pool
    assert (await world.credits("Northwind")).free == 1_000
    assert received == 10_000, received
    assert [notice["kind"] for notice in notices] == ["auto_billed"], notices


async def _query(teller: Teller) -> None:
    world = teller.world
    teller.head("A client's chatbot is queried at balance zero: both cards, one answer (R17)")
    teller.say("A GPT-4 reply costs 25 credits; Boris of Bluebird has 0, and so has Bluebird.")
    answer = await world.spend("Boris of Bluebird", 25)
    await world.settle()
    teller.answer("Boris's chatbot", answer)
    await teller.explain("Boris of Bluebird")
    await teller.explain("Bluebird")
    taken = teller.charges()
    await teller.pools("Bluebird", "Boris of Bluebird")
    await teller.notices("Boris of Bluebird")
    await teller.notices("Bluebird")
    assert [charge["amount"] for charge in taken] == [2_000, 2_500], taken
    assert (await world.credits("Boris of Bluebird")).free == 2_975


async def _declined(teller: Teller) -> None:
    world = teller.world
    teller.head("The agency's card is declined: its client hears and pays nothing (R18)")
    await world.card("Cedar", "tok_lost_card")
    answer = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", answer)
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    await teller.explain("Carla of Cedar")
    await teller.explain("Cedar")
    assert teller.charges() == []
    assert await teller.notices("Cedar")
    teller.say("The next query is refused at once, with no hold.")
    again = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", again)
    assert isinstance(again, Refuse)
    assert await teller.notices("Cedar")
    await teller.notices("Carla of Cedar")


async def _replaced(teller: Teller) -> None:
    world = teller.world
    teller.head("The agency replaces its card, and its client is served (R29)")
    await world.card("Cedar", "tok_success_2")
    answer = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", answer)
    await teller.explain("Carla of Cedar")
    await teller.explain("Cedar")
    taken = teller.charges()
    assert [charge["amount"] for charge in taken] == [2_000, 2_500], taken


async def _cap(teller: Teller) -> None:
    world = teller.world
    teller.head("A cap holds (R28)")
    limit_minor, wanted = 2_500, 6_000
    await world.auto_billing("Bluebird", per_month_minor=limit_minor)
    [bought] = await teller.listed("Bluebird", "list_purchases")
    used = format_money(bought["amount_minor"], bought["currency"])
    short = wanted - (await world.credits("Bluebird")).free
    teller.say(f"Bluebird allows {format_money(limit_minor, 'USD')} a month; {used} of it is used.")
    teller.say(f"A query of its own needs {wanted:,} credits; {short:,} of them are missing.")
    answer = await world.spend("Bluebird", wanted)
    await world.settle()
    teller.answer("Bluebird", answer)
    assert isinstance(answer, Refuse) and answer.reason is Reason.cap_per_month
    assert teller.charges() == []
    [notice] = await teller.notices("Bluebird")
    assert notice["kind"] == "cap_reached", notice
