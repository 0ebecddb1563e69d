"""R7, R15: what a reply costs in credits, by model."""

import pytest

from brimful.domain.money import MAX_CREDITS
from brimful.domain.rates import UnknownModel, credits_for
from tests.domain.makers import a_buyer, bought, needs

RATES = {"small": 1, "medium": 10, "gpt-4": 25}


@pytest.mark.parametrize(
    ("model", "messages", "credits"),
    [("small", 1, 1), ("medium", 1, 10), ("gpt-4", 1, 25), ("gpt-4", 400, 10_000)],
)
def test_r15_replies_cost_1_10_and_25_credits(model: str, messages: int, credits: int) -> None:
    """As many times as there are messages."""
    assert credits_for(RATES, model, messages) == credits


def test_r7_a_balance_of_24_is_short_of_a_reply_for_25() -> None:
    """One credit is missing, and the cheapest pack is bought for it."""
    missing = credits_for(RATES, "gpt-4", 1) - 24
    buy = bought(a_buyer(), needs(missing))
    assert (missing, buy.credits, buy.amount_minor) == (1, 2_000, 1_000)


def test_r7_a_model_without_a_rate_is_refused_and_never_free() -> None:
    """Nor does it cost what another does."""
    with pytest.raises(UnknownModel, match="gpt-9"):
        credits_for(RATES, "gpt-9", 1)


@pytest.mark.parametrize("messages", [0, -1, MAX_CREDITS // 25 + 1])
def test_r7_numbers_of_replies_out_of_range_are_refused(messages: int) -> None:
    """Nothing, less than nothing, and more than a balance may ever hold."""
    with pytest.raises(ValueError, match="out of range"):
        credits_for(RATES, "gpt-4", messages)


def test_r7_the_largest_number_of_replies_in_range_is_counted_exactly() -> None:
    """Right up to the bound."""
    assert credits_for(RATES, "gpt-4", MAX_CREDITS // 25) == MAX_CREDITS
