"""Crashes in the recovery from a crash, up to three of them, at any step of cascades (R17, R24).

A case is: the first process dies before or after its nth step, the one that takes over at its mth, the
third likewise; then one lives. Steps are commits and calls, counted in what processes reach.

As a rule a sample by seed is played (BRIMFUL_NESTED_SEED). BRIMFUL_NESTED_CRASHES=<number> plays so many of three crashes,
"singles" every crash of the first process at every depth, "pairs" every one of the first two at depth 2.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.builders.cascade import DIED, Stage
from tests.builders.chain import Chain, build_chain, slot_on
from tests.builders.crashes import Crash, CrashCase, CrashingScript, Field, Played, When
from tests.builders.promise import check
from tests.builders.scenarios import SCENARIOS
from tests.conftest import fresh_database

WANTED = os.environ.get("BRIMFUL_NESTED_CRASHES", "")
NUMBER = int(WANTED) if WANTED.isdigit() else 12
SEED = int(os.environ.get("BRIMFUL_NESTED_SEED", "17"))
AT_A_TIME = 3
DEEP = 5
DEPTHS = (2, 3, DEEP)
# At every depth; the others depend on how many levels there are.
AT_ALL = ("queries", "by_hand", "declined", "outage")
WHEN: tuple[When, ...] = ("before", "after")
patient = pytest.mark.timeout(36_000 if WANTED else 300)


@pytest.fixture(scope="module")
def chains(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, Chain]:
    """A chain of each depth."""

    async def build(depth: int) -> Chain:
        async with fresh_database(server, template) as dsn:
            return await build_chain(depth, dsn, tmp_path_factory.mktemp("chain"))

    return {depth: asyncio.run(build(depth)) for depth in DEPTHS}


@pytest.fixture(scope="module")
def databases(server: str, template: str) -> Iterator[list[str]]:
    """Addresses of migrated databases for slots."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        fresh = [fresh_database(server, template) for _ in range(AT_A_TIME)]
        yield [runner.run(stack.enter_async_context(one)) for one in fresh]
        runner.run(stack.aclose())


def case_of(name: str, depth: int, *crashes: Crash) -> CrashCase:
    """A case by the name of its scenario."""
    return CrashCase(SCENARIOS[name], depth, crashes)


async def steps_of(field: Field, name: str, depth: int) -> int:
    """How many steps an undisturbed process takes."""
    played = await field.play(case_of(name, depth))
    return len(played.lives[0])


async def play_all(field: Field, cases: Sequence[CrashCase]) -> list[Played]:
    """Play all; every one that fails is named."""
    failed: dict[str, Exception] = {}
    played: list[Played] = []

    async def one(case: CrashCase) -> None:
        try:
            played.append(await field.play(case))
        except Exception as problem:
            failed[str(case)] = problem
            print(f"{case}: {problem!r:.200}", flush=True)
        if (ended := len(played) + len(failed)) % 20 == 0:
            print(f"{ended} of {len(cases)}", flush=True)

    await asyncio.gather(*(one(case) for case in cases))
    seconds = sorted(one.seconds for one in played) or [0]
    crashes = Counter(len(one.deaths) for one in played)
    places = {(point.name, when) for one in played for point, when in one.deaths}
    print(
        f"\n{len(cases)} cases, {dict(sorted(crashes.items()))} by crashes, at {len(places)} places, "
        f"{len(failed)} failed; seconds each: median {seconds[len(seconds) // 2]:.2f}, "
        f"most {seconds[-1]:.2f}"
    )
    for case, problem in failed.items():
        print(f"{case}: {problem!r:.1000}")
    assert not failed, list(failed)
    return played


def drawn(rng: random.Random, steps: dict[tuple[str, int], int], count: int) -> list[CrashCase]:
    """Cases of three crashes: the first anywhere, those in recoveries anywhere in as many steps."""
    runs = sorted(steps)
    cases = []
    for number in range(count):
        name, depth = runs[number % len(runs)]
        most = steps[name, depth]
        crashes = (
            Crash(rng.randint(1, limit), rng.choice(WHEN)) for limit in (most, most // 2, most // 2)
        )
        cases.append(case_of(name, depth, *crashes))
    return cases


@patient
@pytest.mark.skipif(bool(WANTED) and not WANTED.isdigit(), reason="singles or pairs are wanted")
async def test_r17_r24_crashes_in_recoveries_from_crashes(
    chains: dict[int, Chain], databases: list[str], tmp_path: Path
) -> None:
    """Three processes die one after the other, a chain of depth 5 among them; all work ends."""
    async with Field(chains, databases, tmp_path) as field:
        runs = [(name, depth) for name in SCENARIOS for depth in (2, 3)]
        runs += [(name, DEEP) for name in AT_ALL]
        if not WANTED:
            runs = random.Random(SEED).sample(runs[:-4], 4) + runs[-4:-2]
        counts = await asyncio.gather(*(steps_of(field, *run) for run in runs))
        steps = dict(zip(runs, counts, strict=True))
        played = await play_all(field, drawn(random.Random(SEED), steps, NUMBER))
    assert sum(len(one.deaths) == 3 for one in played) * 2 >= len(played)


class _DiesIdle(Stage):
    """The first process dies in work of its own when every caller has been answered."""

    async def _after_the_pause(self) -> None:
        self.lives[0].script.dead = True


class _DiesBetween(_DiesIdle):
    """As it dies so, somebody whose process died asks again."""

    async def _after_the_pause(self) -> None:
        await super()._after_the_pause()
        self.asks[0].answer = DIED


@pytest.mark.parametrize("dies", [_DiesIdle, _DiesBetween])
async def test_r24_another_takes_over_from_a_process_that_dies_with_nobody_waiting(
    chains: dict[int, Chain], databases: list[str], tmp_path: Path, dies: type[Stage]
) -> None:
    """Nobody asks at that time, so that only the worker could have reached its last step."""
    async with slot_on(databases[0], tmp_path / "slot") as slot:
        await slot.refill(chains[2])
        stage = dies(slot, chains[2], SCENARIOS["queries"])
        try:
            await stage.play(CrashingScript())
            assert [life.script.dead for life in stage.lives] == [True, False]
            await check(stage)
        finally:
            await stage.end()


def test_r24_a_process_disarmed_while_it_commits_lives_on() -> None:
    """The checks after a case ask it once more."""
    script = CrashingScript(Crash(1, "after"), armed=True)
    kind = script.before_commit("mark_mail")
    assert kind == "dies_after_commit"
    script.armed = False
    script.after_commit(kind)
    assert not script.dead
    script.armed = True
    with pytest.raises(asyncio.CancelledError):
        script.after_commit(kind)
    assert script.dead


@patient
@pytest.mark.skipif(WANTED != "singles", reason="takes long: BRIMFUL_NESTED_CRASHES=singles")
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", AT_ALL)
async def test_r17_r24_a_crash_at_every_step(
    chains: dict[int, Chain], databases: list[str], tmp_path: Path, name: str, depth: int
) -> None:
    """Every step, before and after."""
    async with Field(chains, databases, tmp_path) as field:
        steps = await steps_of(field, name, depth)
        cases = [
            case_of(name, depth, Crash(nth, when)) for nth in range(1, steps + 1) for when in WHEN
        ]
        played = await play_all(field, cases)
    assert sum(len(one.deaths) for one in played) * 10 >= 9 * len(cases)


@patient
@pytest.mark.skipif(WANTED != "pairs", reason="takes hours: BRIMFUL_NESTED_CRASHES=pairs")
async def test_r17_r24_a_crash_at_every_step_of_every_recovery(
    chains: dict[int, Chain], databases: list[str], tmp_path: Path
) -> None:
    """Every step of the first process, and every step of the one that takes over from it."""
    async with Field(chains, databases, tmp_path) as field:
        steps = await steps_of(field, "queries", 2)
        firsts = [Crash(nth, when) for nth in range(1, steps + 1) for when in WHEN]
        singles = await play_all(field, [case_of("queries", 2, first) for first in firsts])
        longest = max(len(one.lives[1]) for one in singles if len(one.lives) > 1)
        print(f"{steps} steps, of the longest recovery {longest}")
        seconds = [Crash(nth, when) for nth in range(1, longest + 1) for when in WHEN]
        for first in firsts:
            pairs = [case_of("queries", 2, first, second) for second in seconds]
            assert any(len(one.deaths) == 2 for one in await play_all(field, pairs))
