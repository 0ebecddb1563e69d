"""Refunds and disputes in a test: made here, at the gateway's dashboard, or at the card's bank."""

from typing import Any
from uuid import UUID

from brimful.cli.sandbox import WAIT_MS
from brimful.domain.payment import Captured
from brimful.usecases.record_payment import record_payment
from brimful.usecases.refund_charge import RefundWish
from tests.builders.world import World, small_world


async def bought(
    world: World, *, credits: int = 3_000, price_minor: int = 2_500, spent: int = 0
) -> dict[str, Any]:
    """A client with credits that it bought of an agency that had them, some of them spent. Returns the
    charge."""
    await small_world(world)
    await world.stock("Agency", credits=credits)
    package = await world.package("Agency", price_minor, credits=credits, name="A pack")
    await world.buy("Client 1", package)
    await world.settle()
    if spent:
        await world.spend("Client 1", spent)
    return await charge_of(world, "Client 1")


async def charge_of(world: World, name: str, state: str = "captured") -> dict[str, Any]:
    """The last charge in a state on an account's card."""
    row = await world.db.fetchrow(
        "select * from charge where account_id = $1 and state = $2 order by charge_id desc limit 1",
        world.names[name],
        state,
    )
    assert row is not None
    return dict(row)


async def refund(
    world: World,
    name: str,
    charge_id: UUID,
    amount_minor: int | None = None,
    *,
    line: int | None = None,
    key: str | None = None,
    wait_ms: int = WAIT_MS,
) -> Any:
    """Refund as the API does."""
    account = await world.account(name)
    return await world.engine.refund(
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        wait_ms=wait_ms,
        wish=RefundWish(charge_id=charge_id, amount_minor=amount_minor, line=line),
        key=key or world.key(),
        body_hash=f"{charge_id} {amount_minor} {line}".encode(),
    )


async def record(world: World, payment_id: str) -> None:
    """Take an event about a payment, read afresh and recorded, while others are at the gateway."""
    merchant = world.desk.bank.payments[payment_id]["merchant"]
    row = await world.db.fetchrow(
        "select tenant_id, purchase_id from charge where payment_id = $1", payment_id
    )
    outcome = await world.engine.gateway.look_up(account_ref=merchant, payment_id=payment_id)
    assert row is not None and isinstance(outcome, Captured), outcome
    effects = await record_payment(
        world.engine.ctx, **row, outcome=outcome, moment=world.engine.now()
    )
    world.engine.run(effects)


async def hear(world: World, payment_id: str) -> None:
    """Take an event about a payment, and wait until all that follows is done."""
    await record(world, payment_id)
    await world.settle()


async def refund_elsewhere(world: World, payment_id: str, amount_minor: int) -> str:
    """The seller refunds at the gateway's dashboard, and an event says so. Returns the refund's id."""
    merchant = world.desk.bank.payments[payment_id]["merchant"]
    after = world.desk.bank.refund(merchant, payment_id, amount_minor)
    await hear(world, payment_id)
    return str(after["refunds"][-1]["id"])


async def end_refund(world: World, payment_id: str, refund_id: str, state: str) -> None:
    """A refund succeeds or fails later, and an event says so."""
    world.desk.bank.end_refund(payment_id, refund_id, state)
    await hear(world, payment_id)


async def dispute(world: World, payment_id: str, amount_minor: int | None = None) -> str:
    """The holder of the card disputes a payment, and an event says so. Returns the dispute's id."""
    after = world.desk.bank.dispute(payment_id, amount_minor)
    await hear(world, payment_id)
    return str(after["disputes"][-1]["id"])


async def move_dispute(world: World, payment_id: str, dispute_id: str, state: str) -> None:
    """The bank decides, and an event says so."""
    world.desk.bank.move_dispute(payment_id, dispute_id, state)
    await hear(world, payment_id)


async def debts(world: World, name: str) -> list[int]:
    """The credits that an account's buyers owe it, a figure for each debt that is open."""
    rows = await world.db.fetch(
        "select missing - cleared as credits from reversal "
        "where seller_id = $1 and missing > cleared order by debt_id",
        world.names[name],
    )
    return [row["credits"] for row in rows]


async def refund_states(world: World, name: str) -> list[str]:
    """The states of an account's refunds, oldest first."""
    rows = await world.db.fetch(
        "select state from refund where account_id = $1 order by refund_id", world.names[name]
    )
    return [row["state"] for row in rows]


async def told(world: World, name: str, kind: str) -> list[str]:
    """The episodes of an account's notices of a kind, oldest first."""
    return [one["episode"] for one in await world.notices(name) if one["kind"] == kind]
