"""R29: what a decline means: not before an hour, seven hours, then pause; or pause at once."""

from datetime import timedelta

import pytest

from brimful.domain.declines import Pause, RetryFrom, after_decline
from brimful.domain.payment import HARD_DECLINE_CODES, is_hard_decline
from brimful.domain.planning import may_buy
from brimful.domain.reason import Reason
from tests.domain.makers import AT, a_buyer

HOUR = timedelta(hours=1)


def test_r29_soft_declines_are_retried_after_1_and_7_hours_from_the_first_then_paused() -> None:
    """Each attempt made as soon as it is allowed, and declined again."""
    first = after_decline(
        hard=False, code="insufficient_funds", soft_declines=0, first_declined_at=None, at=AT
    )
    second = after_decline(
        hard=False, code="insufficient_funds", soft_declines=1, first_declined_at=AT, at=AT + HOUR
    )
    third = after_decline(
        hard=False, code="do_not_honor", soft_declines=2, first_declined_at=AT, at=AT + 7 * HOUR
    )
    assert (first, second) == (RetryFrom(AT + HOUR), RetryFrom(AT + 7 * HOUR))
    assert third == Pause(Reason.card_declined)


def test_r29_seven_hours_count_from_the_first_decline_though_the_second_came_late() -> None:
    """A second attempt five hours after the first leaves two hours to wait."""
    verdict = after_decline(
        hard=False, code="try_again_later", soft_declines=1, first_declined_at=AT, at=AT + 5 * HOUR
    )
    assert verdict == RetryFrom(AT + 7 * HOUR)


@pytest.mark.parametrize("soft_declines", [0, 1, 2, 5])
def test_r29_a_hard_decline_pauses_at_the_first(soft_declines: int) -> None:
    """However the card did before."""
    verdict = after_decline(
        hard=True,
        code="stolen_card",
        soft_declines=soft_declines,
        first_declined_at=AT - HOUR if soft_declines else None,
        at=AT,
    )
    assert verdict == Pause(Reason.card_declined)


@pytest.mark.parametrize("hard", [True, False])
def test_r29_authentication_required_pauses_and_says_so(hard: bool) -> None:
    """Its owner gets a link, so its reason is its own."""
    verdict = after_decline(
        hard=hard, code="authentication_required", soft_declines=0, first_declined_at=None, at=AT
    )
    assert verdict == Pause(Reason.authentication_required)


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
    verdict = after_decline(
        hard=False, code="insufficient_funds", soft_declines=0, first_declined_at=None, at=AT
    )
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
