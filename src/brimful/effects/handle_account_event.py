"""Handling an event about a seller's gateway account: it is read afresh, and that is recorded (R10, R45)."""

from brimful.billing import disconnections
from brimful.billing.events import Taken
from brimful.domain.disconnection import SAYS_CHANGED, Connected, Disconnected, judge_reading
from brimful.domain.effect import Effect
from brimful.domain.event import Verdict
from brimful.effects.drive import Driver
from brimful.usecases.record_connection import record_connection


async def handle_account_event(
    driver: Driver, taken: Taken
) -> tuple[Verdict | None, tuple[Effect, ...]]:
    """Judge a stored event about an account and record what the gateway says of that account now.

    Returns what became of the event and what follows; None when the gateway gave no answer. Whose
    account it is we look up ourselves. That one has changed says nothing while it is open to us.
    """
    hint = taken.hint
    if hint.mode != driver.gateway.mode:
        return Verdict.other_mode, ()
    ours = await disconnections.find_by_merchant(driver.ctx.db, hint.account_ref)
    if ours is None:
        return Verdict.unknown_account, ()
    idle = hint.kind == SAYS_CHANGED and ours.since_at is None
    if ours.supply or idle or driver.connections is None:
        return Verdict.not_of_a_payment, ()
    asked = driver.now().real_at
    outcome = await driver.connections.read_account(account_ref=hint.account_ref)
    if not isinstance(outcome, Connected | Disconnected):
        return None, ()
    effects = await record_connection(
        driver.ctx,
        tenant_id=ours.tenant_id,
        seller_id=ours.account_id,
        outcome=outcome,
        asked_real_at=asked,
        moment=driver.now(),
    )
    return judge_reading(hint, outcome), effects
