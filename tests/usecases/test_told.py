"""What is told of a payment late, twice, or of another one (R23, R45)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from brimful.domain.effect import Effect, MailDue
from brimful.domain.payment import Canceled, Captured, Declined, Held
from brimful.usecases.answers import SpendDone
from brimful.usecases.record_payment import Outcome, record_payment
from tests.builders.held import blocked, until
from tests.builders.world import World, small_world


@dataclass(frozen=True, slots=True)
class Asked:
    """A purchase whose card is being asked, by a gateway that has not answered yet."""

    world: World
    name: str
    purchase: dict[str, Any]
    payment_id: str
    spend: asyncio.Task[Any]

    async def told(self, outcome: Outcome) -> tuple[Effect, ...]:
        """Somebody says what became of it."""
        return await record_payment(
            self.world.engine.ctx,
            tenant_id=self.purchase["tenant_id"],
            purchase_id=self.purchase_id,
            outcome=outcome,
            moment=self.world.engine.clock.moment(),
        )

    @property
    def purchase_id(self) -> UUID:
        """Its id."""
        purchase_id: UUID = self.purchase["purchase_id"]
        return purchase_id

    async def state(self) -> tuple[str, str | None]:
        """How it stands, and why."""
        [now] = await self.world.purchases(self.name)
        return now["state"], now["reason"]


@contextlib.asynccontextmanager
async def asked(world: World, name: str) -> AsyncIterator[Asked]:
    """A spend of 10 from an empty pool, held up at the confirm; in the end the gateway answers."""
    await small_world(world)
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend(name, 10))
    await world.desk.faults.wait_for("confirm", 1)
    [purchase] = await world.purchases(name)
    [payment_id] = world.desk.bank.payments
    yield Asked(world, name, purchase, payment_id, spend)
    world.desk.faults.open_gate("confirm")
    await world.engine.take_up_due_work()
    assert isinstance(await spend, SpendDone)
    await world.settle()


async def test_r23_what_is_learnt_is_compared_with_the_state_under_lock(world: World) -> None:
    """A decline is recorded while another transaction is about to cancel the purchase: it waits, and
    finds that the step it answers is over. It counts as an attempt, pauses the card and is told (R29), once;
    the purchase goes the way that it was on."""
    async with asked(world, "Agency") as agency:
        declined = Declined(payment_id=agency.payment_id, code="stolen_card", hard=True)
        async with world.db.transaction() as other:
            await other.execute(
                "update purchase set state = 'canceling', reason = 'auto_billing_off' "
                "where purchase_id = $1",
                agency.purchase_id,
            )
            recording = asyncio.get_running_loop().create_task(
                agency.told(declined), context=Context()
            )
            await until(lambda: blocked(other, 1))
        assert set(await recording) == {MailDue()}
        assert await agency.state() == ("canceling", "auto_billing_off")
        assert await agency.told(declined) == ()
        assert await world.db.fetchval("select declined_at from charge") is not None
        assert await world.db.fetchval("select paused_reason from breaker") == "card_declined"
    # Confirmed after all before it could be cancelled: what was taken is delivered.
    assert world.taken() == [1_000]


@pytest.mark.parametrize("late", ["captured", "declined", "held", "canceled"])
async def test_r23_what_is_told_of_a_delivered_purchase_changes_nothing(
    world: World, late: str
) -> None:
    """The grant is made once, whichever says so first and whatever is said afterwards."""
    async with asked(world, "Agency") as agency:
        pass
    ours = agency.payment_id
    outcomes: dict[str, Outcome] = {
        "captured": Captured(payment_id=ours, amount_minor=1_000, currency="USD"),
        "declined": Declined(payment_id=ours, code="stolen_card", hard=True),
        "held": Held(payment_id=ours, capture_before=None),
        "canceled": Canceled(payment_id=ours),
    }
    assert await agency.told(outcomes[late]) == ()
    assert await agency.state() == ("delivered", None)
    assert (await world.credits("Agency")).received == 2_000
    assert isinstance(await world.spend("Agency", 2_500), SpendDone), "and nothing is paused"


async def test_r45_an_answer_about_another_payment_says_nothing_of_this_one(world: World) -> None:
    """Neither that it was captured, nor declined, nor held, nor cancelled."""
    other = "pay_of_another"
    async with asked(world, "Agency") as agency:
        for outcome in (
            Captured(payment_id=other, amount_minor=1_000, currency="USD"),
            Declined(payment_id=other, code="stolen_card", hard=True),
            Held(payment_id=other, capture_before=None),
            Canceled(payment_id=other),
        ):
            assert await agency.told(outcome) == ()
        assert await agency.state() == (agency.purchase["state"], None)


async def test_r23_a_hold_that_is_told_twice_takes_one_place_in_the_queue(world: World) -> None:
    """By the reply and by an event; the second finds that the client waits already."""
    seller = (
        "select d.state from demand d join account a using (account_id) where a.name = 'Agency'"
    )
    async with asked(world, "Client 1") as client:
        held = Held(payment_id=client.payment_id, capture_before=None)
        for _ in range(2):
            await client.told(held)
        assert [row["state"] for row in await world.db.fetch(seller)] == ["waiting"]
        assert await client.state() == ("waiting", None)
