"""R17, R25, R37: what was paid for a plan and has gone back counts for nothing in an upgrade."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.period import month_at
from brimful.domain.plan_change import Gone, Upgrade, change_plan
from brimful.domain.renewal import month_index, period_of
from tests.domain.test_plan_change import ENDS, HOUR, LARGE, MIDDLE, SMALL, STARTS, upgrade


def test_r17_r37_nothing_is_left_of_a_price_that_was_given_back() -> None:
    """The whole of $90.00 for a period that begins at this hour, with its whole credits; a change that
    is no upgrade waits as ever."""
    period, month = period_of(STARTS, "month", 0), (STARTS, ENDS)
    all_of_it = [Gone(amount_minor=3_000, credits=1_000, since_at=STARTS)]
    for wanted, is_upgrade in ((LARGE, True), (replace(LARGE, chatbots=1), False)):
        answer = change_plan(
            SMALL, wanted, period=period, month=month, at=MIDDLE + HOUR / 2, gone=all_of_it
        )
        assert isinstance(answer, Upgrade) == is_upgrade
        if isinstance(answer, Upgrade):
            assert (answer.charge_minor, answer.left_minor) == (9_000, 0)
            assert (answer.credits, answer.chatbots, answer.begins_period) == (5_000, 3, True)
            assert answer.period == period_of(MIDDLE, "month", 0)


def test_r17_r37_what_has_gone_back_is_taken_off_what_is_left() -> None:
    """Of $30.00 for all of April $15.00 are left in its middle, and 500 credits. A difference of $4.00
    and 200 credits, paid ten days before, has gone back: $11.00 are left, and of the 200 the 120 that
    would be left do not count. A period begins at this hour, at $90.00 and 5,000 credits less that."""
    period, month = period_of(STARTS, "month", 0), (STARTS, ENDS)
    gone = [Gone(amount_minor=400, credits=200, since_at=MIDDLE - 10 * 24 * HOUR)]
    answer = change_plan(SMALL, LARGE, period=period, month=month, at=MIDDLE, gone=gone)
    assert isinstance(answer, Upgrade)
    assert (answer.charge_minor, answer.new_minor, answer.left_minor) == (7_900, 9_000, 1_100)
    assert (answer.credits, answer.begins_period) == (5_000 - 500 + 120, True)


def test_r17_r37_a_difference_that_went_back_pays_for_none_of_its_months() -> None:
    """Half a year at $10.00 a month and then a quarter at $40.00, whose difference of $180.00 for half
    a year has gone back: the $120.00 that stay were used up in the middle of that quarter."""
    year = period_of(STARTS, "year", 0)
    now = replace(LARGE, interval="year", price_minor=48_000)
    more = replace(now, package_id="more", price_minor=60_000)
    month = (month_at(STARTS, 9), month_at(STARTS, 10))
    gone = [Gone(amount_minor=18_000, credits=0, since_at=month_at(STARTS, 6))]
    answer = change_plan(now, more, period=year, month=month, at=month[0], gone=gone)
    assert isinstance(answer, Upgrade)
    assert (answer.charge_minor, answer.left_minor, answer.credits) == (60_000, 0, 0)


@given(
    prices=st.lists(st.integers(1, 90_000), min_size=3, max_size=5).map(sorted),
    hours=st.lists(st.integers(0, 8_700), min_size=4, max_size=4, unique=True).map(sorted),
    back=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_r17_r37_what_stayed_is_left_less_what_was_used(
    prices: list[int], hours: list[int], back: list[bool]
) -> None:
    """A year goes upward through plans that bring the same for more and more, and some of what was paid
    on the way goes back in the end: what is left is what stayed, less the time on each plan at its
    price, to the rounding of each step."""
    year = period_of(STARTS, "year", 0)
    whole = (year.ends_at - year.starts_at) / HOUR
    plans = [
        replace(SMALL, package_id=str(n), price_minor=price, interval="year")
        for n, price in enumerate(prices)
    ]
    paid, used, since = [prices[0]], Fraction(0), 0
    for old, new, hour in zip(plans[:-2], plans[1:-1], hours, strict=False):
        answer = upgrade(old, new, STARTS + hour * HOUR)
        assert not answer.begins_period
        paid.append(answer.charge_minor)
        used += Fraction(old.price_minor * (hour - since), int(whole))
        since = hour
    at = STARTS + hours[-1] * HOUR
    used += Fraction(plans[-2].price_minor * (hours[-1] - since), int(whole))
    gone = [
        Gone(amount_minor=amount, credits=0, since_at=STARTS)
        for amount, is_back in zip(paid, back, strict=False)
        if is_back
    ]
    index = month_index(STARTS, at)
    month = (month_at(STARTS, index), month_at(STARTS, index + 1))
    answer = change_plan(plans[-2], plans[-1], period=year, month=month, at=at, gone=gone)
    assert isinstance(answer, Upgrade) and answer.begins_period == bool(gone)
    if gone:
        stayed = sum(paid) - sum(one.amount_minor for one in gone)
        assert abs(answer.left_minor - max(stayed - used, 0)) <= len(paid)
