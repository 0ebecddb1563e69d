"""Driving renewals of a group together: their calls side by side, a commit for all answers of a step.

It is the same path as for one purchase, taken by many at once: the same calls under the same keys, the
same recording. Whatever goes another way than most is left to ``drive``, one by one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from brimful.billing import payments
from brimful.billing.purchases import Purchase
from brimful.db.address import LockedByOthers, TookTooLong
from brimful.domain.effect import Drive, Effect
from brimful.domain.payment import NotFound, Unknown, Unreachable
from brimful.effects.drive import (
    NO_LEASE,
    UNCONFIRMED,
    Driver,
    ask,
    drive,
    is_fresh,
    is_unconfirmed,
    no_answer,
)
from brimful.usecases.outcomes import together
from brimful.usecases.record_payment import Outcome, record_payments
from brimful.usecases.uncharged import deliver_uncharged

_log = structlog.get_logger()

# So many calls of one group are under way at the gateway at a time.
CALLS_AT_ONCE = 16
# What cannot be recorded since others hold the pools for it is taken up again so much later, in real time.
HELD_PAUSE = timedelta(seconds=10)

Seen = Mapping[UUID, tuple[str, str | None]]


async def drive_many(
    driver: Driver, *, tenant_id: UUID, purchase_ids: Sequence[UUID]
) -> tuple[Effect, ...]:
    """Take purchases of one tenant as far as they go now, and give the leases back.

    Renewals go together; any other, and any whose answer was not the usual one, is returned to be
    driven by itself. A renewal that is alone goes as any purchase does.
    """
    if len(purchase_ids) == 1:
        return await drive(driver, tenant_id=tenant_id, purchase_id=purchase_ids[0])
    return await _drive_together(driver, tenant_id, purchase_ids)


async def sort_out(
    driver: Driver, *, tenant_id: UUID, purchase_ids: Sequence[UUID]
) -> tuple[Effect, ...]:
    """How purchases of one tenant are driven: the renewals among them together, at places of their
    own, and every other at once, since somebody waits for it (R20)."""
    renewals = await payments.which_renew(driver.ctx.db, tenant_id, purchase_ids)
    others = tuple(Drive(tenant_id, one) for one in purchase_ids if one not in renewals)
    return (*others, *together(tenant_id, [one for one in purchase_ids if one in renewals]))


async def _drive_together(
    driver: Driver, tenant_id: UUID, purchase_ids: Sequence[UUID]
) -> tuple[Effect, ...]:
    db = driver.ctx.db
    fences = dict.fromkeys(purchase_ids, NO_LEASE)
    seen: dict[UUID, tuple[str, str | None]] = {}
    effects: list[Effect] = []
    held_before = False
    while fences:
        moment = driver.now()
        until = moment.real_at + timedelta(seconds=driver.lease_s)
        batch = await payments.claim(
            db, tenant_id=tenant_id, fences=fences, real_at=moment.real_at, until=until
        )
        fences = {one.purchase_id: one.fence for one in batch}
        usual = [one for one in batch if _goes_along(one, seen)]
        apart = {one.purchase_id for one in batch} - {one.purchase_id for one in usual}
        try:
            step = await _step(driver, tenant_id, usual, seen)
        except LockedByOthers as held:
            stuck = await _put_off(driver, tenant_id, usual, every=held_before)
            _log.warning("renewals_held_up", of=len(usual), put_off=len(stuck), why=str(held))
            # The rest go on: what was answered is lost, so it is read back first.
            seen = {key: was for key, was in seen.items() if key not in fences}
            step, usual, held_before = _Taken(unanswered=stuck), [], True
        except (asyncpg.PostgresError, TookTooLong):
            # One of them cannot be recorded: by themselves the others can (R24).
            _log.exception("renewals_not_recorded", tenant_id=str(tenant_id), of=len(usual))
            step = _Taken()
            apart |= {one.purchase_id for one in usual}
        apart |= step.unanswered
        await payments.release(db, tenant_id, {key: fences[key] for key in apart})
        effects += [Drive(tenant_id, key) for key in apart - step.unanswered]
        effects += [one for one in step.effects if not _is_of(one, fences)]
        seen |= {one.purchase_id: (one.state, one.charge_state) for one in usual}
        seen |= dict.fromkeys(step.unconfirmed, UNCONFIRMED)
        fences = {key: fence for key, fence in fences.items() if key not in apart}
    return tuple(effects)


async def _put_off(
    driver: Driver, tenant_id: UUID, batch: Sequence[Purchase], *, every: bool
) -> set[UUID]:
    """Of purchases that could not be recorded together those whose pools others hold, or ``every`` one,
    are due again in a while: by itself each would wait as long, with a connection of its own. Which."""
    db, stuck = driver.ctx.db, {one.purchase_id: one for one in batch}
    if not every:
        for purchase_id in await payments.find_unheld(db, tenant_id, list(stuck)):
            del stuck[purchase_id]
    await payments.put_off(db, tenant_id, stuck.values(), driver.now().real_at + HELD_PAUSE)
    return set(stuck)


def _goes_along(purchase: Purchase, seen: Seen) -> bool:
    """A renewal on its usual way: not being cancelled, and moved by its last answer, if any."""
    waits = purchase.state == "created" and purchase.attempted_at is None
    usual = purchase.origin == "renewal" and purchase.state != "canceling" and not waits
    return usual and seen.get(purchase.purchase_id) != (purchase.state, purchase.charge_state)


def _is_of(effect: Effect, fences: Mapping[UUID, int]) -> bool:
    """To drive one that is being driven here anyway."""
    return isinstance(effect, Drive) and effect.purchase_id in fences


@dataclass(slots=True)
class _Taken:
    """One step of all: what follows, which of them got no answer and are tried later, and which were
    read back, are not confirmed, and are read again first."""

    effects: list[Effect] = field(default_factory=list)
    unanswered: set[UUID] = field(default_factory=set)
    unconfirmed: set[UUID] = field(default_factory=set)


async def _step(driver: Driver, tenant_id: UUID, batch: Sequence[Purchase], seen: Seen) -> _Taken:
    step = _Taken()
    free = [one.purchase_id for one in batch if one.mode == "receivable"]
    if free:
        step.effects += await deliver_uncharged(
            driver.ctx, tenant_id=tenant_id, purchase_ids=free, moment=driver.now()
        )
    answers = await _ask_all(driver, [one for one in batch if one.mode != "receivable"], seen)
    outcomes: dict[UUID, Outcome] = {}
    for purchase, answer in answers:
        if isinstance(answer, Unknown | Unreachable | NotFound):
            busy = isinstance(answer, Unknown) and answer.busy
            step.effects += await no_answer(driver, purchase, (), busy=busy)
            step.unanswered.add(purchase.purchase_id)
        elif is_unconfirmed(purchase, answer):
            step.unconfirmed.add(purchase.purchase_id)
        else:
            outcomes[purchase.purchase_id] = answer
    if outcomes:
        step.effects += await record_payments(
            driver.ctx,
            tenant_id=tenant_id,
            outcomes=outcomes,
            asked={one.purchase_id: one.state for one in batch},
            moment=driver.now(),
        )
    return step


async def _ask_all(
    driver: Driver, batch: Sequence[Purchase], seen: Seen
) -> list[tuple[Purchase, Outcome | Unknown | Unreachable | NotFound]]:
    """The calls that the purchases' states ask for, some at a time."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(purchase: Purchase) -> Outcome | Unknown | Unreachable | NotFound:
        fresh = is_fresh(seen.get(purchase.purchase_id))
        async with slots:
            return await ask(
                driver.gateway,
                purchase,
                fresh=fresh,
                real_at=driver.now().real_at,
                public_url=driver.ctx.public_url,
            )

    answers = await asyncio.gather(*(one(purchase) for purchase in batch))
    return list(zip(batch, answers, strict=True))
