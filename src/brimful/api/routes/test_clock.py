"""The test clock (R38): read it, advance it. The platform's alone, and only where there is one."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from brimful.api.auth import EngineDep, PrincipalDep
from brimful.api.problem import Problem, documented, not_found
from brimful.api.requests import AdvanceClock
from brimful.domain.effect import AdvanceClock as Advance
from brimful.domain.reason import title
from brimful.effects.advance_clock import watch_clock
from brimful.usecases.move_clock import ClockState, NotMoved, begin_advance, read_clock
from brimful.wiring import Engine

router = APIRouter(tags=["test clock"])


class ClockBody(BaseModel):
    """Both times. Business time is `running` with real time until it is first advanced; from then
    on it is `standing`, or `advancing` to `target`."""

    status: Literal["running", "standing", "advancing"]
    business_time: datetime
    real_time: datetime
    target: datetime | None


async def _of_platform(principal: PrincipalDep, engine: EngineDep) -> Engine:
    """The engine, for a key of the platform; to others there is nothing here (R40)."""
    if principal.tenant_id is not None:
        raise not_found()
    return engine


PlatformDep = Annotated[Engine, Depends(_of_platform)]


def _check_allowed(engine: Engine) -> None:
    if not engine.settings.test_clock:
        raise Problem(404, "no_test_clock", "There is no test clock: business time is real time.")


def _shown(engine: Engine, state: ClockState | None) -> ClockBody:
    moment = engine.clock.moment()
    if state is None:
        return ClockBody(
            status="running", business_time=moment.at, real_time=moment.real_at, target=None
        )
    return ClockBody(
        status="standing" if state.target_at is None else "advancing",
        business_time=state.frozen_at,
        real_time=moment.real_at,
        target=state.target_at,
    )


@router.get("/v1/test_clock", responses=documented(), summary="Read the test clock")
async def read(engine: PlatformDep) -> ClockBody:
    """Business time and real time, for a key of the platform."""
    _check_allowed(engine)
    return _shown(engine, await read_clock(engine.ctx.db))


@router.post(
    "/v1/test_clock/advance",
    responses={
        **documented(403, 409),
        202: {"model": ClockBody, "description": "Still advancing: read the clock to see how far"},
    },
    summary="Advance the test clock",
)
async def advance(engine: PlatformDep, body: AdvanceClock, response: Response) -> ClockBody:
    """Business time goes through every instant at which something is due, and all of that is done
    on the way; it begins to stand still with the first advance. One advance at a time, never back.
    Answered when it has arrived, or after `wait_ms` with 202 while it goes on."""
    if (body.seconds is None) == (body.to is None):
        raise Problem(422, "invalid_request", "Send either seconds or to, not both.")
    _check_allowed(engine)
    span = None if body.seconds is None else timedelta(seconds=body.seconds)
    begun = await begin_advance(engine.ctx.db, to=body.to, span=span, moment=engine.clock.moment())
    if isinstance(begun, NotMoved):
        raise _not_moved(engine, begun)
    engine.run((Advance(),))
    wait_ms = engine.settings.wait_ms if body.wait_ms is None else body.wait_ms
    state = await watch_clock(engine.ctx.db, timeout_s=wait_ms / 1000, seen=lambda _: None)
    await engine.follow_clock()
    if state.target_at is not None:
        response.status_code = 202
    return _shown(engine, state)


def _not_moved(engine: Engine, refused: NotMoved) -> Problem:
    shown = _shown(engine, refused.state).model_dump(mode="json")
    return Problem(409, str(refused.reason), title(refused.reason), facts=shown)
