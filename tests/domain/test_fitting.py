"""R17, R19, R28: of what is too much together for the sellers above, the first part is bought for."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.fitting import Misfit, fit_to_sellers
from brimful.domain.planning import Buy, Waiting
from brimful.domain.reason import Reason, Refuse
from tests.domain.makers import a_buyer, decide, needs

STOPPED = Refuse(reason=Reason.cap_per_month, account_id="seller", detail={})


def size(some: Sequence[Waiting]) -> Buy | Refuse:
    """What the account itself would buy, by the price list of R15."""
    return decide(a_buyer(), some)


def at_most(credits: int, chatbots: int = 99) -> object:
    """Sellers that can furnish so much and no more; the need is what the demands are short of."""

    def cannot_furnish(buy: Buy) -> Refuse | None:
        short = sum(served.short_credits for served in buy.served)
        bots = sum(served.short_chatbots for served in buy.served)
        return STOPPED if short > credits or bots > chatbots else None

    return cannot_furnish


def fit(shorts: Sequence[int | tuple[int, int]], credits: int, chatbots: int = 99) -> str | Misfit:
    """The names of the demands that a purchase is for, or why there is none."""
    fits = fit_to_sellers(needs(*shorts), size, at_most(credits, chatbots))  # type: ignore[arg-type]
    if isinstance(fits, Misfit):
        return fits
    return "".join(served.demand_id for served in fits.served)


@pytest.mark.parametrize(
    ("shorts", "credits", "served"),
    [
        ([5, 5, 5], 15, "abc"),
        ([5, 5, 5], 14, "ab"),
        ([5, 5, 5], 10, "ab"),
        ([5, 5, 5], 9, "a"),
        ([5, 5, 5, 5], 19, "abc"),
        ([5], 5, "a"),
        ([1, 9, 1, 1], 5, "a"),  # who comes after one that does not fit waits for the next
        ([1, 1, 1, 1, 1, 1, 1, 1, 1], 8, "abcdefgh"),
    ],
)
def test_r17_the_longest_run_from_the_first_on(
    shorts: list[int], credits: int, served: str
) -> None:
    """In arrival order, nobody is passed over."""
    assert fit(shorts, credits) == served


def test_r17_where_the_first_is_too_much_only_it_is_stopped_if_a_smaller_one_may_pass() -> None:
    """Whoever fits by itself is planned for anew, once the first has heard its reason."""
    waiting = needs(9, 5, 1)
    assert fit([9, 5, 1], 1) == Misfit(STOPPED, tuple(waiting[:1]))
    assert fit([9, 5, 1], 8) == Misfit(STOPPED, tuple(waiting[:1]))


def test_r17_where_not_even_the_smallest_fits_all_are_stopped() -> None:
    """With the refusal of the whole."""
    assert fit([9, 5, 1], 0) == Misfit(STOPPED, tuple(needs(9, 5, 1)))
    assert fit([9], 8) == Misfit(STOPPED, tuple(needs(9)))


def test_r17_the_smallest_is_the_one_of_fewest_credits_and_then_of_fewest_chatbots() -> None:
    """Of two that lack as many credits the one with fewer chatbots may pass."""
    shorts = [(9, 0), (1, 3), (1, 2)]
    assert fit(shorts, 8, 2) == Misfit(STOPPED, tuple(needs(*shorts)[:1]))
    assert fit(shorts, 8, 1) == Misfit(STOPPED, tuple(needs(*shorts)))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(0, 300))
def test_r17_agrees_with_trying_every_run(shorts: list[int], credits: int) -> None:
    """The oracle: the longest run whose sum the sellers can furnish."""
    runs = [count for count in range(1, len(shorts) + 1) if sum(shorts[:count]) <= credits]
    got = fit(shorts, credits)
    if runs:
        assert isinstance(got, str) and len(got) == runs[-1]
    else:
        alone = min(shorts) <= credits
        assert got == Misfit(STOPPED, tuple(needs(*shorts)[: 1 if alone else None]))
