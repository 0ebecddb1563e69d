"""R25, R1: random histories of purchases, spends, refunds and disputes against a model of their own.

The model knows nothing of lots at sellers, frozen rows or debts: for each charge it has the credits
that it brought, those that were spent of it, and the sums of money that went back or may.
"""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from brimful.domain.reason import Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.refund_charge import RefundBegun
from brimful_testbank.cards import Behaviour
from tests.builders.reversals import charge_of, debts, hear, refund
from tests.builders.world import World

STEPS = 40


@dataclass
class Charge:
    """One purchase of a pack: ``gone`` and ``maybe`` are money that went back, or may."""

    charge_id: UUID
    payment_id: str
    fingerprint: str
    credits: int
    price: int
    spent: int = 0
    taken: int = 0
    frozen: int = 0
    missing: int = 0

    @property
    def free(self) -> int:
        """What can be spent."""
        return self.credits - self.spent - self.taken - self.frozen

    def hear(self, gone: int, maybe: int) -> None:
        """What the bank says now."""
        back = self.credits * min(gone, self.price) // self.price
        away = self.credits * min(gone + maybe, self.price) // self.price
        left = self.credits - self.spent
        self.taken = min(back, left)
        self.missing = back - self.taken
        self.frozen = min(away - back, left - self.taken)


@dataclass
class History:
    """A world, its model, and the next step by chance."""

    world: World
    package: UUID
    credits: int
    price: int
    stock: int
    rng: random.Random
    charges: list[Charge] = field(default_factory=list)

    async def step(self) -> None:
        """Do one thing."""
        kinds = [self.buy, self.spend, self.refund, self.elsewhere, self.decide, self.dispute]
        await self.rng.choice(kinds if self.charges else [self.buy])()

    async def buy(self) -> None:
        """One more charge."""
        await self.world.buy("Client", self.package)
        await self.world.settle()
        row = await charge_of(self.world, "Client")
        self.charges.append(
            Charge(
                row["charge_id"], row["payment_id"], row["fingerprint"], self.credits, self.price
            )
        )

    async def spend(self) -> None:
        """The oldest first; refused exactly when it is too much."""
        wanted = self.rng.randint(1, self.credits)
        answer = await self.world.spend("Client", wanted)
        if wanted > sum(charge.free for charge in self.charges):
            assert isinstance(answer, Refuse)
            return
        assert isinstance(answer, SpendDone)
        for charge in self.charges:
            part = min(wanted, charge.free)
            charge.spent += part
            wanted -= part

    def _pick(self) -> Charge:
        return self.rng.choice(self.charges)

    def _money(self, charge: Charge) -> tuple[int, int]:
        payment = self.world.desk.bank.payments[charge.payment_id]
        every = [*payment["refunds"], *payment["disputes"]]
        gone = sum(one["amount"] for one in every if one["state"] in ("succeeded", "lost"))
        maybe = sum(one["amount"] for one in every if one["state"] in ("pending", "open"))
        return gone, maybe

    async def _hear(self, charge: Charge) -> None:
        for _ in range(self.rng.choice((1, 1, 2))):
            await hear(self.world, charge.payment_id)
        charge.hear(*self._money(charge))

    def _card(self, charge: Charge) -> None:
        slow = Behaviour(refund_pending=self.rng.random() < 0.5)
        self.world.desk.bank.overrides[charge.fingerprint] = slow

    async def refund(self) -> None:
        """By the seller, here: refused exactly when it would take what is not there."""
        charge = self._pick()
        self._card(charge)
        amount = self.rng.randint(1, self.price)
        gone, maybe = self._money(charge)
        disputed = any(
            one["state"] in ("open", "lost")
            for one in self.world.desk.bank.payments[charge.payment_id]["disputes"]
        )
        answer = await refund(self.world, "Client", charge.charge_id, amount)
        await self.world.settle()
        asked = self.credits * (gone + maybe + amount) // self.price
        fits = gone + maybe + amount <= self.price and asked <= self.credits - charge.spent
        assert isinstance(answer, RefundBegun) == (fits and not disputed), answer
        charge.hear(*self._money(charge))

    async def elsewhere(self) -> None:
        """By the seller, at the bank: whatever money is left."""
        charge = self._pick()
        self._card(charge)
        payment = self.world.desk.bank.payments[charge.payment_id]
        left = payment["captured"] - payment["refunded"]
        if left and all(one["state"] not in ("open", "lost") for one in payment["disputes"]):
            amount = self.rng.randint(1, left)
            self.world.desk.bank.refund(payment["merchant"], charge.payment_id, amount)
        await self._hear(charge)

    async def decide(self) -> None:
        """A refund or dispute goes on, late wins and late failures included."""
        charge = self._pick()
        bank = self.world.desk.bank
        payment = bank.payments[charge.payment_id]
        if payment["refunds"] and self.rng.random() < 0.5:
            one = self.rng.choice(payment["refunds"])
            state = self.rng.choice(("succeeded", "failed"))
            if one["state"] == "pending" or state == "failed":
                bank.end_refund(charge.payment_id, one["id"], state)
        elif payment["disputes"]:
            one = self.rng.choice(payment["disputes"])
            if one["state"] in ("open", "lost"):
                state = "won" if one["state"] == "lost" else self.rng.choice(("won", "lost"))
                bank.move_dispute(charge.payment_id, one["id"], state)
        await self._hear(charge)

    async def dispute(self) -> None:
        """By the holder of the card, of any amount."""
        charge = self._pick()
        amount = self.rng.randint(1, self.price + 10)
        self.world.desk.bank.dispute(charge.payment_id, amount)
        await self._hear(charge)

    async def compare(self) -> None:
        """The books say what the model says."""
        client, agency = await self.world.credits("Client"), await self.world.credits("Agency")
        assert client.free == sum(charge.free for charge in self.charges)
        assert client.held == sum(charge.frozen for charge in self.charges)
        sold = sum(charge.credits - charge.taken for charge in self.charges)
        assert (agency.free, agency.sold) == (self.stock - sold, sold)
        owed = sorted(charge.missing for charge in self.charges if charge.missing)
        assert sorted(await debts(self.world, "Agency")) == owed


@pytest.mark.parametrize(
    ("seed", "currency", "credits", "price"),
    [
        (1, "USD", 1_000, 999),
        (2, "USD", 7, 1_003),
        (3, "JPY", 3_001, 97),
        (4, "IQD", 1_000, 7_125),
        (5, "USD", 2_000, 1_000),
        (6, "JPY", 11, 53),
    ],
)
async def test_r25_random_histories_are_what_a_plain_model_says(
    world: World, seed: int, currency: str, credits: int, price: int
) -> None:
    """Any order of purchases, spends, refunds here and elsewhere, failures, disputes and late wins."""
    stock = credits * 100
    await world.open("Agency", sells=True, currency=currency)
    await world.stock("Agency", credits=stock)
    package = await world.package("Agency", price, credits=credits, name="A pack")
    await world.open("Client", "Agency", currency=currency)
    await world.card("Client")
    history = History(world, package, credits, price, stock, random.Random(seed))
    for _ in range(STEPS):
        await history.step()
        await history.compare()
    assert len(history.charges) > 2


async def test_r2_r25_refunds_race_with_spends_on_one_lot(world: World) -> None:
    """Sixty spends of 50 and five refunds at once of 3,000 credits: whoever comes first has them, what
    one may use the other does not take, and no debt arises."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=3_000)
    await world.open("Client", "Agency")
    await world.card("Client")
    await world.buy("Client", await world.package("Agency", 2_500, credits=3_000))
    await world.settle()
    charge = await charge_of(world, "Client")
    answers = await asyncio.gather(
        *(world.spend("Client", 50) for _ in range(60)),
        *(refund(world, "Client", charge["charge_id"], 500) for _ in range(5)),
    )
    await world.settle()
    spent = 50 * sum(isinstance(answer, SpendDone) for answer in answers)
    refunds = sum(isinstance(answer, RefundBegun) for answer in answers)
    client = await world.credits("Client")
    assert client.used == spent
    assert client.free == 3_000 - spent - 600 * refunds
    assert client.held == 0
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 500 * refunds
    assert await debts(world, "Agency") == []
