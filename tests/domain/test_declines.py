"""R29: what a decline means, and how often a card may be tried: after 1 and 7 hours, 3 a day, 8 a month."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.declines import (
    CardRecord,
    Decline,
    Pause,
    RetryFrom,
    after_decline,
    next_attempt,
    room,
)
from brimful.domain.payment import HARD_DECLINE_CODES, is_hard_decline
from brimful.domain.planning import may_buy
from brimful.domain.reason import Reason
from tests.domain.makers import AT, a_buyer

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SOFT = "insufficient_funds"


def hours(*numbers: float) -> list[datetime]:
    """Instants so many hours after AT."""
    return [AT + number * HOUR for number in numbers]


def card(*soft: float, tried: Sequence[float] | None = None) -> CardRecord:
    """A card that was softly declined so many hours after AT; ``tried`` where that is not all."""
    return CardRecord(
        soft_declines=len(soft),
        first_declined_at=AT + soft[0] * HOUR if soft else None,
        attempts=hours(*(soft if tried is None else tried)),
    )


def declined(
    before: CardRecord, at: datetime, code: str = SOFT, *, hard: bool = False
) -> tuple[CardRecord, Pause | RetryFrom]:
    """The card is declined once more, which counts as an attempt."""
    before = CardRecord(
        soft_declines=before.soft_declines,
        first_declined_at=before.first_declined_at,
        paused=before.paused,
        attempts=[*before.attempts, at],
    )
    return after_decline(before, Decline(at=at, code=code, hard=hard))


def test_r29_soft_declines_are_retried_after_1_and_7_hours_from_the_first_then_paused() -> None:
    """Each attempt made as soon as it is allowed, and declined again."""
    record, answers, at = CardRecord(), [], AT
    for _ in range(3):
        record, verdict = declined(record, at)
        answers.append(verdict)
        at = verdict.at if isinstance(verdict, RetryFrom) else at
    expected = [RetryFrom(AT + HOUR), RetryFrom(AT + 7 * HOUR), Pause(Reason.card_declined)]
    assert answers == expected
    assert record.paused is Reason.card_declined
    assert next_attempt(record, AT + 400 * DAY) == Pause(Reason.card_declined)


def test_r29_seven_hours_count_from_the_first_decline_though_the_second_came_late() -> None:
    """A second attempt five hours after the first leaves two hours to wait."""
    _, verdict = declined(card(0), AT + 5 * HOUR)
    assert verdict == RetryFrom(AT + 7 * HOUR)


def test_r29_a_time_that_has_passed_is_now() -> None:
    """A run that comes late tries at once."""
    at = AT + 3 * DAY
    assert next_attempt(card(0), at) == RetryFrom(at)
    assert next_attempt(CardRecord(), at) == RetryFrom(at)


@pytest.mark.parametrize("soft", [(), (0,), (0, 1)])
def test_r29_a_hard_decline_pauses_at_the_first(soft: tuple[float, ...]) -> None:
    """However the card did before, and however long it waits."""
    record, verdict = declined(card(*soft), AT + 2 * HOUR, "stolen_card", hard=True)
    assert verdict == Pause(Reason.card_declined)
    assert next_attempt(record, AT + 400 * DAY) == Pause(Reason.card_declined)


@pytest.mark.parametrize("hard", [True, False])
def test_r29_authentication_required_pauses_and_says_so(hard: bool) -> None:
    """Its owner gets a link, so its reason is its own."""
    _, verdict = declined(CardRecord(), AT, "authentication_required", hard=hard)
    assert verdict == Pause(Reason.authentication_required)


@pytest.mark.parametrize("code", [SOFT, "authentication_required"])
def test_r29_a_pause_stays_whatever_comes_after_it(code: str) -> None:
    """A soft decline of a purchase by hand does not re-arm a stolen card."""
    record, _ = declined(CardRecord(), AT, "stolen_card", hard=True)
    record, verdict = declined(record, AT + HOUR, code)
    assert verdict == Pause(Reason.card_declined)
    assert next_attempt(record, AT + 30 * DAY) == Pause(Reason.card_declined)


@pytest.mark.parametrize(
    ("tried", "soft", "at", "answer"),
    [
        ((0, 1, 7), (), 8, 24),  # the owner cleared the pause: the fourth waits for the day
        ((0, 1, 7), (), 24, 24),
        ((0, 1, 7), (), 30, 30),
        ((0, 1, 7, 24), (), 24, 25),
        ((7, 0, 1), (), 8, 24),  # in any order
        ((-10, 0, 1), (0, 1), 1, 14),  # the seventh hour would be the fourth within a day
        ((-23, 0, 1), (0, 1), 1, 7),  # by the seventh hour the old one is forgotten
    ],
)
def test_r29_at_most_three_attempts_in_24_hours(
    tried: tuple[float, ...], soft: tuple[float, ...], at: float, answer: float
) -> None:
    """A gate that opens when the first of the last three is a day old."""
    verdict = next_attempt(card(*soft, tried=tried), AT + at * HOUR)
    assert verdict == RetryFrom(AT + answer * HOUR)


def test_r29_eight_attempts_in_30_days_pause() -> None:
    """Spread so that no day is full; the ninth is allowed when the first is 30 days old."""
    tried = list(range(0, 24 * 24, 3 * 24))
    assert len(tried) == 8
    last = AT + 30 * DAY
    seven, eight = card(tried=tried[:7]), card(tried=tried)
    assert next_attempt(seven, AT + 25 * DAY) == RetryFrom(AT + 25 * DAY)
    assert next_attempt(eight, AT + 25 * DAY) == Pause(Reason.card_declined)
    assert next_attempt(card(21 * 24, tried=tried), AT + 25 * DAY) == Pause(Reason.card_declined)
    assert next_attempt(eight, last - SECOND) == Pause(Reason.card_declined)
    assert next_attempt(eight, last) == RetryFrom(last)
    # What counts is the time of the attempt allowed: an hour from now the first is old enough.
    near = 30 * 24 - 1
    assert next_attempt(card(near, tried=[*tried[:7], near]), AT + near * HOUR) == RetryFrom(last)


@given(
    moves=st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 4), st.sampled_from("ddddds")), max_size=60
    ),
)
def test_r29_whoever_obeys_never_exceeds_3_a_day_or_8_in_30_days(
    moves: list[tuple[int, int, str]],
) -> None:
    """Some at once who pay with a card that is declined again and again (d), that succeeds now and
    then (s), whose owner clears each pause: counted over every window by brute force."""
    at, record = AT, CardRecord()
    for wait, together, outcome in moves:
        at += wait * HOUR
        verdict = next_attempt(record, at)
        if isinstance(verdict, Pause):
            record = CardRecord(attempts=record.attempts)
            continue
        assert verdict.at >= at
        at = verdict.at
        begun = min(together, room(record, 0, at))
        assert begun >= 1
        for _ in range(begun if outcome == "d" else 0):
            record, _ = declined(record, at)
        if outcome == "s":
            record = CardRecord(attempts=record.attempts)
    for end in record.attempts:
        assert sum(end - DAY < one <= end for one in record.attempts) <= 3
        assert sum(end - 30 * DAY < one <= end for one in record.attempts) <= 8


@pytest.mark.parametrize(
    ("tried", "under_way", "expected"),
    [((), 0, 3), ((), 2, 1), ((), 3, 0), ((), 9, 0), ((-2,), 0, 2), ((-2, -1), 1, 0)],
)
def test_r29_no_more_begin_at_once_than_may_be_declined_together(
    tried: tuple[float, ...], under_way: int, expected: int
) -> None:
    """Those under way may all be declined."""
    assert room(card(tried=tried), under_way, AT) == expected


def test_r29_a_card_that_may_not_be_tried_has_no_room() -> None:
    """Gated, or paused; room for eight in 30 days counts as well."""
    assert room(card(0), 0, AT + HOUR - SECOND) == 0
    assert room(card(0), 0, AT + HOUR) == 2
    assert room(CardRecord(paused=Reason.card_declined), 0, AT) == 0
    seven = card(tried=[-day * 24 for day in range(2, 9)])
    assert [room(seven, under_way, AT) for under_way in (0, 1)] == [1, 0]


@pytest.mark.parametrize("code", ["lost_card", "stolen_card", "fraudulent", "expired_card"])
def test_r29_lost_stolen_fraudulent_and_expired_are_hard(code: str) -> None:
    """With or without advice."""
    assert is_hard_decline(code)
    assert is_hard_decline(code, "try_again_later")


def test_r29_any_advice_not_to_try_again_makes_a_decline_hard() -> None:
    """Even one that would be soft."""
    assert is_hard_decline("generic_decline", "do_not_try_again")
    assert not is_hard_decline("generic_decline", "try_again_later")
    assert not is_hard_decline("generic_decline")


@pytest.mark.parametrize(
    "code", ["insufficient_funds", "processing_error", "try_again_later", "card_velocity_exceeded"]
)
def test_r29_passing_trouble_is_soft(code: str) -> None:
    """It may be cured by waiting."""
    assert not is_hard_decline(code)
    assert code not in HARD_DECLINE_CODES


def test_r29_a_retry_time_is_a_gate_that_opens_at_its_very_second() -> None:
    """Before it a shortage is refused at once, from it on the card may be tried."""
    _, verdict = declined(CardRecord(), AT)
    assert isinstance(verdict, RetryFrom)
    buyer = a_buyer(retry_at=verdict.at)
    moments = [AT, verdict.at - timedelta(microseconds=1), verdict.at, verdict.at + HOUR]
    assert [may_buy(buyer, at) for at in moments] == [
        Reason.retry_later,
        Reason.retry_later,
        None,
        None,
    ]


def test_r29_a_paused_account_buys_nothing_however_long_it_waits() -> None:
    """Time does not clear a pause."""
    buyer = a_buyer(paused=Reason.card_declined)
    assert may_buy(buyer, AT + timedelta(days=400)) is Reason.auto_billing_paused
