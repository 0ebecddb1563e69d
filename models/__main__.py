"""Check the model: every scene, or with --seeded that each faulty design is found."""

import argparse
import json
import sys
import time

from models import actions as act
from models.design import OURS, SCENES
from models.explore import Result, explore
from models.seeded import SEEDED
from models.show import tell as tell_trace

TOLD_EVERY_S = 2.0


class Progress:
    """Tells on the standard error how far an exploration is, every other second."""

    def __init__(self, name: str) -> None:
        self._name, self._next = name, TOLD_EVERY_S

    def __call__(self, states: int, transitions: int, seconds: float) -> None:
        """So much was found so far."""
        if seconds < self._next:
            return
        self._next = seconds + TOLD_EVERY_S
        print(
            f"{self._name}: {states:,} states, {transitions:,} transitions, {seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )


def figures(result: Result) -> dict[str, object]:
    """What an exploration found, for machines."""
    return {
        "scene": result.scene.name,
        "accidents_at_most": result.budget,
        "states": result.states,
        "transitions": result.transitions,
        "accidents": result.accidents,
        "ends": result.ends,
        "longest_way": result.depth,
        "seconds": round(result.seconds, 1),
        "violation": result.violation,
        "moves": dict(result.moves),
        "killed_at": dict(result.kills),
        "trace": tell_trace(result.trace),
    }


def check_scenes(names: list[str], budget: int | None, as_json: bool) -> int:
    """Explore scenes under our design; returns the exit status."""
    results = []
    for name in names:
        scene = SCENES[name]
        allowed = scene.budget if budget is None else budget
        result = explore(scene, OURS, allowed, Progress(name))
        results.append(result)
        if not as_json:
            _print_scene(result)
    bad = sum(result.violation is not None for result in results)
    if as_json:
        print(json.dumps([figures(result) for result in results], indent=2))
    else:
        _print_sum(results, bad)
    return 1 if bad else 0


def _print_scene(result: Result) -> None:
    scene = result.scene
    print(f"{scene.name}: {scene.about}; accidents: at most {result.budget}")
    print(
        f"  {result.states:,} states, {result.transitions:,} transitions, of them "
        f"{result.accidents:,} accidents; {result.ends:,} ends, at most {result.depth} moves away; "
        f"{result.seconds:.1f} s"
    )
    if result.violation:
        print(f"  WRONG: {result.violation}")
        print("\n".join(tell_trace(result.trace)))


def _print_sum(results: list[Result], bad: int) -> None:
    states = sum(result.states for result in results)
    transitions = sum(result.transitions for result in results)
    seconds = sum(result.seconds for result in results)
    moves: dict[str, int] = {}
    kills: dict[str, int] = {}
    for result in results:
        for table, counts in ((moves, result.moves), (kills, result.kills)):
            for name, count in counts.items():
                table[name] = table.get(name, 0) + count
    wrong = {name for name, kind, _ in act.ACTIONS if kind == act.ACCIDENT}
    print("moves: " + _counted({name: n for name, n in moves.items() if name not in wrong}))
    print("accidents: " + _counted({name: n for name, n in moves.items() if name in wrong}))
    print("killed at: " + _counted(kills))
    print(
        f"in all {states:,} states and {transitions:,} transitions in {seconds:.0f} s "
        f"({transitions / max(seconds, 0.001):,.0f} a second): {bad} wrong"
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def check_seeded(budget: int | None, as_json: bool) -> int:
    """See that each faulty design is found; returns the exit status."""
    missed, told = 0, []
    for one in SEEDED:
        allowed = one.budget if budget is None else budget
        result = explore(SCENES[one.scene], one.design, allowed, Progress(one.name))
        missed += result.violation is None
        told.append({"fault": one.name, "about": one.about, **figures(result)})
        if not as_json:
            found = result.violation or "NOT FOUND"
            print(f"{one.name}: {one.about} ({one.rule})")
            print(f"  {found}; {result.states:,} states, {result.seconds:.1f} s")
            print("\n".join(tell_trace(result.trace)), end="\n\n")
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        print(f"{len(SEEDED) - missed} of {len(SEEDED)} faulty designs found")
    return 1 if missed else 0


def main() -> None:
    """Choose, explore, print; exit status 1 when something is wrong, or a fault is not found."""
    usual = [name for name, scene in SCENES.items() if not scene.long]
    parser = argparse.ArgumentParser(prog="./dev model", description=__doc__)
    parser.add_argument(
        "scene", nargs="*", help=f"which of {', '.join(SCENES)}; by default all but long ones"
    )
    parser.add_argument("--json", action="store_true", help="figures for machines")
    parser.add_argument("--seeded", action="store_true", help="the faulty designs, with traces")
    parser.add_argument(
        "--fault-budget", type=int, metavar="N", help="so many accidents instead of each one's own"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.scene) - set(SCENES):
        parser.error(f"no such scene: {', '.join(sorted(unknown))}")
    if chosen.seeded and chosen.scene:
        parser.error("the faulty designs have their own scenes")
    if chosen.fault_budget is not None and not 0 <= chosen.fault_budget <= 9:
        parser.error("--fault-budget is from 0 to 9")
    began = time.perf_counter()
    if chosen.seeded:
        status = check_seeded(chosen.fault_budget, chosen.json)
    else:
        status = check_scenes(chosen.scene or usual, chosen.fault_budget, chosen.json)
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
