"""The steps of a history, drawn by hypothesis. Any step may come at any time: what cannot be done is
refused by both sides. The first is to rest, which a failing history shrinks to."""

from typing import Any

from hypothesis import strategies as st

from tests.histories.offers import SELLERS, TREE
from tests.histories.parties import CARDS

Step = tuple[Any, ...]

REST: Step = ("rest",)
_who = st.sampled_from([*TREE][::-1])
_few = st.sampled_from((1, 10, 25, 25, 100, 300, 900))
_many = st.sampled_from((1_500, 2_500, 6_000, 13_000))
_hours = st.sampled_from((1, 2, 5, 7, 24, 60, 170, 400, 744, 960))
_minutes = st.sampled_from((0, 0, 0, 17, 59))

_DRAWN: dict[str, tuple[int, st.SearchStrategy[Step]]] = {
    "rest": (1, st.just(REST)),
    "spend": (60, st.tuples(st.just("spend"), _who, _few)),
    "spend_much": (5, st.tuples(st.just("spend"), _who, _many)),
    "buy": (6, st.tuples(st.just("buy_package"), _who, st.integers(0, 6), st.integers(1, 2))),
    "allot": (
        6,
        st.tuples(st.just("allot"), _who, st.sampled_from((100, 2_000, 9_000)), st.integers(0, 2)),
    ),
    "switch_off": (1, st.tuples(st.just("switch"), _who, st.just(False))),
    "switch_on": (3, st.tuples(st.just("switch"), _who, st.just(True))),
    "good_card": (
        3,
        st.tuples(st.just("save_card"), _who, st.just("good"), st.integers(0, 1)),
    ),
    "card": (
        2,
        st.tuples(st.just("save_card"), _who, st.sampled_from([*CARDS]), st.integers(0, 1)),
    ),
    "remove_card": (1, st.tuples(st.just("remove_card"), _who)),
    "open_bot": (4, st.tuples(st.just("open_bot"), _who)),
    "drop_bot": (2, st.tuples(st.just("drop_bot"), _who)),
    "cancel": (2, st.tuples(st.just("cancel"), _who, st.integers(0, 3))),
    "resume": (1, st.tuples(st.just("resume"), _who, st.integers(0, 3))),
    "release": (
        1,
        st.tuples(st.just("release"), _who, st.integers(0, 3), st.integers(0, 2)),
    ),
    "change_plan": (3, st.tuples(st.just("change_plan"), _who, st.integers(0, 3))),
    "close": (1, st.tuples(st.just("close"), _who)),
    "pass": (2, st.tuples(st.just("pass_time"), _hours, _minutes)),
    # To the very instant at which something is due next, or a minute before or after it.
    "next": (4, st.tuples(st.just("next"), st.sampled_from((0, 0, 0, -1, 1)))),
}
_weighted = [name for name, (weight, _) in _DRAWN.items() for _ in range(weight)]

STEP: st.SearchStrategy[Step] = st.sampled_from(_weighted).flatmap(lambda name: _DRAWN[name][1])

# What the drawn steps do, by the names of the model's and the engine's methods.
VERBS = {
    "spend", "buy_package", "allot", "switch", "save_card", "remove_card", "open_bot", "drop_bot",
    "pass_time", "next", "cancel", "resume", "release",
    "change_plan", "close",
}  # fmt: skip

# How each history begins: everybody can be served and most may buy by themselves.
BEGINNING: tuple[Step, ...] = (
    *(("save_card", name, "good", 0) for name in TREE),
    *(("switch", name, True) for name in (*SELLERS, "Anna", "Cleo")),
    ("allot", "Agency", 20_000, 3),
    ("allot", "Inner", 4_000, 1),
    ("buy_package", "Anna", 3, 1),
    ("buy_package", "Ben", 4, 1),
    ("buy_package", "Cleo", 3, 1),
    ("buy_package", "Dora", 4, 1),
)
