"""Random histories of a small world against an independent model of it: no difference after any step.

50,000 steps in all. BRIMFUL_HISTORIES_SEED=<number> draws others.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.db.transaction import connect
from brimful.ledger.audit import audit
from brimful.notices.mailer import FolderMailer
from brimful.settings import Settings
from brimful.wiring import Engine
from tests.builders.calendar import START, StandingClock
from tests.builders.memory_bank import MemoryTestbank
from tests.conftest import fresh_database
from tests.histories.compare import read_state
from tests.histories.model import Model
from tests.histories.offers import OFFERS, PRICE_LIST, ROOT
from tests.histories.real import Real, one_by_one
from tests.histories.real_ways_out import RealWorld
from tests.histories.steps import BEGINNING, REST, STEP, VERBS, Step

TESTS = 10
STEPS = 5_000
LENGTH = 200
SEED = int(os.environ.get("BRIMFUL_HISTORIES_SEED", "0"))


class Stage:
    """One database with an engine, and the histories that were played on it."""

    def __init__(self, engine: Engine, sandbox: Sandbox, clock: StandingClock) -> None:
        self.engine, self.sandbox, self.clock = engine, sandbox, clock
        self.histories = 0
        self.steps = 0
        self.done: Counter[str] = Counter()
        self.states: set[str] = set()
        self.packages: list[UUID] = []

    async def play(self, steps: Sequence[Step]) -> None:
        """One history in a tenant of its own, compared after every step; then the audit."""
        self.histories += 1
        self.clock.at = START
        self.sandbox.names.clear()
        real, model = RealWorld(self.sandbox, self.clock, self.histories), Model(START)
        if not self.packages:
            await self._open_platform(real)
        await real.open(self.packages)
        taken = [step for step in (*BEGINNING, *steps) if step != REST]
        for number, step in enumerate(taken):
            try:
                await self._take(real, model, step)
            except Exception as problem:
                problem.add_note(_told(taken[: number + 1]))
                await real.retire()
                raise
        findings = await audit(real.db)
        assert not findings, f"{findings}\n{_told(taken)}"
        await real.retire()

    async def _take(self, real: Real, model: Model, step: Step) -> None:
        """One step on both sides."""
        call = _call(model, step)
        expected, done = model.do(*call), await real.do(*call)
        told = {"done": expected, **model.state()}
        found = {"done": done, **await read_state(real)}
        assert told == found, _difference(told, found)
        self.done[step[0]] += done
        self.steps += 1
        self.states |= model.subscription_states()

    async def _open_platform(self, real: Real) -> None:
        """The price list is there; the rest of what the platform offers comes after it."""
        ref = self.sandbox.platform.platform_id
        rows = await real.db.fetch(
            "select package_id from package where seller_ref = $1 order by position", ref
        )
        self.packages = [row["package_id"] for row in rows]
        for one in OFFERS[ROOT][len(PRICE_LIST) :]:
            self.packages.append(await real.publish(ref, one))


def _call(model: Model, step: Step) -> Step:
    """A step in which time passes says how much."""
    verb, *args = step
    if verb == "pass_time":
        return "pass_time", timedelta(hours=args[0], minutes=args[1])
    if verb == "next":
        at = model.next_event()
        span = timedelta(0) if at is None else at - model.now + timedelta(minutes=args[0])
        return "pass_time", max(span, timedelta(0))
    return step


def _told(steps: Sequence[Step]) -> str:
    """A history after its beginning."""
    return "\n".join(["after the beginning:", *map(str, steps[len(BEGINNING) :])])


def _difference(told: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What the model and the engine say of the same."""
    lines = []
    for name in told:
        if told[name] == found[name]:
            continue
        if isinstance(told[name], dict):
            for key in sorted({*told[name], *found[name]}):
                a, b = told[name].get(key), found[name].get(key)
                if a != b:
                    lines.append(f"{name} {key}: the model says\n    {a}\n  the engine\n    {b}")
        else:
            lines.append(f"{name}: the model says {told[name]}, the engine {found[name]}")
    return "\n".join(lines)


@asynccontextmanager
async def stage(server: str, template: str, folder: Path) -> AsyncIterator[Stage]:
    """A fresh database with an engine on it."""
    async with fresh_database(server, template) as dsn:
        db = await connect(dsn)
        clock = StandingClock()
        engine = Engine(
            db=db,
            gateway=MemoryTestbank(),
            gateway_name="testbank",
            clock=clock,
            mailer=FolderMailer(folder),
            settings=Settings(),
        )
        one_by_one(engine)
        try:
            yield Stage(engine, await open_sandbox(engine), clock)
        finally:
            await engine.stop()
            await db.close()


# A difference takes its time to shrink.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(TESTS))
def test_histories_agree_with_the_model(
    number: int, server: str, template: str, tmp_path: Path
) -> None:
    """Buying, spending, renewing, changing, lapsing and retrying in any order (R1 to R37, R46)."""
    with asyncio.Runner() as runner:
        opened = stage(server, template, tmp_path)
        here = runner.run(opened.__aenter__())

        @seed(SEED * TESTS + number)
        @settings(
            max_examples=STEPS // (LENGTH + len(BEGINNING)) + 4,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
        )
        @given(st.lists(STEP, min_size=LENGTH, max_size=LENGTH))
        def histories(steps: list[Step]) -> None:
            runner.run(here.play(steps))

        try:
            histories()
        finally:
            runner.run(opened.__aexit__(None, None, None))
        assert here.steps >= STEPS
        assert set(here.done) == VERBS and min(here.done.values()) > 0, here.done
        assert here.states == {"active", "past_due", "suspended", "unsecured", "ended"}
