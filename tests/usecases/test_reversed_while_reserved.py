"""R25: credits that were reserved when their money went back are taken once they come free unused."""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator
from typing import Any

from brimful.billing.purchases import lock_purchase
from brimful.domain.reason import Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.clear_debt import clear_debt
from brimful.usecases.reverse import settle_reversals
from tests.builders.held import blocked, until
from tests.builders.reversals import bought, charge_of, debts, record, refund_elsewhere
from tests.builders.world import World


@contextlib.asynccontextmanager
async def reserved(world: World) -> AsyncIterator[dict[str, Any]]:
    """While a client's charge of 3,000 credits is given: 1,000 of them are used, and 2,000 reserved for
    a spend that waits for more. After it, its owner has switched off, so that nothing used them."""
    charge = await bought(world, spent=1_000)
    world.desk.faults.close_gate("create")
    spend = asyncio.create_task(world.spend("Client 1", 5_000))
    await world.desk.faults.wait_for("create", 1)
    client = await world.credits("Client 1")
    assert (client.free, client.reserved) == (0, 2_000)
    yield charge
    await world.auto_billing("Client 1", enabled=False)
    world.desk.faults.open_gate("create")
    assert isinstance(await spend, Refuse)
    await world.settle()


async def scan(world: World) -> None:
    """A worker comes by."""
    await world.engine.take_up_due_work()
    await world.settle()


async def test_r25_what_was_reserved_when_a_dispute_was_lost_is_taken_once_it_is_free(
    world: World,
) -> None:
    """What is reserved stays so; not used after all, it is taken, and owed is what was used."""
    async with reserved(world) as charge:
        world.desk.bank.dispute(charge["payment_id"], None, state="lost")
        await record(world, charge["payment_id"])
        assert await debts(world, "Agency") == [3_000]
        assert (await world.credits("Client 1")).reserved == 2_000
    before = await world.credits("Agency")
    await scan(world)
    client, agency = await world.credits("Client 1"), await world.credits("Agency")
    assert (client.free, client.reserved, client.used) == (0, 0, 1_000)
    assert agency.free == before.free + 2_000
    assert await debts(world, "Agency") == [1_000]
    await scan(world)
    assert (await world.credits("Agency")).free == agency.free


async def test_r25_what_was_reserved_when_a_dispute_opened_is_set_aside_once_it_is_free(
    world: World,
) -> None:
    """It cannot be spent while the bank decides, and is the buyer's again when that is for it."""
    async with reserved(world) as charge:
        opened = world.desk.bank.dispute(charge["payment_id"], None)["disputes"][-1]["id"]
        await record(world, charge["payment_id"])
    await scan(world)
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (0, 2_000)
    world.desk.bank.move_dispute(charge["payment_id"], opened, "won")
    await record(world, charge["payment_id"])
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (2_000, 0)


async def test_r25_what_the_seller_let_go_is_not_taken_when_it_comes_free(world: World) -> None:
    """The debt was settled in another way while the credits were reserved: they stay the buyer's, then
    and when more of the money goes back."""
    async with reserved(world) as charge:
        world.desk.bank.refund(_merchant(world, charge), charge["payment_id"], 1_000)
        await record(world, charge["payment_id"])
        assert await debts(world, "Agency") == [1_200]
        assert await _clear(world) is True
    await scan(world)
    assert (await world.credits("Client 1")).free == 2_000
    await refund_elsewhere(world, charge["payment_id"], 500)
    assert (await world.credits("Client 1")).free == 1_400
    assert await debts(world, "Agency") == []
    await refund_elsewhere(world, charge["payment_id"], 1_000)
    assert (await world.credits("Client 1")).free == 200


async def test_r25_what_is_just_being_taken_is_not_let_go_as_well(world: World) -> None:
    """Whoever takes what has come free has read what its seller let go: one who clears the debt
    meanwhile waits, and lets go what is owed after it."""
    async with reserved(world) as charge:
        world.desk.bank.dispute(charge["payment_id"], None, state="lost")
        await record(world, charge["payment_id"])
    before = await world.credits("Agency")
    outside = contextvars.copy_context()
    async with world.db.transaction() as tx:
        purchase = await lock_purchase(tx, charge["tenant_id"], charge["purchase_id"])
        clearing = asyncio.create_task(_clear(world), context=outside)
        await until(lambda: blocked(tx, 1))
        await settle_reversals(tx, purchase, world.engine.clock.moment())
    assert await clearing is True
    assert (await world.credits("Agency")).free == before.free + 2_000
    assert await world.db.fetchval("select cleared from reversal") == 1_000
    assert await debts(world, "Agency") == []


async def _clear(world: World) -> bool | Refuse | Missing:
    account = await world.account("Client 1")
    return await clear_debt(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        debt_id=await world.db.fetchval("select debt_id from reversal"),
        by=account.parent_id,
        given_by="Owner of Agency",
        moment=world.engine.clock.moment(),
    )


async def test_r25_what_comes_back_to_a_seller_in_debt_goes_on(world: World) -> None:
    """An agency's purchase is refunded, then its client's of the same credits: they are the platform's
    again, as they would be the other way round."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.buy("Agency", await world.package(None, 2_000, credits=5_000))
    await world.open("Client 1", "Agency")
    await world.card("Client 1")
    await world.buy("Client 1", await world.package("Agency", 2_500, credits=3_000))
    await world.settle()
    await refund_elsewhere(world, (await charge_of(world, "Agency"))["payment_id"], 2_000)
    assert await world.db.fetchval("select missing from reversal") == 3_000
    await refund_elsewhere(world, (await charge_of(world, "Client 1"))["payment_id"], 2_500)
    await scan(world)
    agency = await world.credits("Agency")
    assert (agency.free, agency.sold, agency.received) == (0, 0, 0)
    assert await world.db.fetch("select 1 from reversal where missing > 0") == []


def _merchant(world: World, charge: dict[str, Any]) -> str:
    return str(world.desk.bank.payments[charge["payment_id"]]["merchant"])
