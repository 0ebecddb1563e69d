"""Processes that die at any step of theirs, and those that take over at any step of that (R24).

A step is a commit or a call to the gateway, by its place in what one process reached: no list is
written, a process that does not die says how many there are and which.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from tests.builders.cascade import Scenario, Stage
from tests.builders.faulty import Point, Script
from tests.builders.promise import check, taken
from tests.builders.slots import Slots

When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Crash:
    """A process dies before or after its nth step."""

    nth: int
    when: When

    def __str__(self) -> str:
        return f"{self.when} {self.nth}"


class CrashingScript(Script):
    """A process that dies at its nth step; with no crash, one that only counts."""

    def __init__(self, crash: Crash | None = None, *, armed: bool = False) -> None:
        super().__init__()
        self._crash = crash
        self.armed = armed

    def reach(self, at: str, name: str, *, held: bool = False) -> str:
        """Count a step; answers how it dies, if it does here."""
        kind = super().reach(at, name, held=held)
        if self._crash is None or not self.armed or len(self.reached) != self._crash.nth:
            return kind
        return f"dies_{self._crash.when}_{at}"

    def after_commit(self, kind: str) -> None:
        """As ever, unless it was disarmed while the commit was under way: what checks the end must
        not find a process that dies under its hands."""
        if self.armed:
            super().after_commit(kind)

    @property
    def died_at(self) -> Point | None:
        """The step at which it died."""
        return self.reached[-1] if self.happened else None


@dataclass(frozen=True, slots=True)
class CrashCase:
    """A scenario in a chain of some depth, and the crashes of one process after the other."""

    scenario: Scenario
    depth: int
    crashes: tuple[Crash, ...]

    def __str__(self) -> str:
        return f"{self.scenario.name}-{self.depth}/{', '.join(map(str, self.crashes))}"


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a case: the steps of each process up to its death, and how long it took."""

    lives: tuple[tuple[Point, ...], ...]
    deaths: tuple[tuple[Point, When], ...]
    seconds: float


class Field(Slots):
    """Plays cases on a few slots at a time."""

    async def play(self, case: CrashCase) -> Played:
        """Play a case and check the promise of R17, the bank's journal and the audit. Raises
        AssertionError when anything of it is broken."""
        loop = asyncio.get_running_loop()
        slot = await self._free.get()
        began = loop.time()
        try:
            await slot.refill(self._chains[case.depth])
            stage = Stage(slot, self._chains[case.depth], case.scenario)
            first, *nested = (
                CrashingScript(crash, armed=number > 0)
                for number, crash in enumerate((*case.crashes, None))
            )
            try:
                await stage.play(first, *nested)
                await check(stage)
            finally:
                await stage.end()
            _check_served(stage)
        finally:
            self._free.put_nowait(slot)
        scripts = [life.script for life in stage.lives if isinstance(life.script, CrashingScript)]
        return Played(
            lives=tuple(tuple(script.reached) for script in scripts),
            deaths=tuple(
                (script.died_at, crash.when)
                for script, crash in zip(scripts, case.crashes, strict=False)
                if script.died_at is not None
            ),
            seconds=loop.time() - began,
        )


def _check_served(stage: Stage) -> None:
    """Crashes stand in nobody's way: whom the scenario serves is served, if only asked again."""
    if stage.scenario.serves == "all":
        assert all(ask.done for ask in stage.asks), stage.asks
    if stage.scenario.serves == "nobody":
        assert not any(ask.done for ask in stage.asks), stage.asks
        assert not any(taken(stage).values())
