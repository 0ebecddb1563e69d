"""R19, R28: demands are admitted in arrival order, and one that would pass a cap blocks no other."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.caps import Limits, Spent
from brimful.domain.cover import Pack
from brimful.domain.planning import Buy, Waiting
from brimful.domain.reason import Reason, Refuse
from tests.domain.makers import (
    AT,
    a_buyer,
    a_period,
    an_offer,
    bought,
    cheapest_by_counting,
    decide,
    needs,
)

COINS = (
    Pack(package_id="three", credits=3, price_minor=5),
    Pack(package_id="seven", credits=7, price_minor=9),
    Pack(package_id="ten", credits=10, price_minor=14),
)


def names(buy: Buy) -> str:
    """The demands that are served, in order."""
    return "".join(served.demand_id for served in buy.served)


def test_r19_a_huge_demand_over_the_cap_is_refused_and_the_others_are_served() -> None:
    """A million credits ahead of two small demands and one behind, a cap of $100.00."""
    buyer = a_buyer(limits=Limits(per_charge_minor=10_000))
    buy = bought(buyer, needs(1_000, 1_000_000, 2_000, 30_000))
    assert names(buy) == "acd"
    assert buy.refused == (("b", Reason.cap_per_charge),)
    assert (buy.credits, buy.amount_minor) == (35_000, 10_000)


def test_r19_who_came_first_is_served_when_both_do_not_fit() -> None:
    """$50.00 suffice for one of two demands of 9,000; the later one is told why not."""
    buyer = a_buyer(limits=Limits(per_charge_minor=5_000))
    buy = bought(buyer, needs(9_000, 9_000))
    assert (names(buy), buy.refused) == ("a", (("b", Reason.cap_per_charge),))


def test_r19_a_demand_that_nothing_on_offer_meets_blocks_no_other() -> None:
    """Chatbots are not offered; the credits behind them are bought."""
    buy = bought(a_buyer(), needs((5_000, 1), 1_000), an_offer(seats=()))
    assert (names(buy), buy.refused) == ("b", (("a", Reason.no_chatbot_package),))
    assert buy.amount_minor == 1_000


@pytest.mark.parametrize(
    ("limits", "spent", "reason"),
    [
        (Limits(per_charge_minor=999), Spent(), Reason.cap_per_charge),
        (Limits(per_hour_count=3), Spent(hour_count=3), Reason.cap_per_hour),
        (Limits(per_day_minor=5_000), Spent(day_minor=4_001), Reason.cap_per_day),
        (Limits(per_month_minor=5_000), Spent(month_minor=4_001), Reason.cap_per_month),
    ],
)
def test_r28_at_a_cap_the_whole_purchase_is_refused_with_the_caps_reason(
    limits: Limits, spent: Spent, reason: Reason
) -> None:
    """The least that could be bought is $10.00, and that is a cent too much."""
    decision = decide(a_buyer(limits=limits, spent=spent), needs(1, 1))
    assert decision == Refuse(reason=reason, account_id="agency", detail={})


def test_r28_a_single_pack_that_passes_the_cap_is_not_replaced_by_the_cheaper_cover() -> None:
    """The owner's strategy stands: 5,000 by one pack is $50.00, over a cap of $30.00."""
    limits = Limits(per_charge_minor=3_000)
    assert isinstance(decide(a_buyer(limits=limits), needs(5_000)), Buy)
    refusal = decide(a_buyer(limits=limits, strategy="single_pack"), needs(5_000))
    assert isinstance(refusal, Refuse)
    assert refusal.reason is Reason.cap_per_charge


def test_r28_prorated_chatbots_count_what_they_cost_now() -> None:
    """$15.00 a period, $7.50 for what is left of it: within a cap of $7.50."""
    period = a_period(AT - timedelta(days=15), AT + timedelta(days=15))
    buyer = a_buyer(limits=Limits(per_charge_minor=750), period=period)
    assert bought(buyer, needs((0, 5))).amount_minor == 750
    assert isinstance(decide(buyer, needs((0, 6))), Refuse)


def test_r28_a_child_may_cost_its_seller_only_so_much_in_a_month() -> None:
    """By its share: of $20.00 for 1,000 and 3,000 the greedy child bears $15.00."""
    waiting = needs(1_000, 3_000, children=("meek", "greedy"))
    within = a_buyer(child_limits={"greedy": 1_500})
    assert names(bought(within, waiting)) == "ab"
    beyond = bought(a_buyer(child_limits={"greedy": 1_499}), waiting)
    assert (names(beyond), beyond.refused) == ("a", (("b", Reason.cap_per_child),))
    assert beyond.amount_minor == 1_000


def test_r28_what_a_child_cost_before_this_month_counts() -> None:
    """$90.00 of $100.00 are spent: one pack fits, two do not."""
    spent = Spent(child_month_minor={"kid": 9_000})
    buyer = a_buyer(child_limits={"kid": 10_000}, spent=spent)
    assert bought(buyer, needs(2_000, children=("kid",))).amount_minor == 1_000
    refusal = decide(buyer, needs(2_001, children=("kid",)))
    assert isinstance(refusal, Refuse)
    assert refusal.reason is Reason.cap_per_child


def test_r28_two_demands_of_one_child_count_together() -> None:
    """Each alone would fit within $10.00."""
    buyer = a_buyer(child_limits={"kid": 1_000})
    buy = bought(buyer, needs(1_500, 1_500, 500, children=("kid", "kid", "kid")))
    assert names(buy) == "ac"
    assert buy.refused == (("b", Reason.cap_per_child),)


def test_r28_a_demand_that_would_raise_the_share_of_another_child_waits_for_the_next() -> None:
    """6 credits cost the first child $0.09 of its $0.09; 8 cost $0.14, of which it would bear more.
    The second child is not refused for it: it is bought for next."""
    waiting = needs(6, 2, children=("kid", "other"))
    buy = bought(a_buyer(child_limits={"kid": 9}), waiting, an_offer(packs=COINS))
    assert (names(buy), buy.refused, buy.amount_minor) == ("a", (), 9)
    alone = bought(a_buyer(child_limits={"kid": 9}), waiting[1:], an_offer(packs=COINS))
    assert (names(alone), alone.refused) == ("b", ())


def test_r28_the_limit_of_one_child_touches_neither_another_nor_the_agency_itself() -> None:
    """A limit of nought refuses that child alone; the agency's own query has no child."""
    buyer = a_buyer(child_limits={"kid": 0})
    buy = bought(buyer, needs(500, 500, 500, children=("kid", "other", None)))
    assert (names(buy), buy.refused) == ("bc", (("a", Reason.cap_per_child),))


shortages = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(shorts=shortages, cap=st.integers(0, 120))
def test_r19_agrees_with_admitting_one_after_the_other(shorts: list[int], cap: int) -> None:
    """The oracle: prices counted credit by credit, each demand admitted if all still fits."""
    total, admitted = 0, []
    for place, short in enumerate(shorts):
        if cheapest_by_counting(COINS, total + short) <= cap:
            total += short
            admitted.append(chr(ord("a") + place))
    decision = decide(
        a_buyer(limits=Limits(per_charge_minor=cap)), needs(*shorts), an_offer(packs=COINS)
    )
    if isinstance(decision, Refuse):
        assert admitted == []
        assert decision.reason is Reason.cap_per_charge
    else:
        assert list(names(decision)) == admitted
        assert decision.amount_minor == cheapest_by_counting(COINS, total)


@given(
    shorts=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 3), st.sampled_from([None, "kid", "other"])),
        min_size=1,
        max_size=7,
    ),
    cap=st.integers(0, 1_500),
    child_cap=st.integers(0, 900),
    before=st.integers(0, 300),
)
def test_r13_r28_whatever_waits_the_purchase_is_sound(
    shorts: list[tuple[int, int, str | None]], cap: int, child_cap: int, before: int
) -> None:
    """Nothing over a cap, everything covered, shares that add up, every demand answered once; but
    those wait that would raise a child's share past its limit by joining it."""
    waiting: list[Waiting] = needs(
        *[(credits, chatbots) for credits, chatbots, _ in shorts],
        children=[child for _, _, child in shorts],
    )
    buyer = a_buyer(
        limits=Limits(per_month_minor=cap),
        spent=Spent(child_month_minor={"kid": before}),
        child_limits={"kid": child_cap},
    )
    decision = decide(buyer, waiting, an_offer(packs=COINS))
    if isinstance(decision, Refuse):
        assert decision.reason in (Reason.cap_per_month, Reason.cap_per_child)
        return
    children = {demand.demand_id: demand.child_id for demand in waiting}
    kid = sum(s.allocated_minor for s in decision.served if children[s.demand_id] == "kid")
    assert decision.amount_minor <= cap
    assert kid == 0 or before + kid <= child_cap
    assert sum(served.allocated_minor for served in decision.served) == decision.amount_minor
    assert decision.amount_minor == sum(line.amount_minor for line in decision.lines)
    assert decision.credits >= sum(served.short_credits for served in decision.served)
    assert decision.chatbots == sum(served.short_chatbots for served in decision.served)
    answered = [s.demand_id for s in decision.served] + [key for key, _ in decision.refused]
    wait = sorted(set(children) - set(answered))
    assert sorted(answered + wait) == list(children)
    assert not wait or (kid > 0 and all(children[demand_id] != "kid" for demand_id in wait))
