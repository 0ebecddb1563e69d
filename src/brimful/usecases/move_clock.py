"""The test clock as it is written down: where it stands, where it is going, who moves it (R38).

All processes read the one row, so that business time is the same for all of them. An advance is a
target in that row, so that it outlives the process that began it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.past_due import SUSPENDED_AFTER
from brimful.domain.reason import Reason
from brimful.domain.warning import CARD_WITHIN, RENEWAL_WITHIN

_sql = partial(load, "brimful.usecases")

# A clock set by a typing error to another century would have to step through all of it.
FARTHEST = timedelta(days=3_660)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """A test clock: where business time stands, and where an advance under way takes it."""

    frozen_at: datetime
    target_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMoved:
    """The clock was not moved: why, and what it is (None: there is none)."""

    reason: Reason
    state: ClockState | None


async def read_clock(db: Transaction | Database) -> ClockState | None:
    """The test clock, if there is one."""
    return _state(await db.fetchrow(_sql("read_clock")))


async def start_clock(db: Database, *, at: datetime, moment: Moment) -> ClockState | NotMoved:
    """Let business time stand still at ``at``. Never twice, and behind real time only before the
    platform is open: what is written down already cannot lie in the future."""
    if abs(at - moment.real_at) > FARTHEST:
        return NotMoved(reason=Reason.clock_too_far, state=await read_clock(db))
    made = _state(await db.fetchrow(_sql("start_clock"), at, moment.real_at))
    if made is not None:
        return made
    before = await read_clock(db)
    reason = Reason.clock_runs_forward if before is None else Reason.clock_started
    return NotMoved(reason=reason, state=before)


async def begin_advance(
    db: Database, *, to: datetime | None, span: timedelta | None, moment: Moment
) -> ClockState | NotMoved:
    """Send business time to an instant or over a span; a clock is started now where there is none.

    Never back, and never two advances at once: but the same target again is the same advance.
    Moving it is `effects.advance_clock`.
    """

    async def body(tx: Transaction) -> ClockState | NotMoved:
        state = _state(await tx.fetchrow(_sql("lock_clock")))
        at = moment.real_at if state is None else state.frozen_at
        target = at + span if to is None and span is not None else to
        assert target is not None, "an instant or a span"
        if state is not None and state.target_at is not None:
            same = to == state.target_at
            return state if same else NotMoved(reason=Reason.clock_advancing, state=state)
        if not at <= target <= at + FARTHEST:
            reason = Reason.clock_runs_forward if target < at else Reason.clock_too_far
            return NotMoved(reason=reason, state=state)
        begun = _state(await tx.fetchrow(_sql("set_clock_target"), at, target))
        if begun is not None:
            return begun
        return NotMoved(reason=Reason.clock_advancing, state=await read_clock(tx))

    return await db.run(body)


async def halt_advance(db: Database) -> ClockState | None:
    """End an advance under way: business time stays where it has come to. None: there was none."""
    return _state(await db.fetchrow(_sql("halt_clock")))


async def claim(db: Database, moment: Moment, until: datetime) -> int | None:
    """Take the lease of an advance: its fencing token, None when there is none to be taken."""
    fence: int | None = await db.fetchval(_sql("claim_clock"), moment.real_at, until)
    return fence


async def hold(db: Database, fence: int, until: datetime) -> bool:
    """Keep the lease; False when it is lost or the advance was halted."""
    return await db.fetchval(_sql("hold_clock"), fence, until) is not None


async def step(db: Database, fence: int, until: datetime) -> bool:
    """Move business time on to the next instant at which something is due, at most to the target;
    False when it is there, the lease is lost or the advance was halted."""
    state = await read_clock(db)
    if state is None or state.target_at is None:
        return False
    due_at = await db.fetchval(
        _sql("next_due"), state.frozen_at, SUSPENDED_AFTER, RENEWAL_WITHIN, CARD_WITHIN
    )
    moved = await db.fetchval(_sql("step_clock"), fence, due_at or state.target_at, until)
    return moved is not None


async def arrive(db: Database, fence: int) -> None:
    """The target is reached and what was due there is done."""
    await db.execute(_sql("arrive_clock"), fence)


async def release(db: Database, fence: int) -> None:
    """Give the lease back."""
    await db.execute(_sql("release_clock"), fence)


async def is_work_open(db: Database) -> bool:
    """Whether something is under way that ends by itself; business time stands still for it."""
    return bool(await db.fetchval(_sql("is_work_open")))


def _state(row: Any) -> ClockState | None:
    return None if row is None else ClockState(**dict(row))
