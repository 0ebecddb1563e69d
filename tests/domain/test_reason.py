"""R18, R28: every refusal has a stable code and a sentence; a client hears nothing of its seller's."""

import re

import pytest

from brimful.domain.cover.packs import STEPS_MAX
from brimful.domain.reason import Reason, neutral, title
from brimful.usecases.move_clock import FARTHEST
from brimful.usecases.publish_package import PACKAGES_MAX
from brimful.usecases.set_webhook import ENDPOINTS_MAX, TESTS_MAX


@pytest.mark.parametrize("reason", list(Reason))
def test_r18_every_failure_above_is_neutral_to_a_client(reason: Reason) -> None:
    """The same code whatever happened, so that it tells nothing."""
    assert neutral(reason) is Reason.temporarily_unavailable


def test_r18_the_neutral_sentence_speaks_of_no_money() -> None:
    """Nor of cards, limits, packages or sellers."""
    told = title(Reason.temporarily_unavailable).lower()
    assert "temporarily unavailable" in told
    assert not any(word in told for word in ("card", "limit", "pack", "sell", "pay", "$", "bill"))


@pytest.mark.parametrize("reason", list(Reason))
def test_r28_every_refusal_says_so_in_a_sentence(reason: Reason) -> None:
    """And its code is its name, which clients may rely on."""
    assert title(reason).endswith(".")
    assert reason.value == reason.name


def test_r28_no_two_reasons_share_a_sentence() -> None:
    """Or an owner could not tell which cap was reached."""
    assert len({title(reason) for reason in Reason}) == len(Reason)


def test_r4_an_account_short_of_chatbots_is_told_that_more_can_be_bought() -> None:
    """The refusal carries the offer to buy."""
    assert "can be bought" in title(Reason.insufficient_chatbots)


@pytest.mark.parametrize(
    ("reason", "figure"),
    [
        (Reason.sizes_too_uneven, STEPS_MAX),
        (Reason.too_many_packages, PACKAGES_MAX),
        (Reason.too_many_webhook_endpoints, ENDPOINTS_MAX),
        (Reason.too_many_webhook_tests, TESTS_MAX),
        (Reason.clock_too_far, FARTHEST.days),
    ],
)
def test_r28_a_figure_in_a_sentence_is_the_one_that_is_kept_to(reason: Reason, figure: int) -> None:
    """And the only one, so that nobody changes it in one of the two places."""
    assert re.findall(r"[\d,]*\d", title(reason)) == [f"{figure:,}"]


def test_r28_no_other_sentence_has_a_figure() -> None:
    """One that gets one is to be compared above."""
    told = {reason.name for reason in Reason if re.search(r"\d", title(reason))}
    assert told == {
        "sizes_too_uneven", "too_many_packages", "too_many_webhook_endpoints",
        "too_many_webhook_tests", "clock_too_far",
    }  # fmt: skip
