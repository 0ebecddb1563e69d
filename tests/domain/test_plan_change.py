"""R31, R37: upgrades at once and prorated, downgrades at period end, to the minor unit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from brimful.domain.period import MONTHS, Interval, Period, month_at
from brimful.domain.plan_change import Downgrade, NoChange, PlanTerms, Upgrade, change_plan
from brimful.domain.renewal import month_index, period_of

HOUR = timedelta(hours=1)
STARTS = datetime(2026, 4, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 4, 16, tzinfo=UTC)
ENDS = datetime(2026, 5, 1, tzinfo=UTC)
SMALL = PlanTerms(
    package_id="small", version=1, price_minor=3_000, credits=1_000, chatbots=2, interval="month"
)
LARGE = PlanTerms(
    package_id="large", version=1, price_minor=9_000, credits=5_000, chatbots=5, interval="month"
)


def change(
    now: PlanTerms, wanted: PlanTerms, at: datetime, anchor: datetime = STARTS
) -> Upgrade | Downgrade | NoChange:
    """Ask for a change in the period and month that run at ``at``."""
    index = month_index(anchor, at)
    period = period_of(anchor, now.interval, index)
    month = (month_at(anchor, index), month_at(anchor, index + 1))
    return change_plan(now, wanted, period=period, month=month, at=at)


def upgrade(now: PlanTerms, wanted: PlanTerms, at: datetime, anchor: datetime = STARTS) -> Upgrade:
    """The same where an upgrade must be the answer."""
    answer = change(now, wanted, at, anchor)
    assert isinstance(answer, Upgrade), answer
    return answer


def test_r37_an_upgrade_in_the_middle_of_april_by_number() -> None:
    """Half of $90.00 minus half of $30.00; half of 4,000 credits until May and 3 chatbots more."""
    assert upgrade(SMALL, LARGE, MIDDLE) == Upgrade(
        charge_minor=3_000,
        new_minor=4_500,
        left_minor=1_500,
        credits=2_000,
        credits_expire_at=ENDS,
        chatbots=3,
        period=Period(anchor_at=STARTS, starts_at=STARTS, ends_at=ENDS, interval="month"),
        begins_period=False,
    )


def test_r37_the_last_hour_of_a_month_brings_an_hours_credits() -> None:
    """A month's credits for an hour's price would be had again every month, at the seller's cost."""
    answer = upgrade(SMALL, LARGE, ENDS - HOUR)
    assert (answer.charge_minor, answer.credits) == (9, 6)  # 6.9 and 1.4 credits
    assert upgrade(SMALL, LARGE, STARTS).credits == LARGE.credits - SMALL.credits


@pytest.mark.parametrize(
    ("old", "new", "at", "left", "prorated"),
    [
        (3_000, 9_000, STARTS, 3_000, 9_000),
        (3_000, 9_000, ENDS - HOUR, 4, 13),  # 4.17 and 12.5
        (1, 2, MIDDLE, 1, 1),  # halves go up: 0.5 and 1
        (1, 3, MIDDLE, 1, 2),  # 0.5 and 1.5
    ],
)
def test_r37_each_price_is_rounded_once_half_up(
    old: int, new: int, at: datetime, left: int, prorated: int
) -> None:
    """The charge is their difference."""
    answer = upgrade(replace(SMALL, price_minor=old), replace(LARGE, price_minor=new), at)
    assert (answer.left_minor, answer.new_minor) == (left, prorated)
    assert answer.charge_minor == prorated - left


def test_r37_the_hour_that_has_begun_is_paid_for_on_the_new_terms_only() -> None:
    """59 minutes into an hour cost what its beginning costs."""
    at = MIDDLE + timedelta(minutes=59, seconds=59)
    assert upgrade(SMALL, LARGE, at) == upgrade(SMALL, LARGE, MIDDLE)
    assert upgrade(SMALL, LARGE, MIDDLE + HOUR).charge_minor == 2_992  # 4,487.5 and 1,495.8


def test_r37_a_year_is_prorated_whole_and_its_credits_are_a_months() -> None:
    """219 of 365 days are left: 60 per cent of both prices; of the month of August, 7 of 31 days,
    with which the credits end: of 5,000 1,129.0 and of 1,000 225.8."""
    small = replace(SMALL, price_minor=36_000, interval="year")
    large = replace(LARGE, price_minor=108_000, interval="year")
    at = STARTS + timedelta(days=146)
    answer = upgrade(small, large, at)
    assert (answer.left_minor, answer.new_minor, answer.charge_minor) == (21_600, 64_800, 43_200)
    assert (answer.credits, answer.credits_expire_at) == (903, datetime(2026, 9, 1, tzinfo=UTC))
    assert answer.period.ends_at == datetime(2027, 4, 1, tzinfo=UTC)


def test_r37_another_interval_begins_a_period_at_this_hour() -> None:
    """From a month's to a year's plan on 11 April, 20 of 30 days left: the year's whole price minus
    two thirds of the month's; a month's credits minus two thirds of those still usable."""
    year = replace(LARGE, price_minor=108_000, interval="year")
    hour = STARTS + timedelta(days=10)
    assert upgrade(SMALL, year, hour + timedelta(minutes=44)) == Upgrade(
        charge_minor=106_000,
        new_minor=108_000,
        left_minor=2_000,
        credits=4_333,  # 5,000 - 666.67
        credits_expire_at=datetime(2026, 5, 11, tzinfo=UTC),
        chatbots=3,
        period=period_of(hour, "year", 0),
        begins_period=True,
    )


def test_r37_the_same_credits_by_the_year_leave_no_month_short() -> None:
    """In the month's last hour the year begins with nearly all credits; in its first with none
    more, for they were granted an hour ago."""
    year = replace(SMALL, package_id="year", price_minor=36_000, interval="year")
    assert [upgrade(SMALL, year, at).credits for at in (ENDS - HOUR, STARTS)] == [999, 0]


@pytest.mark.parametrize(
    "wanted",
    [
        replace(LARGE, credits=999),
        replace(LARGE, chatbots=1),
        replace(LARGE, price_minor=2_999),
        replace(LARGE, price_minor=35_999, interval="year"),
    ],
)
def test_r31_whatever_is_less_waits_for_the_periods_end(wanted: PlanTerms) -> None:
    """Fewer credits, fewer chatbots, or cheaper by the month, compared exactly."""
    same = wanted.interval == "month"
    answer = change(SMALL, wanted, MIDDLE)
    assert answer == Downgrade(takes_effect_at=ENDS, anchor_at=STARTS if same else ENDS)


def test_r37_the_same_price_a_month_is_an_upgrade() -> None:
    """A twelfth of 36,000 is 3,000; a version more with nothing changed costs nothing."""
    year = replace(SMALL, package_id="year", price_minor=36_000, interval="year")
    assert upgrade(SMALL, year, MIDDLE).charge_minor == 34_500
    third = replace(SMALL, price_minor=100, interval="quarter")  # 33 and a third a month
    assert upgrade(third, replace(year, price_minor=400), MIDDLE).begins_period
    assert isinstance(change(third, replace(year, price_minor=399), MIDDLE), Downgrade)
    newer = upgrade(SMALL, replace(SMALL, version=2), MIDDLE)
    assert (newer.charge_minor, newer.credits, newer.chatbots) == (0, 0, 0)


def test_r31_a_downgrade_keeps_the_anchor_of_the_31st() -> None:
    """From a quarter of 31 January: at its end, counted from the same anchor."""
    anchor = datetime(2026, 1, 31, 9, tzinfo=UTC)
    quarter = replace(LARGE, interval="quarter")
    less = replace(SMALL, interval="quarter")
    assert change(quarter, less, datetime(2026, 3, 5, tzinfo=UTC), anchor) == Downgrade(
        takes_effect_at=datetime(2026, 4, 30, 9, tzinfo=UTC), anchor_at=anchor
    )


def test_r37_nothing_paid_is_lost_on_the_way_to_a_shorter_interval() -> None:
    """Eleven months of a year are left, worth more than a month of the larger plan: it waits. When
    less is left than the larger plan costs, it is immediate."""
    year = replace(SMALL, price_minor=36_000, interval="year")
    early, late = STARTS + timedelta(days=30), STARTS + timedelta(days=292)
    ends_at = datetime(2027, 4, 1, tzinfo=UTC)
    assert change(year, LARGE, early) == Downgrade(takes_effect_at=ends_at, anchor_at=ends_at)
    answer = upgrade(year, LARGE, late)
    assert (answer.left_minor, answer.charge_minor) == (7_200, 1_800)
    assert answer.period.starts_at == late and answer.begins_period


def test_r37_the_plan_one_has_is_no_change() -> None:
    """At the same version, whatever the facts."""
    assert change(SMALL, SMALL, MIDDLE) == NoChange(package_id="small", version=1)


def test_r35_what_is_due_is_applied_first() -> None:
    """Outside the running period, in May of a quarter with April's credits, or with a period of
    another interval: refused as a mistake."""
    month = (STARTS, ENDS)
    april, quarter = period_of(STARTS, "month", 0), period_of(STARTS, "quarter", 0)
    for at in (STARTS - HOUR, ENDS, ENDS + HOUR):
        with pytest.raises(ValueError, match="running month"):
            change_plan(SMALL, LARGE, period=april, month=month, at=at)
    with pytest.raises(ValueError, match="running month"):
        change_plan(replace(SMALL, interval="quarter"), LARGE, period=quarter, month=month, at=ENDS)
    with pytest.raises(ValueError, match="no period"):
        change_plan(SMALL, LARGE, period=quarter, month=month, at=STARTS)


def plans(name: str, interval: st.SearchStrategy[Interval]) -> st.SearchStrategy[PlanTerms]:
    """A plan with a small or a large price."""
    return st.builds(
        PlanTerms,
        package_id=st.just(name),
        version=st.just(1),
        price_minor=st.one_of(st.integers(1, 40), st.integers(1, 10**7)),
        credits=st.integers(1, 10_000),
        chatbots=st.integers(0, 20),
        interval=interval,
    )


@st.composite
def ladder(draw: st.DrawFn, intervals: st.SearchStrategy[Interval]) -> list[PlanTerms]:
    """Three plans, each dearer by the month than the one before and at least as good."""
    drawn = [draw(plans(name, intervals)) for name in "abc"]
    credits, chatbots = (
        sorted(getattr(p, what) for p in drawn) for what in ("credits", "chatbots")
    )
    return [
        replace(plan, credits=credits[place], chatbots=chatbots[place])
        for place, plan in enumerate(sorted(drawn, key=lambda plan: plan.per_month))
    ]


anchors = st.integers(0, 5 * 366 * 24).map(
    lambda hours: datetime(2024, 1, 1, tzinfo=UTC) + hours * HOUR
)
minutes = st.integers(0, 366 * 24 * 60 - 1)
any_interval: st.SearchStrategy[Interval] = st.sampled_from(sorted(MONTHS))


def inside(anchor: datetime, interval: Interval, minute: int) -> datetime:
    """A moment of the first period."""
    period = period_of(anchor, interval, 0)
    return anchor + timedelta(minutes=minute) % (period.ends_at - period.starts_at)


def share_left(at: datetime, starts_at: datetime, ends_at: datetime) -> Fraction:
    """Whole hours left, the one that has begun included, of all."""
    return Fraction(-((at - ends_at) // HOUR), (ends_at - starts_at) // HOUR)


@given(
    now=plans("a", any_interval), wanted=plans("b", any_interval), anchor=anchors, minute=minutes
)
def test_r37_amounts_are_exact_never_negative_and_never_above_the_whole_price(
    now: PlanTerms, wanted: PlanTerms, anchor: datetime, minute: int
) -> None:
    """The oracle: fractions of the hours left, each rounded half up."""
    at = inside(anchor, now.interval, minute)
    answer = change(now, wanted, at, anchor)
    period = period_of(anchor, now.interval, 0)
    share = share_left(at, period.starts_at, period.ends_at)
    left = floor(now.price_minor * share + Fraction(1, 2))
    better = (
        wanted.credits >= now.credits
        and wanted.chatbots >= now.chatbots
        and wanted.price_minor * MONTHS[now.interval] >= now.price_minor * MONTHS[wanted.interval]
    )
    if isinstance(answer, Downgrade):
        assert not better or left > wanted.price_minor
        assert answer.takes_effect_at == period.ends_at > at
        return
    assert isinstance(answer, Upgrade) and better
    same = now.interval == wanted.interval
    begun = month_index(anchor, at)
    month_left = share_left(at, month_at(anchor, begun), month_at(anchor, begun + 1))
    usable = floor(now.credits * month_left + Fraction(1, 2))
    more = floor(wanted.credits * month_left + Fraction(1, 2)) if same else wanted.credits
    new = floor(wanted.price_minor * share + Fraction(1, 2)) if same else wanted.price_minor
    assert (answer.left_minor, answer.new_minor) == (left, new)
    assert 0 <= answer.charge_minor == new - left <= wanted.price_minor
    assert 0 <= answer.credits == more - usable
    assert answer.chatbots == wanted.chatbots - now.chatbots >= 0
    assert answer.credits_expire_at > at and answer.period.starts_at <= at < answer.period.ends_at
    assert answer.begins_period is not same and (answer.period == period) is same


@given(terms=ladder(any_interval), anchor=anchors, minute=minutes)
def test_r37_a_way_through_a_third_plan_in_the_same_hour_is_never_cheaper(
    terms: list[PlanTerms], anchor: datetime, minute: int
) -> None:
    """And while the interval stays, or changes at the first step, it costs exactly the same."""
    first, second, third = terms
    at = inside(anchor, first.interval, minute)
    straight = change(first, third, at, anchor)
    one = change(first, second, at, anchor)
    if not (isinstance(straight, Upgrade) and isinstance(one, Upgrade)):
        reject()
    two = change(second, third, at, one.period.anchor_at)
    if not isinstance(two, Upgrade):
        reject()
    assert one.charge_minor + two.charge_minor >= straight.charge_minor
    assert one.chatbots + two.chatbots == straight.chatbots
    if first.interval == second.interval == third.interval:
        assert one.credits + two.credits == straight.credits
    if third.interval == second.interval or second.interval == first.interval:
        assert one.charge_minor + two.charge_minor == straight.charge_minor


@given(terms=ladder(st.just("month")), anchor=anchors, minute=minutes, later=minutes)
def test_r37_a_way_through_a_third_plan_over_time_saves_one_unit_at_most(
    terms: list[PlanTerms], anchor: datetime, minute: int, later: int
) -> None:
    """The second step some time later in the period, compared with going at once at that time."""
    first, second, third = terms
    times = sorted(inside(anchor, "month", drawn) for drawn in (minute, later))
    one = upgrade(first, second, times[0], anchor)
    two = upgrade(second, third, times[1], anchor)
    straight = upgrade(first, third, times[1], anchor)
    assert one.charge_minor + two.charge_minor >= straight.charge_minor - 1
    assert one.credits + two.credits >= straight.credits - 1
