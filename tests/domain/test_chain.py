"""R8, R17, R18: whether a whole chain of sellers can furnish an operation, before anything is held."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.brake import Pace
from brimful.domain.caps import Limits, Spent
from brimful.domain.chain import Feasible, Level, Need, check_chain
from brimful.domain.cover import Pack
from brimful.domain.reason import Reason, Refuse
from tests.domain.makers import AT, SUPPLY, a_level, an_offer, cheapest_by_counting

FIVES = an_offer(packs=(Pack(package_id="five", credits=5_000, price_minor=4_000),))


def plans(levels: list[Level], credits: int, chatbots: int = 0) -> list[tuple[int, int, int]]:
    """What each level would buy and pay, from the bottom: credits, chatbots, minor units."""
    verdict = check_chain(levels, Need(credits=credits, chatbots=chatbots), AT)
    assert isinstance(verdict, Feasible), verdict
    return [(buy.credits, buy.chatbots, buy.amount_minor) for buy in verdict.plans]


def refusal(levels: list[Level], credits: int, chatbots: int = 0) -> tuple[str, Reason]:
    """Which level cannot, and why."""
    verdict = check_chain(levels, Need(credits=credits, chatbots=chatbots), AT)
    assert isinstance(verdict, Refuse), verdict
    return verdict.account_id, verdict.reason


def test_r17_enough_stock_needs_no_purchase_and_asks_nobody_above() -> None:
    """Not even whether the account could buy."""
    assert plans([a_level("agency", 10_000, enabled=False)], 10_000) == []


def test_r14_r17_one_level_short_buys_from_the_supply() -> None:
    """The worked example seen from the chain."""
    assert plans([a_level("agency", 9_000), SUPPLY], 10_000) == [(2_000, 0, 1_000)]


def test_r8_r17_a_sub_accounts_query_moves_up_three_levels() -> None:
    """24 of 25 credits: it buys 5,000 of its agency, which has 1,000 and buys 5,000 of the master,
    which has 4,999 and buys 2,000 of the platform."""
    levels = [
        a_level("shop", 24, offer=FIVES, sells=False),
        a_level("agency", 1_000, offer=FIVES),
        a_level("master", 4_999),
        SUPPLY,
    ]
    assert plans(levels, 25) == [(5_000, 0, 4_000), (5_000, 0, 4_000), (2_000, 0, 1_000)]


def test_r17_the_chain_ends_at_the_first_level_with_enough() -> None:
    """What lies above is neither asked nor bought from, though it could do nothing."""
    levels = [
        a_level("shop", 0, offer=FIVES),
        a_level("agency", 5_000),
        a_level("master", 0, enabled=False),
        SUPPLY,
    ]
    assert plans(levels, 1) == [(5_000, 0, 4_000)]


@given(
    free=st.lists(st.tuples(st.integers(0, 6_000), st.booleans()), min_size=1, max_size=4),
    credits=st.integers(1, 9_000),
)
def test_r17_no_check_looks_past_a_level_that_may_not_buy(
    free: list[tuple[int, bool]], credits: int
) -> None:
    """So nothing above such a level has to be read for it."""
    levels = [
        a_level(str(number), there, offer=FIVES, enabled=enabled)
        for number, (there, enabled) in enumerate(free)
    ]
    off = next((number for number, (_, enabled) in enumerate(free) if not enabled), len(free))
    whole, part = [*levels, SUPPLY], [*levels, SUPPLY][: off + 1]
    assert check_chain(whole, Need(credits=credits, chatbots=0), AT) == check_chain(
        part, Need(credits=credits, chatbots=0), AT
    )


def test_r11_r17_chatbots_move_up_exactly_and_credits_by_packs() -> None:
    """10 chatbots with 5 and then 2 in the pools, 3,000 credits with none."""
    levels = [a_level("agency", 0, 5), a_level("master", 1_000, 2), SUPPLY]
    assert plans(levels, 3_000, 10) == [(4_000, 5, 2_000 + 1_500), (4_000, 3, 2_000 + 900)]


OBSTACLES: list[tuple[dict[str, Any], Reason]] = [
    ({"enabled": False}, Reason.auto_billing_off),
    ({"allowed_by_seller": False}, Reason.auto_billing_inactive),
    ({"card": None}, Reason.no_payment_method),
    ({"paused": Reason.card_declined}, Reason.auto_billing_paused),
    ({"limits": Limits(per_charge_minor=999)}, Reason.cap_per_charge),
    ({"limits": Limits(per_hour_count=0)}, Reason.cap_per_hour),
    ({"offer": an_offer(packs=())}, Reason.no_credit_package),
    ({"allowed_packages": frozenset({"seat"})}, Reason.no_credit_package),
]


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
@pytest.mark.parametrize(("changes", "reason"), OBSTACLES)
def test_r17_r18_the_level_that_cannot_is_named_with_its_own_reason(
    broken: int, changes: dict[str, Any], reason: Reason
) -> None:
    """Wherever it is in a chain of four, so that its owner can be told; nothing is bought below."""
    levels = [a_level(f"level{i}", **(changes if i == broken else {})) for i in range(4)]
    assert refusal([*levels, SUPPLY], 1) == (f"level{broken}", reason)


def test_r17_of_several_that_cannot_the_lowest_is_named() -> None:
    """A client's own trouble is told before its seller's, which it may not hear."""
    levels = [a_level("shop", card=None), a_level("agency", enabled=False), SUPPLY]
    assert refusal(levels, 1) == ("shop", Reason.no_payment_method)


def test_r17_a_chain_that_never_reaches_the_supply_is_refused() -> None:
    """Neutrally: nothing in it is at fault."""
    levels = [a_level("shop"), a_level("middle"), a_level("agency")]
    nobody = Refuse(reason=Reason.temporarily_unavailable, account_id="agency", detail={})
    assert check_chain(levels, Need(credits=1, chatbots=0), AT) == nobody


def test_r29_a_card_that_may_be_tried_later_refuses_until_then() -> None:
    """At every level the time is the one that is asked for."""
    levels = [a_level("shop"), a_level("agency", retry_at=AT), SUPPLY]
    before = check_chain(levels, Need(credits=1, chatbots=0), AT - timedelta(seconds=1))
    assert isinstance(before, Refuse) and before.reason is Reason.retry_later
    assert isinstance(check_chain(levels, Need(credits=1, chatbots=0), AT), Feasible)


def test_r30_what_renewals_make_buy_brakes_nobody_up_the_chain() -> None:
    """All of it is of renewals, however many levels up; another need stops at the first brake."""
    fast = Pace(charges_today=3, today_minor=9_000, week_minor=7_000, has_history=True)
    for where in ("shop", "agency"):
        levels = [
            a_level(name, pace=fast if name == where else Pace()) for name in ("shop", "agency")
        ]
        braked = check_chain([*levels, SUPPLY], Need(credits=1, chatbots=0), AT)
        assert isinstance(braked, Refuse)
        assert (braked.account_id, braked.reason) == (where, Reason.auto_billing_braked)
        renewed = check_chain([*levels, SUPPLY], Need(credits=1, chatbots=0, renewal=True), AT)
        assert isinstance(renewed, Feasible) and all(buy.for_renewals for buy in renewed.plans)


def test_r12_r17_a_sellers_cap_counts_what_the_packs_below_make_it_buy() -> None:
    """One credit short at the bottom is a pack of 35,000 there and $100.00 above."""
    large = an_offer(packs=(Pack(package_id="large", credits=35_000, price_minor=12_000),))
    for cap, expected in ((10_000, Feasible), (9_999, Refuse)):
        above = a_level("agency", limits=Limits(per_month_minor=cap))
        verdict = check_chain(
            [a_level("shop", offer=large), above, SUPPLY], Need(credits=1, chatbots=0), AT
        )
        assert isinstance(verdict, expected)


def test_r17_r28_a_sellers_limit_for_the_child_below_is_foreseen() -> None:
    """What this child may cost it in a month; another child's limit does not matter."""
    spent = Spent(child_month_minor={"shop": 500})
    for child, limit, expected in (
        ("shop", 1_500, Feasible),
        ("shop", 1_499, Refuse),
        ("other", 0, Feasible),
    ):
        above = a_level("agency", child_limits={child: limit}, spent=spent)
        verdict = check_chain([a_level("shop"), above, SUPPLY], Need(credits=1, chatbots=0), AT)
        assert isinstance(verdict, expected), (child, limit)
        if isinstance(verdict, Refuse):
            assert (verdict.account_id, verdict.reason) == ("agency", Reason.cap_per_child)


def test_r17_r28_the_limit_for_the_child_whose_purchase_is_checked_is_foreseen() -> None:
    """A sale to a child is checked from its seller's pool up: the child is not in the chain."""
    levels = [a_level("agency", child_limits={"shop": 999}), SUPPLY]
    verdict = check_chain(levels, Need(credits=1, chatbots=0, child_id="shop"), AT)
    assert verdict == Refuse(reason=Reason.cap_per_child, account_id="agency", detail={})
    assert isinstance(
        check_chain(levels, Need(credits=1, chatbots=0, child_id="other"), AT), Feasible
    )
    assert isinstance(check_chain(levels, Need(credits=1, chatbots=0), AT), Feasible)


shelves = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 60)), min_size=1, max_size=3, unique=True
)


@given(
    tree=st.lists(st.tuples(st.integers(0, 25), shelves), min_size=1, max_size=7),
    need=st.integers(1, 60),
)
def test_r17_in_a_chain_of_any_depth_every_level_gets_what_it_passes_on(
    tree: list[tuple[int, list[tuple[int, int]]]], need: int
) -> None:
    """Prices judged credit by credit: each level buys its shortage at the lowest price, what it
    buys is what the next must furnish, and the chain ends where the stock suffices."""
    offers = [
        an_offer(packs=[Pack(package_id=str(i), credits=c, price_minor=p) for i, (c, p) in shelf])
        for shelf in (list(enumerate(packs)) for _, packs in tree)
    ]
    levels = [
        a_level(str(i), free, offer=offer)
        for i, ((free, _), offer) in enumerate(zip(tree, offers, strict=True))
    ]
    made = plans([*levels, SUPPLY], need)
    for (free, _), offer, (credits, chatbots, amount) in zip(tree, offers, made, strict=False):
        assert free < need <= free + credits
        assert (chatbots, amount) == (0, cheapest_by_counting(offer.packs, need - free))
        need = credits
    assert len(made) == len(tree) or tree[len(made)][0] >= need
