"""R25: credits are brought from where they are to where they should be, as far as they are there."""

from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.refunds import Wanted
from brimful.domain.reversal import LotState, change, to_restore

some = st.integers(0, 20)


def test_r25_what_was_frozen_is_taken_first_and_the_rest_is_a_debt() -> None:
    """10 asked: 4 frozen and 3 free are taken, 3 are missing."""
    what = change(LotState(free=3, frozen=4, taken=0, otherwise=0), Wanted(10, 0))
    assert (what.take_frozen, what.take_free, what.freeze, what.missing) == (4, 3, 0, 3)


def test_r25_what_is_decided_for_the_buyer_is_free_again() -> None:
    """A dispute was won: 4 frozen are set free; 5 taken come back."""
    lot = LotState(free=0, frozen=4, taken=5, otherwise=0)
    assert to_restore(lot, Wanted(0, 0)) == 5
    after = LotState(free=5, frozen=4, taken=0, otherwise=0)
    assert change(after, Wanted(0, 0)).freeze == -4


def test_r25_r46_what_a_closed_account_gave_back_counts_as_taken() -> None:
    """8 went back when it was closed: of 10 asked, 2 are missing, and nothing is taken twice."""
    what = change(LotState(free=0, frozen=0, taken=0, otherwise=8), Wanted(10, 0))
    assert (what.take_free, what.missing) == (0, 2)


def test_r25_r46_what_lapsed_with_a_closed_account_is_not_missing() -> None:
    """Of 10 asked, 2 are set aside and taken, 5 lapsed when it was closed, and 3 were used. Of 4 more
    that may be asked, these 3 were used as well."""
    lot = LotState(free=0, frozen=2, taken=0, otherwise=0, lapsed=5)
    assert lot.unspent == 7
    what = change(lot, Wanted(10, 0))
    assert (what.take_frozen, what.freeze, what.missing, what.unfrozen) == (2, 0, 3, 0)
    what = change(lot, Wanted(6, 4))
    assert (what.take_frozen, what.freeze, what.missing, what.unfrozen) == (2, 0, 0, 3)


def test_r25_what_is_taken_is_not_set_aside_as_well() -> None:
    """3 asked for good and 4 for a while, of 10 free: 3 are taken, 4 set aside, 3 stay."""
    what = change(LotState(free=10, frozen=0, taken=0, otherwise=0), Wanted(3, 4))
    assert (what.take_free, what.freeze, what.missing, what.unfrozen) == (3, 4, 0, 0)


def test_r25_r46_what_was_given_back_otherwise_need_not_be_set_aside() -> None:
    """Of 4 to be set aside, 3 went back when the account was closed: 1 is left to be set aside."""
    what = change(LotState(free=10, frozen=0, taken=0, otherwise=3), Wanted(0, 4))
    assert (what.take_free, what.freeze, what.unfrozen) == (0, 1, 0)


def test_r25_what_the_seller_does_not_have_is_owed() -> None:
    """Of 5 taken that are due back, 3 could be restored."""
    assert change(LotState(free=3, frozen=0, taken=2, otherwise=0), Wanted(0, 0)).owed == 2


def test_r25_what_the_seller_let_go_is_not_taken() -> None:
    """Of 10 that lack, 4 were let go: of 9 that are there, 6 are taken, those set aside first."""
    what = change(LotState(free=4, frozen=5, taken=2, otherwise=0), Wanted(12, 0), let_go=4)
    assert (what.take_frozen, what.take_free, what.freeze, what.missing) == (5, 1, 0, 4)


def test_r25_what_was_let_go_and_lacks_no_more_is_not_taken() -> None:
    """4 were let go, and 3 lack now: nothing is taken, and nothing more is missing."""
    what = change(LotState(free=4, frozen=0, taken=0, otherwise=0), Wanted(3, 0), let_go=4)
    assert (what.take_frozen, what.take_free, what.missing) == (0, 0, 3)


def test_r25_r46_what_an_account_gave_back_later_does_not_undo_a_refund() -> None:
    """500 of 1,000 were refunded, then the account was closed and gave back the other 500. A dispute of
    the rest opens, and is lost: all is back already, so nothing comes back, and nothing lacks."""
    lot = LotState(free=0, frozen=0, taken=500, otherwise=500)
    for asked in (Wanted(500, 0), Wanted(500, 500), Wanted(1_000, 0)):
        assert to_restore(lot, asked) == 0
        what = change(lot, asked)
        assert (what.take_free, what.freeze, what.missing, what.unfrozen, what.owed) == (0,) * 5
    # The refund fails after all: what it took comes back, and of that nothing is asked.
    assert to_restore(lot, Wanted(0, 0)) == 500


@given(some, some, some, some, some, some, some)
def test_r25_nothing_is_made_or_lost_and_asking_again_changes_nothing(
    free: int, frozen: int, taken: int, otherwise: int, take: int, freeze: int, let_go: int
) -> None:
    """Whatever is asked of whatever is there."""
    asked = Wanted(take, freeze)
    lot = LotState(free=free, frozen=frozen, taken=taken, otherwise=otherwise)
    back = to_restore(lot, asked)
    assert 0 <= back <= taken
    lot = LotState(free=free + back, frozen=frozen, taken=taken - back, otherwise=otherwise)
    what = change(lot, asked, let_go)
    after = LotState(
        free=lot.free - what.take_free - what.freeze,
        frozen=lot.frozen - what.take_frozen + what.freeze,
        taken=lot.taken + what.take_free + what.take_frozen,
        otherwise=otherwise,
    )
    assert min(after.free, after.frozen, after.taken, what.missing, what.unfrozen) >= 0
    assert after.unspent == free + frozen + taken + otherwise
    assert what.owed == 0
    assert after.taken + what.missing == max(take - otherwise, min(taken, take))
    away = max(take + freeze - otherwise, min(taken, take))
    assert after.taken + what.missing + after.frozen + what.unfrozen == away
    assert after.free == 0 or (what.missing <= let_go and what.unfrozen == 0)
    again = change(after, asked, let_go)
    assert (again.take_free, again.take_frozen, again.freeze) == (0, 0, 0)
    assert (again.missing, again.unfrozen) == (what.missing, what.unfrozen)
