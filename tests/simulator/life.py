"""A process of ours: an engine that can die at any commit or call, or stand still while others go on."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from brimful.db.transaction import Database
from brimful.domain.clock import Clock
from brimful.domain.cover import CoverTables
from brimful.effects import waiting
from brimful.gateways.port import Gateway
from brimful.notices.mailer import Mailer
from brimful.settings import Settings
from brimful.usecases.context import CoverCache
from brimful.wiring import Engine
from tests.simulator.loop import SimLoop, task_at


class Fate:
    """Decides, by the seed, what fails; counts what did. ``armed`` while anything may."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.armed = False
        self.happened: dict[str, int] = {}

    def strikes(self, chance: float) -> bool:
        """Whether something of this chance happens now."""
        return self.armed and self._random.random() < chance

    def one_of(self, kinds: tuple[str, ...]) -> str:
        """Which it is; counted."""
        kind = self._random.choice(kinds)
        self.count(kind)
        return kind

    def count(self, kind: str) -> None:
        """It happened."""
        self.happened[kind] = self.happened.get(kind, 0) + 1


class Life:
    """One process, from its start to its end; nothing is kept in it."""

    def __init__(self, name: str, loop: SimLoop, fate: Fate, fates: tuple[float, Any]) -> None:
        self.name, self._loop, self._fate = name, loop, fate
        self._commit_chance, self._commit_fates = fates
        self.dead = False
        self.frozen_until_s = 0.0
        self.tasks: dict[Any, str] = {}
        self.in_flight: dict[Any, None] = {}
        self._begun = 0
        self.engine: Engine

    def start(self, db: Database, gateway: Gateway, clock: Clock, mailer: Mailer) -> None:
        """Begin with an engine on the rows as they are."""
        self.engine = Engine(
            db=db,
            gateway=gateway,
            gateway_name="testbank",
            clock=clock,
            mailer=mailer,
            settings=SETTINGS,
            covers=COVERS,
        )

    def breathe(self) -> None:
        """Whoever comes here in a process that is dead comes no further."""
        if self.dead:
            raise asyncio.CancelledError

    def fate_of_commit(self, name: str) -> str:
        """What befalls a commit."""
        if not self._fate.strikes(self._commit_chance):
            return ""
        return self._fate.one_of(self._commit_fates)

    def kill(self) -> None:
        """The process ends: nothing is finished, nobody hears of it."""
        if self.dead:
            return
        self.dead = True
        here = asyncio.current_task()
        for task in sorted(self.tasks, key=self.tasks.__getitem__):
            if task is not here and task not in self.in_flight:
                task.cancel()

    def die(self) -> None:
        """The process ends in the midst of this very task."""
        self.kill()
        raise asyncio.CancelledError

    def freeze(self, span_s: float) -> None:
        """It stands still for a while, as when it is not scheduled; it knows nothing of it."""
        self.frozen_until_s = self._loop.now_s + span_s
        self._loop.call_later(span_s, _nothing)

    def begin(self, what: str, call: Callable[[], Coroutine[Any, Any, Any]]) -> "asyncio.Task[Any]":
        """Do something in this process; it ends with it."""
        self._begun += 1
        return task_at(f"{self.name}-{what}-{self._begun}", self, call())

    def forget(self, task: Any) -> None:
        """A task is over."""
        self.tasks.pop(task, None)


def _nothing() -> None:
    """A timer is all that is wanted."""


class Covers(CoverCache):
    """Tables of covers are the same for whoever builds them, so they are built once for all runs;
    none is ever missing, so that a run is the same whatever was run before it."""

    def of(self, packs: Any) -> Any:
        """The tables of some packs."""
        if packs and packs not in self._tables:
            self._tables[packs] = CoverTables.build(packs)
            self._evict()
        return super().of(packs)


# A look at whether a caller's operation has ended changes nothing, and was a tenth of all statements:
# whoever is woken looks at once in any case.
waiting.POLL_S = 2.0
SETTINGS = Settings(lease_s=15.0, gateway_timeout_s=10.0)
COVERS = Covers()
