"""The test clock from the command line: what time it is, and to be so much later (R38, R43)."""

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from brimful.cli.database import database_of, kept_database, opened
from brimful.cli.errors import BadInput
from brimful.cli.progress import instant, showing_progress
from brimful.cli.serve import beside
from brimful.domain.effect import AdvanceClock
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, title
from brimful.effects.advance_clock import watch_clock
from brimful.effects.clocks import SystemClock
from brimful.runtime import engine_of, work
from brimful.settings import Settings
from brimful.usecases import move_clock
from brimful.usecases.move_clock import ClockState, NotMoved
from brimful.wiring import Engine

_UNITS_S = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Both times, and the test clock if there is one."""

    moment: Moment
    state: ClockState | None

    @property
    def status(self) -> str:
        """What business time does."""
        if self.state is None:
            return "running"
        return "standing" if self.state.target_at is None else "advancing"

    def plain(self) -> dict[str, Any]:
        """For programs; the same words as the API's."""
        target = None if self.state is None else self.state.target_at
        return {
            "status": self.status,
            "business_time": self.moment.at.isoformat(),
            "real_time": self.moment.real_at.isoformat(),
            "target": None if target is None else target.isoformat(),
        }

    def lines(self) -> list[str]:
        """For people."""
        means = {"running": "runs with real time", "standing": "stands until it is advanced"}
        told = means.get(self.status)
        if self.state is not None and self.state.target_at is not None:
            told = (
                f"on its way to {instant(self.state.target_at)}; if nobody moves it, "
                "brimful clock advance goes on with it"
            )
        return [
            f"Business time  {instant(self.moment.at)}  ({told})",
            f"Real time      {instant(self.moment.real_at)}",
        ]


def _shown(state: ClockState | None) -> Shown:
    now = SystemClock().moment()
    at = now.at if state is None else state.frozen_at
    return Shown(moment=Moment(at=at, real_at=now.real_at), state=state)


async def show(settings: Settings) -> Shown:
    """What time it is. Raises BadInput where there is no database."""
    async with kept_database(settings) as dsn, opened(dsn) as db:
        return _shown(await move_clock.read_clock(db))


async def start(settings: Settings, at: str | None) -> Shown:
    """Start the test clock. Raises BadInput when there is one, or at a time that cannot be."""
    _check_allowed(settings)
    now = SystemClock().moment()
    wanted = now.real_at if at is None else parse_instant("--at", at)
    async with database_of(settings) as dsn, opened(dsn) as db:
        started = await move_clock.start_clock(db, at=wanted, moment=now)
    if isinstance(started, NotMoved):
        raise BadInput(_why(started))
    return _shown(started)


async def halt(settings: Settings) -> Shown:
    """Halt an advance. Raises BadInput when there is none."""
    _check_allowed(settings)
    async with kept_database(settings) as dsn, opened(dsn) as db:
        halted = await move_clock.halt_advance(db)
    if halted is None:
        raise BadInput("there is no advance to halt")
    return _shown(halted)


async def advance(
    settings: Settings, *, span: str | None, to: str | None, with_testbank: bool
) -> Shown:
    """Advance business time, in this process unless another does; or go on with what was begun.
    Raises BadInput, with business time as it was."""
    _check_allowed(settings)
    if span is not None and to is not None:
        raise BadInput("say either how far or where to: a span or --to, not both")
    wanted = None if to is None else parse_instant("--to", to)
    wide = None if span is None else parse_span(span)
    if (settings.testbank_url is None) != with_testbank:
        raise BadInput(
            "what is due is charged at a gateway: set BRIMFUL_TESTBANK_URL to the one that the "
            "server uses, or give --testbank where serve is given it; one of the two"
        )
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(database_of(settings))
        if with_testbank:
            settings = await beside(stack, settings, None)
        engine = await stack.enter_async_context(engine_of(settings, dsn))
        begun = await _begin(engine, wanted, wide)
        return _shown(await _go(engine, begun))


async def _begin(engine: Engine, to: datetime | None, span: timedelta | None) -> ClockState:
    db = engine.ctx.db
    if to is None and span is None:
        state = await move_clock.read_clock(db)
        if state is None or state.target_at is None:
            raise BadInput(
                "there is no advance to go on with; say how far: brimful clock advance 1d"
            )
        return state
    begun = await move_clock.begin_advance(db, to=to, span=span, moment=engine.clock.moment())
    if isinstance(begun, NotMoved):
        raise BadInput(_why(begun))
    return begun


async def _go(engine: Engine, begun: ClockState) -> ClockState:
    """Move the clock to its target, and halt it where it is when the command is ended first."""
    engine.run((AdvanceClock(),))
    working = asyncio.create_task(work(engine))
    try:
        with showing_progress(begun) as seen:
            return await watch_clock(engine.ctx.db, timeout_s=None, seen=seen)
    except asyncio.CancelledError:
        await move_clock.halt_advance(engine.ctx.db)
        raise
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _check_allowed(settings: Settings) -> None:
    """Raises BadInput where business time is real time for good."""
    if settings.production:
        raise BadInput("BRIMFUL_PRODUCTION is true: the test clock is refused in production")
    if not settings.test_clock:
        raise BadInput(
            "the test clock is off: set BRIMFUL_TEST_CLOCK=true, for this command and for the "
            "servers and workers on the same database"
        )


def _why(refused: NotMoved) -> str:
    """Why the clock was not moved, and where it is."""
    told = title(refused.reason).rstrip(".")
    state = refused.state
    if refused.reason is Reason.clock_advancing and state is not None and state.target_at:
        return (
            f"business time is on its way to {instant(state.target_at)} already: brimful clock "
            "advance goes on with it, brimful clock halt ends it"
        )
    at = "real time" if state is None else instant(state.frozen_at)
    return f"{told[:1].lower()}{told[1:]}; it is {at}"


def parse_span(text: str) -> timedelta:
    """A span such as 30d, 12h or 1d12h30m. Raises BadInput."""
    found = re.fullmatch(r"(?:[0-9]{1,9}[wdhms])+", text)
    parts = re.findall(r"([0-9]+)([wdhms])", text)
    if not found or len({unit for _, unit in parts}) < len(parts):
        raise BadInput(f"{text!r} is not a span such as 30d, 12h or 1d12h30m (w, d, h, m, s)")
    seconds = sum(int(number) * _UNITS_S[unit] for number, unit in parts)
    if not 1 <= seconds <= move_clock.FARTHEST.total_seconds():
        raise BadInput(f"{text!r}: the test clock moves by 1s at least and 3660d at most")
    return timedelta(seconds=seconds)


def parse_instant(option: str, text: str) -> datetime:
    """An instant such as 2027-01-31T00:00Z, in UTC unless it says so. Raises BadInput."""
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{option} takes an instant such as 2027-01-31T00:00Z, not {text!r}"
        ) from None
