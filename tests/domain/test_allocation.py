"""R13: what a charge cost is divided among the demands it served, to the last minor unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.allocation import allocate, allocate_lines

amounts = st.integers(0, 10**11)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("amount", "shortages", "shares"),
    [
        (3_000, [1_000, 4_000], (600, 2_400)),
        (1_000, [1, 1, 1], (334, 333, 333)),
        (1_000, [1, 1, 4], (167, 167, 666)),  # 166.67, 166.67, 666.67: two left, to the earlier
        (1, [5, 5], (1, 0)),
        (1, [1, 2], (0, 1)),
        (2, [3, 3, 3], (1, 1, 0)),
        (0, [7, 9], (0, 0)),
        (500, [0, 10, 0], (0, 500, 0)),
        (0, [], ()),
    ],
)
def test_r13_shares_by_number(amount: int, shortages: list[int], shares: tuple[int, ...]) -> None:
    """Largest remainder; equal remainders go to who arrived first."""
    assert allocate(amount, shortages) == shares


@given(amount=amounts, shortages=weights)
def test_r13_shares_add_up_and_none_is_a_whole_unit_off(amount: int, shortages: list[int]) -> None:
    """Judged by exact fractions."""
    shares = allocate(amount, shortages)
    total = sum(shortages)
    assert sum(shares) == amount
    assert all(
        abs(share - Fraction(amount * short, total)) < 1
        for share, short in zip(shares, shortages, strict=True)
    )


@given(amount=amounts, shortages=weights)
def test_r13_who_lacked_more_never_pays_less(amount: int, shortages: list[int]) -> None:
    """Shares rise with shortages, and of equals the earlier pays at least as much."""
    shares = allocate(amount, shortages)
    ordered = sorted(range(len(shares)), key=lambda i: (shortages[i], -i))
    paid = [shares[i] for i in ordered]
    assert paid == sorted(paid)


@given(amount=amounts, shortages=weights)
def test_r13_the_units_left_over_go_to_the_largest_remainders(
    amount: int, shortages: list[int]
) -> None:
    """No one who was rounded down lost a greater part of a unit than one who was rounded up."""
    exact = [Fraction(amount * short, sum(shortages)) for short in shortages]
    shares = allocate(amount, shortages)
    up = [part % 1 for part, share in zip(exact, shares, strict=True) if share > part]
    down = [part % 1 for part, share in zip(exact, shares, strict=True) if share <= part]
    assert not up or not down or min(up) >= max(down)


@given(amount=amounts, shortages=weights, times=st.integers(2, 1_000))
def test_r13_only_proportions_count(amount: int, shortages: list[int], times: int) -> None:
    """All shortages multiplied, the shares stay."""
    assert allocate(amount, [short * times for short in shortages]) == allocate(amount, shortages)


@pytest.mark.parametrize(
    ("amount", "shortages", "why"),
    [
        (-1, [1], "^amounts and weights are not negative$"),
        (1, [1, -1], "^amounts and weights are not negative$"),
        (1, [], "^an amount cannot be divided among nobody$"),
        (1, [0, 0], "^an amount cannot be divided among nobody$"),
    ],
)
def test_r13_what_cannot_be_divided_is_an_error(
    amount: int, shortages: list[int], why: str
) -> None:
    """Negative figures, and money that nobody was served for."""
    with pytest.raises(ValueError, match=why):
        allocate(amount, shortages)


def test_r13_credits_and_chatbots_are_divided_each_by_its_own_shortage() -> None:
    """Who lacked only chatbots pays for no credits: $30.00 as 1 : 2 and $6.00 as 1 : 3."""
    shares = allocate_lines(3_000, 600, [(1_000, 0), (2_000, 1), (0, 3)])
    assert shares == (1_000, 2_150, 450)


@given(
    credits=amounts,
    chatbots=amounts,
    shortages=st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(1, 99)), min_size=1, max_size=9
    ),
)
def test_r13_a_charge_of_two_kinds_adds_up(
    credits: int, chatbots: int, shortages: list[tuple[int, int]]
) -> None:
    """To the last minor unit."""
    assert sum(allocate_lines(credits, chatbots, shortages)) == credits + chatbots
