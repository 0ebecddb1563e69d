"""The model, in short: no violation with few accidents, and every faulty design found."""

from functools import cache

import pytest
from models.design import OURS, SCENES
from models.explore import Result, explore
from models.layout import PURCHASE_STATES, STEPS
from models.seeded import SEEDED, Seeded
from models.show import tell

from models import actions as act

# So many accidents in each scene that the whole takes seconds; ./dev model takes minutes.
SHORT = {"one": 1, "capped": 1, "alone": 3, "pair": 1, "held": 3, "stocked": 1, "cascade": 0}


@cache
def short(name: str) -> Result:
    """A scene explored with few accidents, once for all tests."""
    return explore(SCENES[name], OURS, SHORT[name])


@pytest.mark.parametrize("name", SHORT)
def test_r17_r22_nothing_is_wrong_in_any_state(name: str) -> None:
    """Nor is there a state from which work does not end (R20, R24)."""
    found = short(name)
    assert (found.violation, tell(found.trace)) == (None, [])
    assert found.ends > 0 and found.transitions > found.states > 1_000


def test_every_move_and_every_state_of_a_purchase_occurs() -> None:
    """A move that cannot be made would prove nothing; each worker's call is one where it is killed."""
    found = [short(name) for name in SHORT]
    assert {move for one in found for move in one.moves} == set(act.NAMES)
    assert set(STEPS) <= {move for one in found for move in one.moves}
    assert {state for one in found for state in one.purchase_states} == set(PURCHASE_STATES)
    assert {place for one in found for place in one.kills} == set(act.PLACES)


@pytest.mark.parametrize("seeded", SEEDED, ids=lambda seeded: seeded.name)
def test_a_faulty_design_is_found(seeded: Seeded) -> None:
    """By the shortest way, told in words, and by what that design does wrong."""
    scene = SCENES[seeded.scene]
    found = explore(scene, seeded.design, seeded.budget)
    assert found.violation == seeded.found_as
    assert len(tell(found.trace)) >= len(found.trace) - 1 >= 5


def test_the_same_exploration_twice_is_the_same() -> None:
    """Figures are reproducible."""
    again = explore(SCENES["held"], OURS, 1)
    other = explore(SCENES["held"], OURS, 1)
    assert (again.states, again.transitions, again.moves) == (
        other.states,
        other.transitions,
        other.moves,
    )
