"""Handling an event that was stored: judged, its payment read afresh, and that reading recorded (R45).

The same whether this process received the event or took it over from one that died (R24). What is
recorded is what a reply or a read-back would have been recorded as, of ended purchases too: whoever
runs a gateway account refunds there, and disputes come when they come (R25).
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from brimful.billing import events, payments
from brimful.billing.events import Taken
from brimful.db.address import DatabaseGone
from brimful.domain.disconnection import ABOUT_AN_ACCOUNT, is_disconnected
from brimful.domain.effect import Effect
from brimful.domain.event import REPLY_COMES_WITHIN, Hint, Verdict, judge_hint, judge_read
from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.effects.drive import Driver
from brimful.effects.handle_account_event import handle_account_event
from brimful.effects.handle_method import handle_method
from brimful.effects.handle_page import handle_page
from brimful.usecases.record_payment import record_payment

_log = structlog.get_logger()

# Handling that goes wrong is tried again after 30 s, 1 min, 2 min, ...; so often, and a person is asked.
FAILURE_PAUSE_S = 30
FAILURES_MAX = 8
# A reading that gets no answer is tried again this soon, later and later, for as long as it takes.
READ_PAUSE_S = 5
READ_PAUSE_S_MAX = 600
# How an event is handled that is about something else than a payment.
Handle = Callable[[Driver, Taken], Awaitable[tuple[Verdict | None, tuple[Effect, ...]]]]
# Other business in a gateway account that is shared with it is nothing to be warned of, nor is what
# the gateway tells of a card on its way out.
HARMLESS = (
    Verdict.unknown_payment, Verdict.unknown_account, Verdict.unknown_page, Verdict.unknown_method,
    Verdict.method_removed,
)  # fmt: skip


class ReadRefused(Exception):
    """The gateway refuses to show a payment that is ours: nothing is known, and somebody must look."""


async def handle_event(driver: Driver, event_id: str) -> tuple[Effect, ...]:
    """Handle one stored event, if it is due and nobody else has it; what follows for others.

    One that cannot be handled is tried again later and later and then parked for a person; it holds
    up no other. Without an answer of the gateway it stays due.
    """
    now = driver.now()
    taken = await events.take(
        driver.ctx.db,
        driver.ctx.gateway,
        event_id,
        real_at=now.real_at,
        until=now.real_at + timedelta(seconds=driver.lease_s),
    )
    if taken is None:
        return ()
    try:
        return await _handle(driver, taken)
    except DatabaseGone:
        # No fault of the event: it is due again when its lease is over.
        raise
    except Exception as problem:
        _log.exception("gateway_event_not_handled", event_id=event_id, failures=taken.failures + 1)
        pause = timedelta(seconds=FAILURE_PAUSE_S * 2**taken.failures)
        await events.note_failure(
            driver.ctx.db,
            taken,
            error=f"{type(problem).__name__}: {problem}",
            until=driver.now().real_at + pause,
            failures_max=FAILURES_MAX,
        )
        return ()


async def _handle(driver: Driver, taken: Taken) -> tuple[Effect, ...]:
    db, hint = driver.ctx.db, taken.hint
    handle = _handle_of(hint)
    if handle is not None:
        verdict, effects = await handle(driver, taken)
        if verdict is None:
            return await _ask_later(driver, taken)
        await _settle(driver, taken, verdict)
        return effects
    stored = None
    if hint.payment_id is not None:
        stored = await payments.find_stored(db, taken.gateway, hint.payment_id)
    ours = None if stored is None else stored.ours
    verdict = judge_hint(hint, ours, driver.gateway.mode)
    if verdict is Verdict.unknown_payment:
        known_by = taken.received_real_at + REPLY_COMES_WITHIN
        if driver.now().real_at < known_by:
            await events.put_off(db, taken, known_by)
            return ()
    if verdict is not None:
        await _settle(driver, taken, verdict)
        return ()
    assert stored is not None and ours is not None
    outcome = await driver.gateway.look_up(account_ref=ours.account_ref, payment_id=ours.payment_id)
    if isinstance(outcome, Unknown | Unreachable) or is_disconnected(outcome):
        return await _ask_later(driver, taken)
    if isinstance(outcome, Refused):
        raise ReadRefused(outcome.code)
    verdict = judge_read(hint, ours, outcome)
    if verdict is not None:
        await _settle(driver, taken, verdict)
        return ()
    effects = await record_payment(
        driver.ctx,
        tenant_id=stored.tenant_id,
        purchase_id=stored.purchase_id,
        outcome=outcome,
        moment=driver.now(),
    )
    await _settle(driver, taken, Verdict.recorded)
    return effects


def _handle_of(hint: Hint) -> Handle | None:
    if hint.page_id is not None:
        return handle_page
    if hint.method_id is not None:
        return handle_method
    return handle_account_event if hint.kind in ABOUT_AN_ACCOUNT else None


async def _ask_later(driver: Driver, taken: Taken) -> tuple[Effect, ...]:
    pause_s = min(READ_PAUSE_S * 2 ** min(taken.tries - 1, 10), READ_PAUSE_S_MAX)
    until = driver.now().real_at + timedelta(seconds=pause_s)
    await events.put_off(driver.ctx.db, taken, until)
    return ()


async def _settle(driver: Driver, taken: Taken, verdict: Verdict) -> None:
    await events.settle(driver.ctx.db, taken, verdict, driver.now())
    if not verdict.refused:
        return
    tell = _log.info if verdict in HARMLESS else _log.warning
    hint = taken.hint
    tell(
        "gateway_event_refused",
        verdict=str(verdict),
        event_id=taken.event_id,
        kind=hint.kind,
        mode=hint.mode,
        gateway_account=hint.account_ref,
        payment_id=hint.payment_id,
        page_id=hint.page_id,
        method_id=hint.method_id,
        amount_minor=hint.amount_minor,
        currency=hint.currency,
    )
