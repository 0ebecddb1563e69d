"""Every state that can be reached, the shortest ways first, and whether work ends from each of them."""

import itertools
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from models import actions as act
from models.design import Design, Scene
from models.layout import PURCHASE_STATES, PURCHASES
from models.moves import Checker, first_row
from models.wrong import NEVER_ENDS, is_unfinished, what_is_wrong

# How often progress is told, in states.
TELL_EVERY = 20_000


@dataclass(kw_only=True)
class Result:
    """What an exploration found: how much there is, and the first thing that is wrong, with the
    shortest way there as (move, state)."""

    scene: Scene
    budget: int
    states: int = 0
    transitions: int = 0
    ends: int = 0
    depth: int = 0
    seconds: float = 0.0
    violation: str | None = None
    trace: list[tuple[int, bytes]] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    purchase_states: set[str] = field(default_factory=set)

    @property
    def accidents(self) -> int:
        """How many of the transitions are accidents."""
        kinds = dict(zip(act.NAMES, act.KINDS, strict=True))
        return sum(n for name, n in self.moves.items() if kinds[name] == act.ACCIDENT)


Tell = Callable[[int, int, float], None]


class _Graph:
    """All states in the order found, how each was found first, and the steps that make progress."""

    def __init__(self, first: bytes) -> None:
        self.states = [first]
        self.index = {first: 0}
        self.parents = array("q", [-1])
        self.sources = array("L")
        self.targets = array("L")

    def add(self, state: bytes, parent: int) -> int:
        """A new state."""
        number = len(self.states)
        self.index[state] = number
        self.states.append(state)
        self.parents.append(parent)
        return number

    def way_to(self, number: int, checker: Checker) -> list[tuple[int, bytes]]:
        """The shortest way to a state: each move with the state after it, the first with -1."""
        way = [number]
        while self.parents[way[-1]] >= 0:
            way.append(self.parents[way[-1]])
        way.reverse()
        told = [(-1, self.states[way[0]])]
        for before, after in itertools.pairwise(way):
            wanted = self.states[after]
            told.append(next(one for one in checker.moves(self.states[before]) if one[1] == wanted))
        return told


def explore(
    scene: Scene, design: Design, budget: int, tell: Tell | None = None, live: bool = True
) -> Result:
    """Visit every state of a scene with at most ``budget`` accidents, breadth first, and stop at the
    first that is wrong. With ``live``, see too that from every state work comes to an end without
    further accidents, acts or webhooks (the fairness that any worker does what is due)."""
    began = time.perf_counter()
    result = Result(scene=scene, budget=budget)
    checker = Checker(scene, design)
    graph = _Graph(first_row(scene, budget))
    counts = [0] * (len(act.NAMES) * 8)
    ends = _visit(checker, graph, counts, result, tell if tell else _silent, began)
    if result.violation is None and live:
        stuck = _cannot_end(graph, ends)
        if stuck is not None:
            result.violation = NEVER_ENDS
            result.trace = graph.way_to(stuck, checker)
    result.states, result.transitions, result.ends = len(graph.states), sum(counts), len(ends)
    result.seconds = time.perf_counter() - began
    for number, count in enumerate(counts):
        if count:
            result.moves[act.NAMES[number // 8]] += count
            if number // 8 == act.KILL:
                result.kills[act.PLACES[number % 8]] += count
    seen = {state[at] for state in graph.states for at in PURCHASES}
    result.purchase_states = {PURCHASE_STATES[number] for number in seen}
    return result


def _visit(
    checker: Checker, graph: _Graph, counts: list[int], result: Result, tell: Tell, began: float
) -> list[int]:
    """Find all states; returns those in which nothing is left to be done."""
    scene, design = checker.scene, checker.design
    index, sources, targets, kinds = graph.index, graph.sources, graph.targets, act.KIND_OF_MOVE
    ends: list[int] = []
    level_ends = 1
    for number, state in enumerate(graph.states):
        if number == level_ends:
            result.depth, level_ends = result.depth + 1, len(graph.states)
        if number % TELL_EVERY == 0:
            tell(len(graph.states), sum(counts), time.perf_counter() - began)
        quiet = True
        for move, after in checker.moves(state):
            counts[move] += 1
            known = index.get(after)
            if known is None:
                known = graph.add(after, number)
                wrong = what_is_wrong(after, scene, design)
                if wrong is not None:
                    result.violation, result.trace = wrong, graph.way_to(known, checker)
                    return ends
            if kinds[move] == act.PROGRESS:
                quiet = False
                sources.append(number)
                targets.append(known)
        if quiet:
            ends.append(number)
            left = is_unfinished(state, scene)
            if left is not None:
                result.violation, result.trace = left, graph.way_to(number, checker)
                return ends
    return ends


def _cannot_end(graph: _Graph, ends: list[int]) -> int | None:
    """A state from which no end can be reached, walking back from all ends; None when there is
    none."""
    size = len(graph.states)
    starts = array("L", bytes(8 * (size + 1)))
    for target in graph.targets:
        starts[target + 1] += 1
    for number in range(size):
        starts[number + 1] += starts[number]
    filled, before = array("L", starts), array("L", bytes(8 * len(graph.sources)))
    for source, target in zip(graph.sources, graph.targets, strict=True):
        before[filled[target]] = source
        filled[target] += 1
    ending = bytearray(size)
    todo = list(ends)
    for number in todo:
        ending[number] = 1
    while todo:
        number = todo.pop()
        for source in before[starts[number] : starts[number + 1]]:
            if not ending[source]:
                ending[source] = 1
                todo.append(source)
    stuck = ending.find(0)
    return None if stuck < 0 else stuck


def _silent(states: int, transitions: int, seconds: float) -> None:
    return None
