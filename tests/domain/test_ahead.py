"""R33: which rule asks for how much, and when a subscription will bring its credits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.ahead import BuyAhead, Shortfall, shortfall
from brimful.domain.buy_ahead import Ahead, buy_ahead
from brimful.domain.forecast import HOUR, Renewal, Usage
from brimful.domain.renewal import next_due
from brimful.domain.renewal_dates import due_dates
from brimful.domain.warning import balance_warning, expires_by

AT = datetime(2026, 3, 20, 12, tzinfo=UTC)
QUIET = Usage(since=AT - timedelta(days=30), hours={})
BUSY = Usage(
    since=AT - timedelta(days=30),
    hours={AT - n * HOUR: 6_000 for n in range(1, 29 * 24)},
    largest=25,
)


def both(threshold: int | None, target: int | None, *, forecast: bool) -> BuyAhead:
    """What an owner agreed to."""
    return BuyAhead(threshold_credits=threshold, target_credits=target, forecast=forecast)


@given(st.integers(0, 3_000), st.integers(1, 2_000), st.integers(0, 2_000), st.booleans())
def test_r33_the_larger_need_and_not_the_sum(free: int, low: int, more: int, on: bool) -> None:
    """For any pool: what is bought satisfies both rules, and one of them exactly."""
    setting = both(low, low + more, forecast=on)
    found = shortfall(free=free, setting=setting, usage=BUSY, renewals=(), at=AT)
    expected = low + more - free if free < low else 0
    if on:
        ahead = buy_ahead(free=free, usage=BUSY, renewals_due=(), setting=Ahead(), at=AT)
        expected = max(expected, ahead)
    assert (found.credits if found else 0) == expected
    assert found is None or found.figures["free"] == free


def test_r33_the_rule_that_asks_for_more_is_the_cause() -> None:
    """At 100 free the forecast asks for 893 (600 in six minutes, and 393 in case more come); a target
    of 700 asks for less, one of 5,000 for more."""
    needed = 993
    for target, trigger, figures in (
        (700, "forecast", {"free": 100, "needed": needed}),
        (5_000, "threshold", {"free": 100, "threshold": 200, "target": 5_000}),
    ):
        setting = both(200, target, forecast=True)
        found = shortfall(free=100, setting=setting, usage=BUSY, renewals=(), at=AT)
        assert found is not None and (found.trigger, found.figures) == (trigger, figures)


def test_r33_what_is_overdrawn_is_always_a_need() -> None:
    """Whatever was agreed to; half of a rule is none."""
    owed = Shortfall(trigger="overdraft", credits=7, figures={"free": -7})
    for setting in (BuyAhead(), both(5, None, forecast=False), both(None, 5, forecast=False)):
        assert shortfall(free=-7, setting=setting, usage=QUIET, renewals=(), at=AT) == owed


def test_r33_nothing_agreed_to_buys_nothing() -> None:
    """Nor does a forecast without any use."""
    due = [Renewal(at=AT, credits=50)]
    assert shortfall(free=0, setting=BuyAhead(), usage=BUSY, renewals=due, at=AT) is None
    quiet = both(None, None, forecast=True)
    assert shortfall(free=0, setting=quiet, usage=QUIET, renewals=due, at=AT) is None
    agreed = BuyAhead(forecast=True, renewals=True)
    found = shortfall(free=10, setting=agreed, usage=QUIET, renewals=due, at=AT)
    assert found is not None and (found.trigger, found.credits) == ("forecast", 40)


def test_r33_r34_a_month_of_28_days_is_due_twice_within_30() -> None:
    """Due on 1 February and on 1 March; on the 31st, at the end of each shorter month."""
    first = datetime(2026, 2, 1, tzinfo=UTC)
    anchor = datetime(2025, 11, 1, tzinfo=UTC)
    at = first - HOUR
    assert due_dates(anchor, first, at=at, until=at + timedelta(days=30)) == (
        first,
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert due_dates(anchor, first, at=at, until=first) == ()
    last = datetime(2026, 1, 31, tzinfo=UTC)
    found = due_dates(last, datetime(2026, 2, 28, tzinfo=UTC), at=at, until=AT + timedelta(days=60))
    assert [due.day for due in found] == [28, 31, 30]


@given(st.integers(0, 10**5), st.integers(1, 40), st.integers(0, 400), st.integers(1, 90))
def test_r33_r34_dates_are_those_of_renewals_one_after_the_other(
    hours: int, done: int, late_days: int, days: int
) -> None:
    """As if each renewal were done when it is due; an overdue one counts once."""
    anchor = datetime(2020, 1, 31, 5, tzinfo=UTC) + hours * HOUR
    due = next_due(anchor, "month", done, True)
    at = due + timedelta(days=late_days)
    until = at + timedelta(days=days)
    found = due_dates(anchor, due, at=at, until=until)
    expected, months = [due], done
    while (then := next_due(anchor, "month", months + 1, True)) < until:
        months += 1
        if then > max(at, due):
            expected.append(then)
    assert list(found) == expected


@pytest.mark.parametrize(
    ("free", "threshold", "hours", "told"),
    [
        (0, None, None, "low_balance"),
        (10, 11, None, "low_balance"),
        (1, None, None, None),
        (11, 11, None, None),
        (10, None, 24, "low_balance"),
        (10, None, 25, "forecast"),
        (10, None, 7 * 24, "forecast"),
        (10, None, 7 * 24 + 1, None),
        (10, None, None, None),
    ],
)  # fmt: skip
def test_r42_which_warning_a_balance_is_worth(
    free: int, threshold: int | None, hours: int | None, told: str | None
) -> None:
    """A day before, a week before, or at the owner's own threshold."""
    runs_out = None if hours is None else AT + hours * HOUR
    assert balance_warning(free=free, threshold=threshold, run_out_at=runs_out, at=AT) == told


def test_r42_a_card_is_valid_to_the_end_of_its_month() -> None:
    """30 days before 1 April a card of March is told of, an hour before that it is not."""
    month_ends = datetime(2026, 4, 1, tzinfo=UTC)
    assert expires_by(month_ends - timedelta(days=30)) == (2026, 3)
    assert expires_by(month_ends - timedelta(days=30, hours=1)) == (2026, 2)
    assert expires_by(datetime(2025, 12, 5, tzinfo=UTC)) == (2025, 12)
    assert expires_by(datetime(2026, 1, 5, tzinfo=UTC)) == (2026, 1)
