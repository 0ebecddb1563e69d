"""R28: hard caps. At the cap is allowed, past it never; 80 and 100 per cent are told once."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.caps import CAPS, Limits, Spent, crossed, episode, first_breach, limit_of
from brimful.domain.reason import Reason


@pytest.mark.parametrize(
    ("limits", "spent", "last_allowed", "reason"),
    [
        (Limits(per_charge_minor=5_000), Spent(), 5_000, Reason.cap_per_charge),
        (Limits(per_day_minor=5_000), Spent(day_minor=4_000), 1_000, Reason.cap_per_day),
        (Limits(per_month_minor=5_000), Spent(month_minor=1_000), 4_000, Reason.cap_per_month),
        (Limits(per_month_minor=0), Spent(), 0, Reason.cap_per_month),
        # What the charge collects as well counts: all of it in the charge, what was bought by hand
        # in day and month (R26).
        (
            Limits(per_charge_minor=5_000),
            Spent(outstanding_minor=40, outstanding_by_hand_minor=7),
            4_960,
            Reason.cap_per_charge,
        ),
        (
            Limits(per_day_minor=5_000),
            Spent(day_minor=4_000, outstanding_minor=40, outstanding_by_hand_minor=7),
            993,
            Reason.cap_per_day,
        ),
        (
            Limits(per_month_minor=5_000),
            Spent(month_minor=4_000, outstanding_minor=40, outstanding_by_hand_minor=7),
            993,
            Reason.cap_per_month,
        ),
    ],
)
def test_r28_the_cap_may_be_reached_and_not_passed_by_one_minor_unit(
    limits: Limits, spent: Spent, last_allowed: int, reason: Reason
) -> None:
    """Each cap of an amount by itself."""
    assert first_breach(limits, spent, last_allowed) is None
    assert first_breach(limits, spent, last_allowed + 1) is reason


@pytest.mark.parametrize(
    ("so_far", "reason"), [(2, None), (3, Reason.cap_per_hour), (4, Reason.cap_per_hour)]
)
def test_r28_three_charges_an_hour_allow_the_third_and_not_the_fourth(
    so_far: int, reason: Reason | None
) -> None:
    """The cap per hour counts charges, whatever their amounts."""
    assert first_breach(Limits(per_hour_count=3), Spent(hour_count=so_far), 1) is reason


def test_r28_spending_of_other_periods_does_not_count() -> None:
    """What was spent this month does not touch the day, nor the day the single charge."""
    limits = Limits(per_charge_minor=10, per_day_minor=10)
    assert first_breach(limits, Spent(hour_count=99, month_minor=10**9), 10) is None


def test_r28_without_limits_nothing_is_refused() -> None:
    """None is no limit, and is not nought."""
    spent = Spent(hour_count=10**6, day_minor=10**11, month_minor=10**11)
    assert first_breach(Limits(), spent, 10**11) is None
    assert first_breach(Limits(per_charge_minor=0), spent, 1) is Reason.cap_per_charge


def test_r28_of_several_breaches_the_narrowest_is_named() -> None:
    """Hour, charge, day, month: each is named once those before it are lifted."""
    spent = Spent(hour_count=1, day_minor=1, month_minor=1)
    limits = Limits(per_hour_count=1, per_charge_minor=1, per_day_minor=1, per_month_minor=1)
    named = [first_breach(limits, spent, 2)]
    for lifted in (
        Limits(per_charge_minor=1, per_day_minor=1, per_month_minor=1),
        Limits(per_day_minor=1, per_month_minor=1),
        Limits(per_month_minor=1),
    ):
        named.append(first_breach(lifted, spent, 2))
    assert named == [
        Reason.cap_per_hour,
        Reason.cap_per_charge,
        Reason.cap_per_day,
        Reason.cap_per_month,
    ]


@pytest.mark.parametrize(
    ("limit", "before", "after", "told"),
    [
        (10_000, 0, 7_999, ()),
        (10_000, 0, 8_000, (80,)),
        (10_000, 7_999, 9_999, (80,)),
        (10_000, 8_000, 9_999, ()),
        (10_000, 8_000, 10_000, (100,)),
        (10_000, 0, 10_000, (80, 100)),
        (10_000, 10_000, 10_000, ()),
        (3, 0, 2, ()),  # 80 per cent of 3 is 2.4, which 2 is not
        (3, 2, 3, (80, 100)),
    ],
)
def test_r28_crossing_80_and_100_per_cent(
    limit: int, before: int, after: int, told: tuple[int, ...]
) -> None:
    """Reached counts as crossed; what was reached before is not told again."""
    assert crossed(limit, before, after) == told


@given(
    limit=st.integers(1, 10**6),
    charges=st.lists(st.integers(0, 10**5), max_size=40),
)
def test_r28_each_share_is_told_once_however_the_spending_is_cut(
    limit: int, charges: list[int]
) -> None:
    """Over any row of charges: 80 once if four fifths were reached, 100 once if all was."""
    sums = [0]
    for charge in charges:
        sums.append(sums[-1] + charge)
    told = [share for before, after in pairwise(sums) for share in crossed(limit, before, after)]
    wanted = [80] * (5 * sums[-1] >= 4 * limit) + [100] * (sums[-1] >= limit)
    assert told == wanted


@given(
    cap=st.integers(0, 20_000),
    charges=st.lists(st.integers(0, 6_000), max_size=30),
)
def test_r28_a_row_of_charges_never_overspends(cap: int, charges: list[int]) -> None:
    """Whatever is asked for, in whatever order, what was allowed stays within the cap."""
    spent = 0
    for charge in charges:
        if first_breach(Limits(per_month_minor=cap), Spent(month_minor=spent), charge) is None:
            spent += charge
        else:
            assert spent + charge > cap
    assert spent <= cap


def test_r28_r42_a_month_is_one_episode_in_the_owners_zone() -> None:
    """New Year's Eve, 23:30 in New York, is January in UTC."""
    eve = datetime(2027, 1, 1, 4, 30, tzinfo=UTC)
    month, day = Reason.cap_per_month, Reason.cap_per_day
    assert episode(month, 500, eve, "America/New_York") == "cap_per_month:500:2026-12"
    assert episode(month, 500, eve, "UTC") == "cap_per_month:500:2027-01"
    assert episode(day, 500, eve, "America/New_York") == "cap_per_day:500:2026-12-31"
    assert episode(month, 600, eve, "UTC") != episode(month, 500, eve, "UTC")


def test_r28_each_cap_knows_its_limit() -> None:
    """That of a child is kept with the child."""
    limits = Limits(per_charge_minor=1, per_hour_count=2, per_day_minor=3, per_month_minor=4)
    assert [limit_of(limits, cap) for cap in CAPS] == [1, 2, 3, 4, None]
