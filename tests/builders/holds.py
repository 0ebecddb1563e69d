"""Holds of credits in a world: placed, captured and released as the API does."""

from typing import Any
from uuid import UUID

from brimful.cli.sandbox import WAIT_MS
from brimful.usecases.answers import SpendDone
from brimful.usecases.credit_leases import report_lease, return_lease
from brimful.usecases.end_hold import HoldRef, capture_hold, release_hold
from tests.builders.world import World


async def place(
    world: World,
    name: str,
    credits: int,
    *,
    key: str | None = None,
    ttl_s: int = 900,
    wait_ms: int = WAIT_MS,
    held_as: str = "hold",
) -> Any:
    """Place a hold, or take a lease."""
    account = await world.account(name)
    return await world.engine.hold(
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        wait_ms=wait_ms,
        key=key or world.key(),
        body_hash=f"{held_as} {credits}".encode(),
        credits=credits,
        held_as=held_as,
        hold_s=ttl_s,
    )


async def held(world: World, name: str, credits: int, **how: Any) -> UUID:
    """The id of a hold that is placed."""
    answer = await place(world, name, credits, **how)
    assert isinstance(answer, SpendDone), answer
    return answer.spend_id


async def ref(world: World, name: str, hold_id: UUID) -> HoldRef:
    """A hold of an account."""
    account = await world.account(name)
    return HoldRef(tenant_id=account.tenant_id, account_id=account.account_id, hold_id=hold_id)


async def capture(world: World, name: str, hold_id: UUID, credits: int) -> Any:
    """Capture so much of a hold, and start what follows."""
    answer = await capture_hold(
        world.engine.ctx,
        await ref(world, name, hold_id),
        credits=credits,
        moment=world.engine.now(),
    )
    world.engine.run(getattr(answer, "effects", ()))
    return answer


async def release(world: World, name: str, hold_id: UUID) -> Any:
    """Release a hold, and start what follows."""
    answer = await release_hold(
        world.engine.ctx,
        await ref(world, name, hold_id),
        moment=world.engine.now(),
    )
    world.engine.run(getattr(answer, "effects", ()))
    return answer


async def report(
    world: World, name: str, hold_id: UUID, credits: int, extend_s: int | None = None
) -> Any:
    """Report what was spent of a lease."""
    return await report_lease(
        world.engine.ctx,
        await ref(world, name, hold_id),
        credits=credits,
        extend_s=extend_s,
        moment=world.engine.now(),
    )


async def give_back(world: World, name: str, hold_id: UUID, credits: int) -> Any:
    """Return a lease of which so much was spent."""
    return await return_lease(
        world.engine.ctx,
        await ref(world, name, hold_id),
        credits=credits,
        moment=world.engine.now(),
    )


async def is_over(world: World, hold_id: UUID) -> None:
    """Let the time of a hold be over, though nobody has looked yet."""
    await world.db.execute(
        "update credit_hold set ends_real_at = now() - interval '1 ms' where hold_id = $1", hold_id
    )


async def state(world: World, hold_id: UUID) -> tuple[str, int, int]:
    """The state of a hold, what it holds, and what was charged."""
    row = await world.db.fetchrow(
        "select state, held, captured from credit_hold where hold_id = $1", hold_id
    )
    assert row is not None
    return tuple(row)


async def places(world: World, name: str) -> tuple[int, int, int, int]:
    """What an account has free, held, used and reserved."""
    stock = await world.credits(name)
    return stock.free, stock.held, stock.used, stock.reserved
