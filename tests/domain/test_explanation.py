"""R32: every auto-billing keeps why: trigger, operations, figures, ways considered, caps, decision."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.caps import Limits, Spent
from brimful.domain.cover import CoverTables
from brimful.domain.explanation import Operation, explain_purchase, sentences
from brimful.domain.planning import Buyer, Waiting
from brimful.domain.sizing import allowed_packs
from tests.domain.makers import AT, a_buyer, an_offer, bought, needs

NAMES = {"small": "2,000 credits", "medium": "12,500 credits", "large": "35,000 credits"}


def explained(
    waiting: list[Waiting],
    operations: list[Operation],
    available: tuple[int, int] = (0, 0),
    buyer: Buyer | None = None,
    names: Mapping[str, str] = NAMES,
) -> dict[str, Any]:
    """The explanation of what is bought for demands that wait."""
    buyer = a_buyer() if buyer is None else buyer
    offer = an_offer()
    return explain_purchase(
        buyer=buyer,
        buy=bought(buyer, waiting, offer),
        offer=offer,
        tables=CoverTables.build(allowed_packs(buyer, offer)),
        trigger="purchase",
        operations=operations,
        available_credits=available[0],
        available_chatbots=available[1],
        names=names,
        at=AT,
    )


@pytest.fixture
def worked_example() -> dict[str, Any]:
    """R14: a plan with 10,000 credits and 10 chatbots, 9,000 and 8 in the pool."""
    return explained(needs((1_000, 2)), [("op1", "purchase", 10_000, 10)], (9_000, 8))


def test_r32_the_figures_that_led_to_it_are_kept(worked_example: dict[str, Any]) -> None:
    """Need less available is the shortage."""
    kept = {key: worked_example[key] for key in ("trigger", "need", "available", "shortage")}
    assert kept == {
        "trigger": "purchase",
        "need": {"credits": 10_000, "chatbots": 10},
        "available": {"credits": 9_000, "chatbots": 8},
        "shortage": {"credits": 1_000, "chatbots": 2},
    }
    assert worked_example["operations"] == [
        {"id": "op1", "kind": "purchase", "credits": 10_000, "chatbots": 10}
    ]


def test_r32_the_decision_and_its_price_are_kept(worked_example: dict[str, Any]) -> None:
    """Line by line, with the catalogue's version and the time."""
    lines = worked_example["decision"]
    assert [(line["package"], line["quantity"], line["amount_minor"]) for line in lines] == [
        ("2,000 credits", 1, 1_000),
        ("seat", 2, 600),  # without a name, the id
    ]
    assert [(line["kind"], line["credits"], line["chatbots"]) for line in lines] == [
        ("credits", 2_000, 0),
        ("chatbots", 0, 2),
    ]
    assert worked_example["amount_minor"] == 1_600
    assert worked_example["currency"] == "USD"
    assert worked_example["catalogue_version"] == "7"
    assert worked_example["planned_at"] == "2026-03-10T12:00:00+00:00"


def test_r32_the_ways_considered_carry_prices_and_which_was_chosen() -> None:
    """5,000 are missing: three packs for $30.00, not one for $50.00."""
    ways = explained(needs(5_000), [("op", "spend", 5_000, 0)])["considered"]
    assert [(way["way"], way["credits"], way["amount_minor"], way["chosen"]) for way in ways] == [
        ("best_cover", 6_000, 3_000, True),
        ("single_pack", 12_500, 5_000, False),
        ("only_this_pack", 6_000, 3_000, False),  # the same three packs by another way
        ("only_this_pack", 12_500, 5_000, False),
        ("only_this_pack", 35_000, 10_000, False),
    ]
    assert ways[0]["packages"] == [{"package": "2,000 credits", "quantity": 3}]


def test_r12_r32_with_single_pack_the_single_pack_is_marked_as_chosen() -> None:
    """The cheaper cover is shown beside it, not chosen."""
    buyer = a_buyer(strategy="single_pack")
    told = explained(needs(5_000), [("op", "spend", 5_000, 0)], buyer=buyer)
    assert told["strategy"] == "single_pack"
    assert {(way["way"], way["amount_minor"]) for way in told["considered"] if way["chosen"]} == {
        ("single_pack", 5_000),
    }
    assert told["amount_minor"] == 5_000


def test_r12_r32_where_both_ways_come_to_the_same_that_of_the_strategy_is_marked() -> None:
    """One pack is the best cover of 1,000."""
    for strategy in ("best_cover", "single_pack"):
        buyer = a_buyer(strategy=strategy)
        told = explained(needs(1_000), [("op", "spend", 1_000, 0)], buyer=buyer)
        assert [way["way"] for way in told["considered"] if way["chosen"]] == [strategy]


def test_r32_a_package_without_a_name_is_told_by_its_id() -> None:
    """In the ways considered as in the decision."""
    told = explained(needs(1_000), [("op", "spend", 1_000, 0)], names={})
    assert told["considered"][0]["packages"] == [{"package": "small", "quantity": 1}]


def test_r12_r32_packages_that_the_owner_does_not_allow_are_not_considered() -> None:
    """Nor told."""
    buyer = a_buyer(allowed_packages=frozenset({"medium"}))
    told = explained(needs(5_000), [("op", "spend", 5_000, 0)], buyer=buyer)
    packs = {pack["package"] for way in told["considered"] for pack in way["packages"]}
    assert packs == {"12,500 credits"}


def test_r32_for_chatbots_alone_no_covers_are_considered() -> None:
    """There is nothing to choose among."""
    told = explained(needs((0, 3)), [("op", "purchase", 0, 3)])
    assert told["considered"] == []
    assert [line["chatbots"] for line in told["decision"]] == [3]


def test_r28_r32_the_caps_show_limits_and_figures_before_and_after() -> None:
    """So that an owner sees how near it came."""
    buyer = a_buyer(
        limits=Limits(per_charge_minor=9_000, per_hour_count=5, per_month_minor=50_000),
        spent=Spent(hour_count=2, day_minor=100, month_minor=20_000),
    )
    caps = explained(needs(1_000), [("op", "spend", 1_000, 0)], buyer=buyer)["caps"]
    assert caps == {
        "per_charge": {"limit_minor": 9_000, "amount_minor": 1_000},
        "per_hour": {"limit_count": 5, "count_before": 2},
        "per_day": {"limit_minor": None, "before_minor": 100, "after_minor": 1_100},
        "per_month": {"limit_minor": 50_000, "before_minor": 20_000, "after_minor": 21_000},
        "per_child": [],
    }


def test_r28_r32_the_caps_show_what_each_limited_child_costs() -> None:
    """By what is allocated to it: ann's two demands are 500 of 2,000 credits for $10.00; ben has no
    limit."""
    buyer = a_buyer(
        child_limits={"ann": 1_100, "eve": 100},
        spent=Spent(child_month_minor={"ann": 50, "eve": 7}),
    )
    waiting = needs(200, 1_500, 300, children=("ann", "ben", "ann"))
    caps = explained(waiting, [("op", "purchase", 2_000, 0)], buyer=buyer)["caps"]
    assert caps["per_child"] == [
        {"child_id": "ann", "limit_minor": 1_100, "before_minor": 50, "after_minor": 300}
    ]


def test_r28_r32_a_child_that_has_cost_nothing_yet_begins_at_nought() -> None:
    """Its limit is shown with what it costs now."""
    buyer = a_buyer(child_limits={"ann": 1_000})
    told = explained(needs(500, children=("ann",)), [("op", "purchase", 500, 0)], buyer=buyer)
    assert told["caps"]["per_child"] == [
        {"child_id": "ann", "limit_minor": 1_000, "before_minor": 0, "after_minor": 1_000}
    ]


@given(
    need=st.integers(1, 80_000),
    strategy=st.sampled_from(["best_cover", "single_pack"]),
    allowed=st.one_of(st.none(), st.sets(st.sampled_from(sorted(NAMES)), min_size=1)),
)
def test_r12_r32_exactly_one_way_is_chosen_and_it_is_what_is_bought(
    need: int, strategy: Any, allowed: set[str] | None
) -> None:
    """Whatever coincides with it."""
    packages = None if allowed is None else frozenset(allowed)
    buyer = a_buyer(strategy=strategy, allowed_packages=packages)
    told = explained(needs(need), [("op", "spend", need, 0)], buyer=buyer)
    [chosen] = [way for way in told["considered"] if way["chosen"]]
    assert chosen["amount_minor"] == told["amount_minor"]
    assert chosen["credits"] == sum(line["credits"] for line in told["decision"])


def test_r32_of_very_many_operations_the_first_50_are_kept_and_all_are_counted() -> None:
    """The need is that of all."""
    operations: list[Operation] = [(f"op{i}", "spend", 10, 0) for i in range(120)]
    told = explained(needs(1_200), operations)
    assert [op["id"] for op in told["operations"]] == [f"op{i}" for i in range(50)]
    assert (told["operations_count"], told["need"]["credits"]) == (120, 1_200)


def test_r32_an_explanation_can_be_stored_as_it_is(worked_example: dict[str, Any]) -> None:
    """Plain values only: it comes back from JSON unchanged."""
    assert json.loads(json.dumps(worked_example)) == worked_example


def test_r14_r32_the_worked_example_in_sentences(worked_example: dict[str, Any]) -> None:
    """In plain English, money as people write it, and the balances once they are known."""
    told = sentences(worked_example)
    assert told[0] == (
        "1 operation(s) needed 10,000 credits and 10 chatbots; the pool had 9,000 credits and "
        "8 chatbots; 1,000 credits and 2 chatbots were missing."
    )
    assert told[1] == "  best cover: 1 × 2,000 credits for $10.00 (chosen)"
    assert "  only this pack: 1 × 35,000 credits for $100.00 (not chosen)" in told
    assert told[-1] == "Chosen: 1 × 2,000 credits + 2 × seat: $16.00 in one charge."
    balances = {"before": 9_000, "granted": 11_000, "after": 1_000}
    assert sentences({**worked_example, "balances": balances})[-1] == (
        "Credits in the pool: 9,000 → 11,000 → 1,000."
    )


def test_r32_an_empty_pool_is_told_as_no_credits() -> None:
    """And never as an empty sentence."""
    told = sentences(explained(needs((0, 3)), [("op", "purchase", 0, 3)]))
    assert told[0] == (
        "1 operation(s) needed 3 chatbots; the pool had 0 credits; 3 chatbots were missing."
    )


@pytest.mark.parametrize(
    ("trigger", "figures", "told"),
    [
        (
            "threshold",
            {"free": 1_900, "threshold": 2_000, "target": 5_000},
            "The pool had 1,900 credits free, fewer than the threshold of 2,000; 3,100 were missing "
            "to the target of 5,000.",
        ),
        (
            "forecast",
            {"free": 1_010, "needed": 3_000},
            "The pool had 1,010 credits free, and 3,000 may be used before the next look: 1,990 were "
            "missing.",
        ),
        (
            "overdraft",
            {"free": -1_025},
            "1,025 credits were used beyond what the pool had, as its seller allows.",
        ),
    ],
)
def test_r32_r33_what_nothing_waited_for_is_told_by_its_figures(
    worked_example: dict[str, Any], trigger: str, figures: dict[str, int], told: str
) -> None:
    """In place of the operations: a threshold, a forecast, an overdraft, each in one sentence."""
    ahead = {**worked_example, "trigger": trigger, "ahead": figures}
    assert sentences(ahead) == [told, *sentences(worked_example)[1:]]


def test_r32_r33_the_figures_of_a_purchase_ahead_are_kept() -> None:
    """With those alone for which nothing waited."""
    figures = {"free": 10, "needed": 1_000}
    buyer, offer, waiting = a_buyer(), an_offer(), needs(990)
    tables = CoverTables.build(offer.packs)

    def kept(ahead: dict[str, int] | None) -> dict[str, Any]:
        return explain_purchase(
            buyer=buyer,
            buy=bought(buyer, waiting, offer),
            offer=offer,
            tables=tables,
            trigger="forecast",
            operations=[],
            available_credits=10,
            available_chatbots=0,
            names=NAMES,
            at=AT,
            ahead=ahead,
        )

    assert kept(figures)["ahead"] == figures
    assert "ahead" not in kept(None)


def test_r32_a_cover_of_two_packages_once_bought() -> None:
    """13,000 are missing: one of each of two packages, and what the pool held before and after."""
    explanation = explained(needs(13_000), [("op", "spend", 13_000, 0)])
    balances = {"before": 1_000, "granted": 15_500, "after": 2_500}
    told = sentences({**explanation, "balances": balances})
    both = "1 × 2,000 credits + 1 × 12,500 credits"
    assert told[1] == f"  best cover: {both} for $60.00 (chosen)"
    assert told[-2:] == [
        f"Bought {both}: $60.00 in one charge.",
        "Credits in the pool: 1,000 → 15,500 → 2,500.",
    ]


@pytest.mark.parametrize(("role", "said"), [("backup", True), ("primary", False)])
def test_r29_r32_a_charge_to_the_backup_card_is_told(
    worked_example: dict[str, Any], role: str, said: bool
) -> None:
    """And one to the primary card needs no word."""
    charged = {**worked_example, "card": {"card": "visa 4242", "role": role}}
    told = sentences(charged)
    why = ["The primary card may not be charged, so it was visa 4242."]
    assert told == sentences(worked_example) + (why if said else [])
