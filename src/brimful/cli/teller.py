"""Telling what happens in a world: accounts, charges, notices, explanations (R32)."""

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
            self.say(f"The bank's journal: {amount_of(effect)} captured for {whom}.")
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


def amount_of(effect: Row) -> str:
    """What a charge took, for people."""
    return format_money(effect["amount"], effect["currency"])
