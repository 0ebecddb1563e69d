"""Handling the event of a saved card that changed: it is read afresh, and that is recorded (R29, R45).

Networks replace cards silently, and the gateway changes what it has saved under the same id. The event
says no more than that something changed; whose card it is, and under which gateway account it is read,
is what was written down when it was saved.
"""

from brimful.billing import card_readings
from brimful.billing.events import Taken
from brimful.domain.effect import Effect
from brimful.domain.event import Verdict, judge_method
from brimful.domain.payment import NotFound, SavedMethod
from brimful.effects.drive import Driver
from brimful.usecases.record_method import record_method


async def handle_method(driver: Driver, taken: Taken) -> tuple[Verdict | None, tuple[Effect, ...]]:
    """What became of an event about a saved card, and what follows; None when the gateway gave no
    answer, or its account is closed to us, so that nobody knows yet what the card is now."""
    hint = taken.hint
    assert hint.method_id is not None
    card = await card_readings.find_stored_card(driver.ctx.db, taken.gateway, hint.method_id)
    account = None if card is None else card.gateway_account
    verdict = judge_method(hint, account, driver.gateway.mode)
    if verdict is not None:
        return verdict, ()
    assert card is not None
    if card.removed:
        return Verdict.method_removed, ()
    if driver.connections is None:
        return Verdict.not_of_a_payment, ()
    asked = driver.now().real_at
    reading = await driver.connections.read_method(
        account_ref=card.gateway_account, method_id=card.gateway_method
    )
    if not isinstance(reading, SavedMethod | NotFound):
        return None, ()
    if isinstance(reading, SavedMethod) and not card.is_shown_by(reading):
        return Verdict.read_disagrees, ()
    effects = await record_method(
        driver.ctx, card=card, reading=reading, asked_real_at=asked, moment=driver.now()
    )
    return Verdict.recorded, effects
