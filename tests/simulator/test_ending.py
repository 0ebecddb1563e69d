"""What the end of a run expects of accounts that have all they need, where nothing else goes on."""

from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from brimful.billing import accounts
from brimful.domain.reason import Refuse
from brimful.usecases.answers import SpendDone
from tests.builders.calendar import Calendar
from tests.simulator.callers import Call, Callers
from tests.simulator.director import Director
from tests.simulator.ending import Ending
from tests.simulator.gate import Trace
from tests.simulator.model import Model
from tests.simulator.stage import Stage
from tests.simulator.world import ROOT, Offered, Version, World
from tests.usecases.test_brake import quiet_weeks, rush


class Direct(Callers):
    """Asks the one process there is, at once."""

    def __init__(self, stage: Stage, model: Model, engine: Any) -> None:
        super().__init__(stage, model)
        self._engine = engine

    async def send(self, name: str, call: Call, random: Any) -> Any:
        """Ask it."""
        return await call(self._engine)


async def an_end(calendar: Calendar) -> Ending:
    """The end of a run in which a lone agency did what a test has done by now."""
    here = calendar.world
    agency = await here.account("Agency")
    assert agency.parent_id is not None
    supply = await accounts.read_account(here.db, agency.tenant_id, agency.parent_id)
    assert supply is not None
    named = {"Agency": ROOT}, here.platform, {"Agency": agency}, {"Agency": supply}
    world = World(0, *named, [], {}, {}, {}, choices={"Agency": {}}, bank={"method": {}})
    world.offers = [Offered(ROOT, UUID(int=1), "auto", 2_000, [Version(1_000, 0)])]
    world.enabled, world.limits = {"Agency": True}, {"Agency": {}}
    stage = Stage(*cast(tuple[Any, Any, Any, Any, Any], (None,) * 5))
    stage.world = world
    stage.clock = cast(Any, calendar.clock)
    stage.net = cast(Any, SimpleNamespace(bank=here.desk.bank))
    stage.gate = cast(Any, SimpleNamespace(steps=1, trace=Trace()))
    director = Director(stage, Model.of(world), Random(0))
    director.callers = Direct(stage, director.model, here.engine)
    return Ending(director, Random(0))


@pytest.mark.parametrize("times", [4, 3])
async def test_r30_owners_let_go_on_what_stopped_itself_and_are_served(
    calendar: Calendar, times: int
) -> None:
    """The brake was pulled before, by a fourth large charge, or is by what is wanted at the end."""
    await quiet_weeks(calendar)
    answers = await rush(calendar.world, times)
    assert [type(one) for one in answers] == [SpendDone] * 3 + [Refuse] * (times - 3)
    ending = await an_end(calendar)
    await ending.probe()
    assert ending.model.problems == []
    assert [ask.outcome for ask in ending.model.asks] == ["refused", "done"]


async def test_r30_a_brake_that_its_owner_cannot_let_go_is_found(calendar: Calendar) -> None:
    """Here a hand in the books pulls it again at once."""
    world = calendar.world
    await quiet_weeks(calendar)
    await rush(world, 4)
    await world.db.execute(
        "create function hold() returns trigger language plpgsql as "
        "$$ begin new.cleared_at := null; return new; end $$"
    )
    await world.db.execute(
        "create trigger hold before update on brake for each row execute function hold()"
    )
    ending = await an_end(calendar)
    await ending.probe()
    told = "Agency has all that is needed and is not served: refused auto_billing_braked"
    assert ending.model.problems == [told]
