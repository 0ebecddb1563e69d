"""Asking the gateway whether a seller's account, which was closed to us, is open again (R10)."""

from uuid import UUID

from brimful.billing import disconnections
from brimful.domain.disconnection import Connected, Disconnected
from brimful.domain.effect import Effect
from brimful.effects.drive import Driver
from brimful.usecases.record_connection import record_connection


async def read_account(driver: Driver, *, tenant_id: UUID, account_id: UUID) -> tuple[Effect, ...]:
    """Ask once, if it is due and nobody else does; what follows for others. Without an answer, or
    while it is closed, the next try is due later, and then ever later."""
    if driver.connections is None:
        return ()
    asked = driver.now().real_at
    ref = await disconnections.take(driver.ctx.db, tenant_id, account_id, asked)
    if ref is None:
        return ()
    outcome = await driver.connections.read_account(account_ref=ref)
    if not isinstance(outcome, Connected | Disconnected):
        return ()
    return await record_connection(
        driver.ctx,
        tenant_id=tenant_id,
        seller_id=account_id,
        outcome=outcome,
        asked_real_at=asked,
        moment=driver.now(),
    )
