"""R31: which chatbots pause, which come back, and how many subscribed ones are not needed."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.excess import releasable, to_pause, to_resume

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def bots(names: str) -> list[tuple[str, datetime]]:
    """Chatbots made one a day, in the order of the alphabet."""
    return [(name, FIRST + timedelta(days=ord(name) - ord("a"))) for name in names]


@pytest.mark.parametrize(
    ("active", "seats", "keep", "paused"),
    [
        ("abcde", 5, "", ""),
        ("abcde", 9, "", ""),
        ("abcde", 3, "", "ed"),  # the newest first
        ("dbeac", 3, "", "ed"),  # in whatever order they are listed
        ("abcde", 0, "", "edcba"),
        ("abcde", 3, "e", "dc"),  # the owner's choice stays
        ("abcde", 3, "dea", "cb"),
        ("abcde", 3, "bcde", "ae"),  # more chosen than seats: the newest of them, too
        ("abcde", 2, "xyz", "edc"),  # chosen ones that are not active do not count
        ("", 0, "a", ""),
    ],
)
def test_r31_the_newest_pause_unless_the_owner_chose(
    active: str, seats: int, keep: str, paused: str
) -> None:
    """By number."""
    assert to_pause(bots(active), seats, set(keep)) == tuple(paused)


@pytest.mark.parametrize(
    ("paused", "free", "keep", "back"),
    [
        ("ed", 0, "", ""),
        ("edc", 1, "", "c"),  # the oldest first
        ("edc", 2, "", "cd"),
        ("edc", 9, "", "cde"),
        ("edc", 2, "e", "ec"),  # the owner's choice before them
        ("", 3, "", ""),
    ],
)
def test_r31_the_oldest_come_back_when_seats_are_free_again(
    paused: str, free: int, keep: str, back: str
) -> None:
    """By number."""
    assert to_resume(bots(paused), free, keep) == tuple(back)


def test_r31_of_two_made_at_the_same_instant_the_greater_id_is_the_newer() -> None:
    """In any order of the list, for text and for UUIDs."""
    ids = [UUID(int=number) for number in range(3)]
    for order in permutations(ids):
        same = [(chatbot_id, FIRST) for chatbot_id in order]
        assert to_pause(same, 1) == (ids[2], ids[1])
        assert to_resume(same, 2) == (ids[0], ids[1])


def test_r31_a_negative_number_of_seats_is_a_mistake() -> None:
    """Both ways."""
    with pytest.raises(ValueError, match="-1 seats"):
        to_pause(bots("ab"), -1)
    with pytest.raises(ValueError, match="-1 free"):
        to_resume(bots("ab"), -1)
    for figures in ((-1, 0, 0), (0, -1, 0), (0, 0, -1)):
        with pytest.raises(ValueError, match=r"^numbers of chatbots are never negative$"):
            releasable(*figures)


def test_r31_where_nobody_waits_all_free_ones_are_releasable() -> None:
    """Up to those that were subscribed automatically."""
    assert (releasable(3, 2), releasable(2, 3), releasable(3, 3, 1)) == (2, 2, 2)


crowds = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5)), unique_by=lambda c: c[0]).map(
    lambda drawn: [(f"{name:02}", FIRST + timedelta(hours=hour)) for name, hour in drawn]
)
choices = st.sets(st.integers(0, 99).map(lambda name: f"{name:02}"))


@given(active=crowds, seats=st.integers(0, 30), keep=choices)
def test_r31_exactly_the_excess_pauses_and_nothing_is_lost(
    active: list[tuple[str, datetime]], seats: int, keep: set[str]
) -> None:
    """As many as seats stay; a chosen one pauses only if all others do; the rest by age."""
    paused = to_pause(active, seats, keep)
    assert len(paused) == len(set(paused)) == max(0, len(active) - seats)
    stay = {name for name, _ in active} - set(paused)
    if keep & set(paused):
        assert stay <= keep
    made = {name: (at, name) for name, at in active}
    for chosen in (True, False):
        stays = [made[name] for name in stay if (name in keep) is chosen]
        goes = [made[name] for name in paused if (name in keep) is chosen]
        assert not stays or not goes or max(stays) < min(goes)
        assert goes == sorted(goes, reverse=True)


@given(active=crowds, few=st.integers(0, 30), more=st.integers(0, 30), keep=choices)
def test_r31_seats_that_come_back_undo_the_pause(
    active: list[tuple[str, datetime]], few: int, more: int, keep: set[str]
) -> None:
    """Down to a few seats and up to more is the same as down to these at once, in order."""
    few, more = sorted((few, more))
    paused = to_pause(active, few, keep)
    back = to_resume([bot for bot in active if bot[0] in paused], more - few, keep)
    assert set(paused) - set(back) == set(to_pause(active, more, keep))
    assert back == tuple(reversed(paused))[: len(back)]


@pytest.mark.parametrize(
    ("auto", "free", "wanted", "released"),
    [
        (5, 0, 0, 0),  # all in use
        (5, 3, 0, 3),
        (5, 9, 0, 5),  # never those bought by hand
        (0, 9, 0, 0),
        (5, 3, 2, 1),  # two chatbots come back first
        (5, 3, 4, 0),
    ],
)
def test_r31_subscribed_chatbots_that_nobody_needs(
    auto: int, free: int, wanted: int, released: int
) -> None:
    """By number."""
    assert releasable(auto, free, wanted) == released


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_r31_numbers_of_chatbots_are_never_negative(numbers: tuple[int, int, int]) -> None:
    """A mistake of the caller."""
    with pytest.raises(ValueError, match="never negative"):
        releasable(*numbers)


@given(auto=st.integers(0, 50), free=st.integers(0, 50), wanted=st.integers(0, 50))
def test_r31_what_is_released_is_not_missed(auto: int, free: int, wanted: int) -> None:
    """The oracle: give back one at a time while one that was subscribed is to spare."""
    released = 0
    while released < auto and free - released > wanted:
        released += 1
    assert releasable(auto, free, wanted) == released
