"""R9, R10, R27, R29: whether an account may buy by itself at all."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from brimful.domain.planning import Buyer, SellerAbove, available, may_buy
from brimful.domain.reason import Reason, Refuse
from tests.domain.makers import AT, a_buyer, decide, needs

ROOT = SellerAbove(is_root=True, enabled=False, offers_credits=False)
READY = SellerAbove(is_root=False, enabled=True, offers_credits=True)
OFF = SellerAbove(is_root=False, enabled=False, offers_credits=True)
EMPTY = SellerAbove(is_root=False, enabled=True, offers_credits=False)

OBSTACLES: list[tuple[dict[str, Any], Reason]] = [
    ({"enabled": False}, Reason.auto_billing_off),
    ({"enabled": False, "allowed_by_seller": False}, Reason.auto_billing_unavailable),
    ({"allowed_by_seller": False}, Reason.auto_billing_inactive),
    ({"card": None}, Reason.no_payment_method),
    ({"paused": Reason.card_declined}, Reason.auto_billing_paused),
    ({"retry_at": AT + timedelta(seconds=1)}, Reason.retry_later),
]


def test_r27_with_consent_a_card_and_no_obstacle_an_account_may_buy() -> None:
    """Whether it sells or not: the chain is made of accounts of both kinds."""
    assert may_buy(a_buyer(), AT) is None
    assert may_buy(a_buyer(sells=False), AT) is None


@pytest.mark.parametrize(("changes", "reason"), OBSTACLES)
def test_r10_r27_r29_each_obstacle_by_itself_refuses(
    changes: dict[str, Any], reason: Reason
) -> None:
    """With its own reason, at the account, and nothing is bought."""
    refusal = Refuse(reason=reason, account_id="agency", detail={})
    assert may_buy(a_buyer(**changes), AT) is reason
    assert decide(a_buyer(**changes), needs(1_000)) == refusal


@pytest.mark.parametrize("paused", [None, Reason.authentication_required])
def test_r27_switched_off_wins_over_whatever_else_is_wrong(paused: Reason | None) -> None:
    """A queued retry or a pause says nothing to one who switched off."""
    retry_at = AT - timedelta(hours=1)
    buyer = a_buyer(enabled=False, paused=paused, retry_at=retry_at, card=None)
    assert may_buy(buyer, AT) is Reason.auto_billing_off


def test_r10_inactive_is_told_before_card_and_pause_and_the_preference_stays() -> None:
    """Once the seller can again, the same account may buy with nothing changed on its side."""
    inactive = a_buyer(allowed_by_seller=False, paused=Reason.card_declined, card=None)
    assert may_buy(inactive, AT) is Reason.auto_billing_inactive
    assert may_buy(a_buyer(enabled=inactive.enabled), AT) is None


def test_r4_chatbots_for_its_own_use_are_bought_only_if_the_owner_says_so() -> None:
    """The separate switch is off unless set."""
    fields = {name: getattr(a_buyer(), name) for name in ("account_id", "sells", "enabled")}
    rest = {"allowed_by_seller": True, "paused": None, "retry_at": None, "card": None}
    plain = Buyer(**fields, **rest, limits=a_buyer().limits, spent=a_buyer().spent)  # type: ignore[arg-type]
    assert plain.enabled
    assert not plain.buys_chatbots_for_itself


@pytest.mark.parametrize(
    ("sellers", "expected"),
    [
        ((ROOT,), True),  # an agency of the platform
        ((READY, ROOT), True),
        ((OFF, ROOT), False),
        ((EMPTY, ROOT), False),
        ((READY, READY, ROOT), True),
        ((READY, OFF, ROOT), False),  # a seller that is itself inactive does not count as enabled
        ((READY, EMPTY, ROOT), False),
        ((OFF, READY, ROOT), False),
        ((READY,), False),  # one whose sellers do not lead to the platform
    ],
)
def test_r9_r10_available_by_the_sellers_above(
    sellers: tuple[SellerAbove, ...], expected: bool
) -> None:
    """Nearest first; the root always counts."""
    assert available(sellers) is expected


def test_r9_in_trees_of_any_depth_every_seller_below_the_root_must_be_ready() -> None:
    """All chains of up to five sellers of each kind."""
    kinds = (READY, OFF, EMPTY)
    chains = [chain for depth in range(6) for chain in product(kinds, repeat=depth)]
    wrong = [
        chain
        for chain in chains
        if available((*chain, ROOT)) is not (OFF not in chain and EMPTY not in chain)
    ]
    assert len(chains) == 364
    assert wrong == []
