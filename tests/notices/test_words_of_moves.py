"""R46, R40: the words of what is told of an account that moves, to its owner and to both sellers."""

import pytest

from brimful.notices.catalogue import compose
from brimful.notices.of_moves import KINDS_OF_MOVES

BASE = {"name": "Bistro", "zone": "Europe/Berlin", "at": "2026-03-12T13:00:00+00:00"}
OWNER = {**BASE, "seller": "South"}
DONE = {**OWNER, "paused": [], "was_on": False, "had_card": False}

# Each kind with its facts, its title, and the words that matter.
TOLD = [
    ("move_planned", OWNER, "Bistro moves to South on 12 March 2026", "14:00 (Europe/Berlin)"),
    ("move_done", DONE, "Bistro has moved to South", "Your credits have stayed."),
    (
        "move_done",
        {**DONE, "paused": [f"bot {n}" for n in range(12)]},
        "Bistro has moved to South",
        "bot 8, bot 9 and 2 more. Nothing is deleted",
    ),
    ("move_done", {**DONE, "had_card": True}, "Bistro has moved to South", "save it for South."),
    ("move_done", {**DONE, "was_on": True}, "Bistro has moved to South", "Auto-billing is off"),
    ("move_dropped", OWNER, "Bistro does not move to South", "Everything stays as it is"),
    (
        "client_leaving_planned",
        BASE,
        "Bistro moves to another seller on 12 March 2026",
        "come back to you",
    ),
    ("client_leaving_done", BASE, "Bistro has moved to another seller", "have come back to you"),
    ("client_leaving_dropped", BASE, "Bistro stays with you", "It does not move"),
    ("client_coming_planned", BASE, "Bistro becomes your client on 12 March 2026", "14:00"),
    ("client_coming_done", BASE, "Bistro is your client now", "taken out of your pool"),
    (
        "client_coming_dropped",
        {**BASE, "reason": "account_closed"},
        "Bistro does not become your client",
        "It does not move. The account is closed.",
    ),
    (
        "client_coming_dropped",
        {**BASE, "reason": None},
        "Bistro does not become your client",
        "It does not move.",
    ),
]


@pytest.mark.parametrize(("kind", "facts", "title", "words"), TOLD)
def test_r46_words_come_from_the_facts(
    kind: str, facts: dict[str, object], title: str, words: str
) -> None:
    """In the reader's zone and in plain words; a seller is never told of the other one."""
    text = compose(kind, facts)
    assert text.title == title
    assert words in text.body


def test_r46_every_kind_of_move_is_read_here() -> None:
    """A kind without an example fails."""
    assert {kind for kind, *_ in TOLD} == set(KINDS_OF_MOVES)
