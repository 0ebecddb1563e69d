"""R38, R39, R33, R2: what may become of a hold of credits, and of a credit lease."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brimful.domain.holding import Change, CreditHold, capture, expire, release
from brimful.domain.leasing import give_back, report
from brimful.domain.reason import Reason, Refuse

NOW = datetime(2027, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def hold(**more: Any) -> CreditHold:
    """A hold of 60 that ends in a minute."""
    given = {
        "hold_id": "h", "account_id": "a", "leased": False, "told": False, "credits": 60, "held": 60, "captured": 0,
        "state": "standing", "placed_real_at": NOW - MINUTE, "ends_real_at": NOW + MINUTE,
    }  # fmt: skip
    return CreditHold(**{**given, **more})


def ended(state: str, captured: int = 0, **more: Any) -> CreditHold:
    """One that has ended."""
    return hold(state=state, held=0, captured=captured, **more)


def lease(**more: Any) -> CreditHold:
    """A lease of 60 of which 20 were reported."""
    return hold(**{"leased": True, "told": True, "held": 40, "captured": 20, **more})


def reason(answer: object) -> Reason | None:
    """Why something was refused."""
    refused = answer.refusal if isinstance(answer, Change) else answer
    return refused.reason if isinstance(refused, Refuse) else None


@pytest.mark.parametrize(("credits", "beside"), [(1, 0), (60, 0), (61, 1), (90, 30)])
def test_r33_as_much_is_captured_as_is_held_and_free_beside_it(credits: int, beside: int) -> None:
    """To the credit."""
    assert capture(hold(), credits, beside, NOW) == Change(captured=credits, state="captured")
    assert reason(capture(hold(), 61 + beside, beside, NOW)) is Reason.capture_too_large


def test_r39_each_end_is_answered_the_same_again_and_nothing_else_is_done() -> None:
    """None: it is so already."""
    assert capture(ended("captured", 25), 25, 0, NOW) is None
    assert reason(capture(ended("captured", 25), 26, 99, NOW)) is Reason.hold_captured
    assert reason(capture(ended("released"), 25, 99, NOW)) is Reason.hold_released
    assert reason(capture(ended("expired"), 25, 99, NOW)) is Reason.hold_expired
    assert release(ended("released"), NOW) is None and release(ended("expired"), NOW) is None
    assert reason(release(ended("captured", 25), NOW)) is Reason.hold_captured


def test_r38_at_its_end_to_the_microsecond_it_is_over() -> None:
    """Its last instant is the one before."""
    late, just = NOW + MINUTE, NOW + MINUTE - timedelta(microseconds=1)
    assert expire(hold(), just) is None and reason(capture(hold(), 5, 0, just)) is None
    assert expire(hold(), late) == Change(captured=0, state="expired")
    over = capture(hold(), 5, 0, late)
    assert isinstance(over, Change) and (over.captured, over.state) == (0, "expired")
    assert reason(over) is Reason.hold_expired
    assert release(hold(), late) == Change(captured=0, state="expired")
    assert expire(ended("captured", 5), late) is None


def test_r20_only_what_comes_back_is_offered() -> None:
    """A capture of all, or of more, frees nothing; nor does a report."""
    frees = [Change(captured=n, state="captured").frees(hold()) for n in (59, 60, 61)]
    assert frees == [True, False, False]
    assert not Change(captured=5, state="standing").frees(hold(leased=True))


def test_r39_reports_are_in_all_and_only_grow() -> None:
    """The same or an older one changes nothing; more than it is of is refused."""
    assert report(lease(), 30, None, NOW) == Change(captured=30, state="standing")
    assert report(lease(), 20, None, NOW) is None and report(lease(), 19, 60, NOW) is None
    assert reason(report(lease(), 61, None, NOW)) is Reason.lease_exceeded
    assert report(ended("captured", 30, leased=True), 30, 60, NOW) is None
    assert reason(report(ended("captured", 30, leased=True), 31, None, NOW)) is Reason.hold_captured


def test_r36_a_lease_lasts_a_day_at_most_however_often_it_is_extended() -> None:
    """Counted from when it was taken."""
    young = report(lease(), 20, 60, NOW)
    assert young == Change(captured=20, state="standing", ends_real_at=NOW + MINUTE)
    placed = NOW - timedelta(hours=23, minutes=59, seconds=30)
    old = report(lease(placed_real_at=placed), 20, 60, NOW)
    assert isinstance(old, Change) and old.ends_real_at == placed + timedelta(days=1)


def test_r39_a_return_is_the_last_report() -> None:
    """It may not be of less than was reported, nor of more than it is of."""
    assert give_back(lease(), 20, NOW) == Change(captured=20, state="captured")
    assert reason(give_back(lease(), 19, NOW)) is Reason.lease_reported
    assert reason(give_back(lease(), 61, NOW)) is Reason.lease_exceeded
    assert give_back(ended("captured", 30, leased=True), 30, NOW) is None
    assert reason(give_back(ended("captured", 30, leased=True), 29, NOW)) is Reason.hold_captured


@pytest.mark.parametrize("credits", [0, 20, 60, 61])
def test_r39_a_lease_whose_time_is_over_is_charged_whole(credits: int) -> None:
    """Whatever its client says, and whoever notices."""
    late = NOW + MINUTE
    assert expire(lease(), late) == Change(captured=60, state="expired")
    for answer in (report(lease(), credits, 60, late), give_back(lease(), credits, late)):
        assert isinstance(answer, Change) and (answer.captured, answer.state) == (60, "expired")
        assert reason(answer) is Reason.hold_expired
    gone = ended("expired", 60, leased=True)
    assert reason(report(gone, credits, 60, late)) is Reason.hold_expired


def test_r38_a_lease_that_nobody_was_told_of_costs_nothing() -> None:
    """Its client cannot have spent it: at its end it is let go, and to give it back then is no mistake."""
    untold, late = lease(told=False, held=60, captured=0), NOW + MINUTE
    assert expire(untold, NOW) is None
    assert expire(untold, late) == Change(captured=0, state="expired")
    told = give_back(untold, 0, late)
    assert isinstance(told, Change) and (told.captured, told.state) == (0, "expired")
    gone = ended("expired", leased=True)
    assert give_back(gone, 0, late) is None
    assert reason(give_back(gone, 1, late)) is Reason.hold_expired
    assert reason(give_back(ended("expired"), 0, late)) is Reason.not_leased


def test_r39_a_hold_is_not_reported_and_a_lease_not_captured() -> None:
    """Each has its own ends."""
    assert reason(capture(lease(), 20, 0, NOW)) is Reason.hold_leased
    assert reason(release(lease(), NOW)) is Reason.hold_leased
    assert reason(report(hold(), 20, None, NOW)) is Reason.not_leased
    assert reason(give_back(hold(), 20, NOW)) is Reason.not_leased
