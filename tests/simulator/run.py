"""One seed: a world, what happens in it, its end, and the two judgements on it."""

import asyncio
import hashlib
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import structlog

from brimful.db import ids
from brimful.db.address import DatabaseGone
from brimful.ledger.audit import checks
from brimful.ledger.balances import Stock, read_stock
from brimful_testbank.bank import Bank
from tests.simulator.bank import Journal, Net
from tests.simulator.director import Director
from tests.simulator.ending import Ending
from tests.simulator.gate import Gate, Trace
from tests.simulator.judge import judge
from tests.simulator.life import Fate
from tests.simulator.loop import Place, SimLoop, place
from tests.simulator.model import Model
from tests.simulator.sessions import Session, Sessions, broken_by_us
from tests.simulator.stage import Stage
from tests.simulator.stall import Stalls
from tests.simulator.stock import Stock as Rows
from tests.simulator.swarm import draw
from tests.simulator.world import WORLDS, World, build


@dataclass(slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    digest: str
    operations: dict[str, int]
    faults: dict[str, int]
    virtual_s: float
    levels: int
    statements: int
    lock_waits: int
    payments: int
    seconds: float
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Ground:
    """What a process that simulates keeps from seed to seed."""

    loop: SimLoop
    sessions: list[Session]
    monitor: Session
    rows: Rows
    worlds: dict[int, World] = field(default_factory=dict)


class Log:
    """What the engine logs as an error is one, unless we broke the connection ourselves."""

    model: Model | None = None

    def __call__(self, logger: Any, method: str, event: dict[str, Any]) -> Any:
        """Take one entry."""
        problem = sys.exc_info()[1]
        wrong = method in ("error", "exception") or isinstance(problem, DatabaseGone)
        if wrong and self.model and not broken_by_us(problem):
            self.model.wrong(f"logged: {event.get('event')} {problem!r} {event.get('effect', '')}")
        raise structlog.DropEvent


LOG = Log()


def listen() -> None:
    """Hear what the engine logs."""
    structlog.configure(
        processors=[LOG],  # type: ignore[list-item]
        cache_logger_on_first_use=False,
    )


def seeded(source: Random, stage: Stage) -> None:
    """Ids and the bank's numbers come from the seed and the virtual clock."""
    ids.draw_from(ids.Source(stage.clock.time_ns, source.randbytes))


async def run_seed(here: Ground, seed: int, *, keep_trace: bool = False) -> Outcome:
    """Play one seed and judge it."""
    number = seed % WORLDS
    world = here.worlds.get(number)
    if world is None:
        world = here.worlds[number] = await _build(here, number)
    await here.rows.put_back(number)
    began = time.perf_counter()
    trace = Trace(kept=keep_trace)
    stage = _stage(here, seed, world, trace)
    model = Model.of(world)
    director = Director(stage, model, Random(f"{seed} workload"))
    LOG.model = model
    ended_s = here.loop.now_s
    try:
        stage.fate.armed = True
        await director.play()
        ended_s = here.loop.now_s
        await Ending(director, Random(f"{seed} ending")).reach()
    except asyncio.CancelledError:
        model.wrong(stage.gate.stuck)
    leapt = stage.clock.leapt.total_seconds()
    await _clear(here, stage)
    stocks, seats = await _stocks(here, world)
    violations = judge(model, stage.net, stocks, seats) + await _audit(here)
    LOG.model = None
    return Outcome(
        seed=seed,
        digest=trace.digest,
        operations=director.done,
        faults=dict(stage.fate.happened) | stage.gate.kept(),
        virtual_s=leapt + ended_s,
        levels=world.levels,
        statements=stage.gate.steps,
        lock_waits=stage.gate.waits,
        payments=len(stage.net.bank.payments),
        seconds=time.perf_counter() - began,
        violations=violations,
        trace=trace.lines,
    )


def _stage(here: Ground, seed: int, world: World | None, trace: Trace) -> Stage:
    """A stage as a seed, or the building of a world (a negative one), finds it."""
    loop, swarm = here.loop, draw(Random(f"{seed} swarm"))
    loop.now_s = 3_600.0 if world is None else world.ended_s + 3_600.0
    stalls = Stalls(seed, swarm.stall_chance, swarm.stalls_most)
    order = {} if world is None else {
        "order": swarm.order, "impatience": swarm.impatience, "pace_s": swarm.pace_s,
        "stalls": stalls,
    }  # fmt: skip
    gate = Gate(loop, Random(f"{seed} gate"), trace, **order)  # type: ignore[arg-type]
    gate.monitor = here.monitor
    fate = Fate(Random(f"{seed} fate"))
    stage = Stage(loop, gate, Sessions(list(here.sessions)), fate, swarm)
    source = Random(f"{seed} ids")
    seeded(source, stage)
    journal = Journal()
    if world is not None:
        journal.objects = world.bank
        stage.world = world
    bank = Bank(
        journal,  # type: ignore[arg-type]
        now=lambda: stage.clock.moment().at,
        token_hex=lambda size: source.randbytes(size).hex(),
    )
    journal.step = lambda: gate.steps
    bank.changed = stage.changed
    stage.net = Net(bank, gate, fate, swarm, Random(f"{seed} net"))
    stage.net.clock = stage.clock
    loop.gate, loop.main = gate, asyncio.current_task()
    place.set(Place("main"))
    return stage


async def _clear(here: Ground, stage: Stage) -> None:
    """Nothing of a run is left to go on in the next."""
    here.loop.gate = None
    for life in stage.lives:
        life.kill()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        if not any(task in life.in_flight for life in stage.lives):
            task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    here.loop.forget_timers()


async def _build(here: Ground, number: int) -> World:
    """A world, built by the real use cases where nothing fails, and kept."""
    await here.rows.put_back(-1)
    stage = _stage(here, -1 - number, None, Trace())
    life = stage.new_life()
    world = await build(life.engine, number)
    await life.engine.runner.idle()
    await _clear(here, stage)
    bank = stage.net.bank
    for method in bank.methods.values():
        name = next(n for t, n in world.cards.items() if _fingerprint(t) == method["fingerprint"])
        method["token"] = f"tok_success#{name}"
    world.bank = {"customer": bank.customers, "method": bank.methods, "payment": bank.payments}
    world.ended_s = here.loop.now_s
    await here.rows.keep(number)
    return world


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


async def _stocks(here: Ground, world: World) -> tuple[dict[str, Stock], dict[str, Stock]]:
    """The credits and the chatbots that each account says it holds, read as the API reads them."""
    credits, seats = {}, {}
    for name, account in world.accounts.items():
        credits[name], seats[name] = await read_stock(
            here.sessions[0].connection, account.tenant_id, account.account_id
        )
    return credits, seats


@cache
def _every_check() -> str:
    """All checks as one statement, so that they are one round trip."""
    return "\nunion all\n".join(
        f"select '{name}' as name, found.detail::text from ({query.rstrip().rstrip(';')}\n)"
        " as found (tenant_id, detail)"
        for name, query in checks().items()
    )


async def _audit(here: Ground) -> list[str]:
    """What our own audit finds."""
    rows = await here.sessions[0].connection.fetch(_every_check())
    return [f"audit {row['name']}: {row['detail']}" for row in rows]
