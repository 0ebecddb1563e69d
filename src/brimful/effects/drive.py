"""Driving a purchase at the gateway: the next step by its row, one call, the outcome recorded.

The rows say what is next, so that it is the same whether this process began the purchase or took it
over from one that died (R17, R24). No transaction is open while a call is under way (R21).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from brimful.billing import payments
from brimful.billing.purchases import Purchase
from brimful.domain.disconnection import CANCEL_PAUSE, is_disconnected
from brimful.domain.effect import Drive, Effect, Wake
from brimful.domain.moment import Moment
from brimful.domain.payment import (
    Captured,
    Created,
    CreateOutcome,
    Held,
    NeedsAuthentication,
    NotFound,
    PaymentOutcome,
    RefundOutcome,
    Refused,
    Unknown,
    Unreachable,
)
from brimful.domain.resending import may_send
from brimful.effects.give_back import give_back
from brimful.effects.late import ask_late, cancel, read_late
from brimful.gateways.connections import Connections
from brimful.gateways.port import REFERENCE, Gateway
from brimful.usecases.begin_attempts import begin_attempt
from brimful.usecases.come_back import return_address
from brimful.usecases.context import Context
from brimful.usecases.give_up import give_up, let_waiters_go
from brimful.usecases.record_payment import record_payment
from brimful.usecases.steps import Step, reached
from brimful.usecases.uncharged import deliver_uncharged, fail_uncharged

# No lease is held; tokens begin with 1.
NO_LEASE = -1
# Before a confirmation: the payment is known not to be confirmed, because it was created just now (then the
# row is known as that was stored, under its lock: ``_as_begun``) or was read back; then the row is read again
# in between, as its owner may have switched off (R27).
UNCONFIRMED = ("planned", None)
# A step whose outcome is not known is tried again this soon, and no more often than the last.
RETRY_AFTER_S = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
# So many tries without an answer are an outage: nobody is kept waiting for it (R20).
TRIES_BEFORE_OUTAGE = 3
# A gateway that asks to be asked less often does answer: many renewals of one hour find it so. They come
# again spread over so many seconds, what somebody waits for over fewer; that counts as no try, and it is an
# outage when it has not helped for so long.
RENEWALS_SPREAD_S, BUSY_SPREAD_S = 10.0, 1.0
BUSY_BEFORE_OUTAGE = timedelta(minutes=5)
# A refund that was refused is asked for again so much later, in real time.
GIVE_BACK_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What is needed to drive purchases: the gateway, a clock to read, and how long a lease lasts;
    ``connections``, of a gateway that has any."""

    ctx: Context
    gateway: Gateway
    now: Callable[[], Moment]
    lease_s: float
    connections: Connections | None = None


async def drive(driver: Driver, *, tenant_id: UUID, purchase_id: UUID) -> tuple[Effect, ...]:
    """Take a purchase as far as it goes now, and give the lease back.

    Returns what follows for others. Does nothing when another process drives it, or when it waits
    for its seller, a person or its next try.
    """
    follows = await _drive(driver, tenant_id, purchase_id)
    # What it does next itself it has done, or does when its next try is due.
    return tuple(one for one in follows if one != Drive(tenant_id, purchase_id))


async def _drive(driver: Driver, tenant_id: UUID, purchase_id: UUID) -> tuple[Effect, ...]:
    db = driver.ctx.db
    effects: tuple[Effect, ...] = ()
    fence: int = NO_LEASE
    before: tuple[str, str | None] | None = None
    purchase: Purchase | None = None
    while True:
        if purchase is None:
            moment = driver.now()
            claimed = await payments.claim(
                db,
                tenant_id=tenant_id,
                fences={purchase_id: fence},
                real_at=moment.real_at,
                until=moment.real_at + timedelta(seconds=driver.lease_s),
            )
            if not claimed:
                return effects
            [purchase] = claimed
            fence = purchase.fence
        here = (purchase.state, purchase.charge_state)
        if here == before:
            # The answer changed nothing, so asking again at once would change nothing either.
            next_, more = Next.later, await no_answer(driver, purchase, ())
        else:
            next_, more = await _step(driver, purchase, fresh=is_fresh(before))
        before = UNCONFIRMED if next_ is Next.confirm else here
        effects += more
        if next_ is Next.none:
            return effects
        if next_ is Next.later:
            await payments.release(db, tenant_id, {purchase_id: fence})
            return effects
        # Its lease has to last for the next call as well.
        lasts = driver.now().real_at - moment.real_at < timedelta(seconds=driver.lease_s / 2)
        purchase = _as_begun(purchase, more, driver.now()) if lasts else None


def _as_begun(purchase: Purchase, effects: tuple[Effect, ...], moment: Moment) -> Purchase | None:
    """A purchase as it was stored with a payment whose attempt begins; None where the row has to be read."""
    for one in effects:
        if isinstance(one, Drive) and one.begun and one.purchase_id == purchase.purchase_id:
            return replace(
                purchase,
                state="created",
                payment_id=one.begun,
                attempted_at=moment.at,
                tries=0,
                step_real_at=moment.real_at,
                wake_real_at=moment.real_at,
            )
    return None


class Next(Enum):
    """What is done after a step: go on by the row, read again unless it is known as it was just stored; read
    it again to confirm what is known not to be confirmed; leave it until its next try is due; or nothing
    more: it is delivered, and whoever waits for it need not wait until that is read again."""

    again = auto()
    confirm = auto()
    later = auto()
    none = auto()


async def _step(
    driver: Driver, purchase: Purchase, *, fresh: bool
) -> tuple[Next, tuple[Effect, ...]]:
    ids = {"tenant_id": purchase.tenant_id, "purchase_id": purchase.purchase_id}
    if purchase.mode == "receivable" and purchase.state == "capturing":
        return Next.again, await deliver_uncharged(
            driver.ctx,
            tenant_id=purchase.tenant_id,
            purchase_ids=[purchase.purchase_id],
            moment=driver.now(),
        )
    before: tuple[Effect, ...] = ()
    if purchase.state == "canceling":
        before = await let_waiters_go(driver.ctx, **ids, moment=driver.now())
        if purchase.payment_id is None:
            return Next.again, before + await fail_uncharged(driver.ctx, **ids, moment=driver.now())
    if purchase.state == "created" and purchase.attempted_at is None:
        # Others on the same card have to be answered first (R29); nothing was asked of it yet.
        return Next.later, await begin_attempt(driver.ctx, **ids, moment=driver.now())
    outcome = await (
        _give_back(driver, purchase)
        if purchase.goes_back
        else ask(
            driver.gateway,
            purchase,
            fresh=fresh,
            real_at=driver.now().real_at,
            public_url=driver.ctx.public_url,
        )
    )
    if isinstance(outcome, Unknown | Unreachable | NotFound):
        busy = isinstance(outcome, Unknown) and outcome.busy
        return Next.later, await no_answer(driver, purchase, before, busy=busy)
    if is_unconfirmed(purchase, outcome):
        return Next.confirm, before
    effects = await record_payment(
        driver.ctx, **ids, outcome=outcome, asked=purchase.state, moment=driver.now()
    )
    if purchase.state == "canceling" and isinstance(outcome, Refused):
        # Nothing can be cancelled at a closed account until it is open again, and then this is woken;
        # what a refund is refused for, such as too small a balance, takes its time to pass.
        pause = CANCEL_PAUSE if is_disconnected(outcome) else GIVE_BACK_PAUSE
        if is_disconnected(outcome) or purchase.goes_back:
            await payments.note_try(driver.ctx.db, purchase, driver.now().real_at + pause)
            return Next.later, before + effects
    if isinstance(outcome, Captured) and Wake(purchase.purchase_id) in effects:
        return Next.none, before + effects
    waits = purchase.present and isinstance(outcome, NeedsAuthentication)
    return Next.later if waits and not effects else Next.again, before + effects


def is_fresh(before: tuple[str, str | None] | None) -> bool:
    """Whether a payment is known not to be confirmed, by what was done ``before``."""
    return before is not None and before[0] == UNCONFIRMED[0]


def is_unconfirmed(purchase: Purchase, outcome: object) -> bool:
    """Whether a payment that is to be confirmed was read back and is not confirmed yet."""
    return purchase.state == "created" and isinstance(outcome, Created)


async def _give_back(driver: Driver, purchase: Purchase) -> PaymentOutcome | RefundOutcome:
    """Refund what was taken, unless that was first asked for so long ago that it is not asked for again
    (R22): then it is only read back. Its seller was told if the gateway ever refused it."""
    first_real_at = purchase.refund_asked_real_at
    if first_real_at is not None and not may_send(first_real_at, driver.now().real_at):
        return await read_late(driver.gateway, purchase)

    async def asking() -> None:
        await payments.note_refund_asked(driver.ctx.db, purchase, driver.now().real_at)

    return await give_back(driver.gateway, purchase, asking)


async def no_answer(
    driver: Driver, purchase: Purchase, effects: tuple[Effect, ...], *, busy: bool = False
) -> tuple[Effect, ...]:
    """No answer: neither done nor failed. Try again soon; after a few tries call it an outage and
    keep nobody waiting, while the purchase itself is cancelled as soon as the gateway answers. One that
    is ``busy`` is asked less often, each purchase at an instant of its own, and is out much later."""
    now = driver.now()
    until = purchase.wake_real_at
    if purchase.state == "authenticating" and until is not None and now.real_at < until:
        # Its time belongs to the owner at the bank, however badly the gateway answers meanwhile.
        return effects
    pause_s = RETRY_AFTER_S[min(purchase.tries, len(RETRY_AFTER_S) - 1)]
    if busy:
        spread_s = RENEWALS_SPREAD_S if purchase.origin == "renewal" else BUSY_SPREAD_S
        pause_s += spread_s * (1 + purchase.purchase_id.int % 1_000) / 1_000
    next_real_at = now.real_at + timedelta(seconds=pause_s)
    tries = await payments.note_try(driver.ctx.db, purchase, next_real_at, counts=not busy)
    is_out = tries >= TRIES_BEFORE_OUTAGE
    if busy:
        is_out = now.real_at - purchase.step_real_at >= BUSY_BEFORE_OUTAGE
    if is_out and purchase.state in ("planned", "created"):
        effects += await give_up(
            driver.ctx,
            tenant_id=purchase.tenant_id,
            purchase_id=purchase.purchase_id,
            moment=now,
        )
    return effects


async def ask(
    gateway: Gateway, purchase: Purchase, *, fresh: bool, real_at: datetime, public_url: str
) -> PaymentOutcome | CreateOutcome:
    """The one call that a purchase's state asks for, under a key that names the charge and step; no
    request for money that may have been sent long before ``real_at`` is sent again (R22).

    A payment to be confirmed that is not ``fresh``, known not to be confirmed, is only read back:
    whoever asks reads the row again before the payment is confirmed. An owner who is there is led
    back from the bank to an address at ``public_url``.
    """
    assert purchase.gateway_account is not None and purchase.charge_minor is not None
    account = purchase.gateway_account
    fence = purchase.state == "canceling"
    if not fence and not may_send(purchase.step_real_at, real_at):
        return await ask_late(gateway, purchase)
    if purchase.state == "planned":
        return await _create(gateway, purchase)
    payment_id = purchase.payment_id
    assert payment_id is not None, "a payment's id is stored before anything else is done with it"
    if purchase.state == "authenticating":
        return await gateway.look_up(account_ref=account, payment_id=payment_id)
    if purchase.state == "created":
        if not fresh:
            # Somebody may have confirmed it already: read it back before asking again (R22).
            return await gateway.look_up(account_ref=account, payment_id=payment_id)
        return await _confirm(gateway, purchase, account, payment_id, public_url)
    if purchase.state == "capturing":
        return await _capture(gateway, purchase, account, payment_id)
    assert purchase.state == "canceling", "nothing is asked for a purchase that is not driven"
    return await cancel(gateway, purchase)


async def _confirm(
    gateway: Gateway, purchase: Purchase, account: str, payment_id: str, public_url: str
) -> PaymentOutcome:
    await reached(Step.before_confirm, purchase)
    back = return_address(public_url, purchase.tenant_id, purchase.purchase_id)
    return await gateway.confirm(
        account_ref=account,
        payment_id=payment_id,
        idempotency_key=f"confirm-{account}-{purchase.charge_id}",
        off_session=not purchase.present,
        return_url=back if purchase.present else None,
    )


async def _capture(
    gateway: Gateway, purchase: Purchase, account: str, payment_id: str
) -> PaymentOutcome:
    assert purchase.charge_minor is not None
    if purchase.tries:
        # The last try got no answer; it may have taken the money all the same (R22).
        seen = await gateway.look_up(account_ref=account, payment_id=payment_id)
        if not isinstance(seen, Held):
            return seen
    await reached(Step.before_capture, purchase)
    return await gateway.capture(
        account_ref=account,
        payment_id=payment_id,
        amount_minor=purchase.charge_minor,
        currency=purchase.currency,
        idempotency_key=f"capture-{account}-{purchase.charge_id}",
    )


async def _create(gateway: Gateway, purchase: Purchase) -> CreateOutcome:
    assert purchase.gateway_customer and purchase.gateway_method and purchase.gateway_account
    assert purchase.charge_minor is not None and purchase.capture is not None
    await reached(Step.before_create, purchase)
    return await gateway.create(
        account_ref=purchase.gateway_account,
        customer_id=purchase.gateway_customer,
        method_id=purchase.gateway_method,
        amount_minor=purchase.charge_minor,
        currency=purchase.currency,
        capture=purchase.capture,
        idempotency_key=f"create-{purchase.gateway_account}-{purchase.charge_id}",
        description=f"{purchase.credits} credits, {purchase.chatbots} chatbots",
        metadata={REFERENCE: str(purchase.charge_id), "purchase": str(purchase.purchase_id)},
    )
