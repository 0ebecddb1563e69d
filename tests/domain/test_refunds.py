"""R25: what a refund takes back, in figures that can be checked by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.payment import DisputeState
from brimful.domain.refunds import (
    Dispute,
    PaidLine,
    Refund,
    RefundStage,
    Wanted,
    dispute_moves,
    refund_moves,
    refundable,
    wanted,
)


def line(credits: int, price_minor: int, number: int = 1) -> PaidLine:
    """A line of a charge."""
    return PaidLine(line=number, credits=credits, price_minor=price_minor)


def back(amount_minor: int, state: RefundStage = "succeeded", of: int | None = None) -> Refund:
    """A refund."""
    return Refund(amount_minor=amount_minor, state=state, line=of)


@pytest.mark.parametrize(
    ("credits", "price_minor", "amount_minor", "taken"),
    [
        (2_000, 1_000, 1_000, 2_000),  # $10.00 of $10.00
        (2_000, 1_000, 1, 2),
        (2_000, 999, 1, 2),  # 2.002
        (2_000, 999, 998, 1_997),  # 1,997.99
        (12_500, 5_000, 3_333, 8_332),  # 8,332.5
        (7, 1_000, 142, 0),  # 0.994
        (7, 1_000, 143, 1),  # 1.001
        (3_000, 980, 327, 1_001),  # ¥327 of ¥980: 1,001.02
        (3_000, 7_125, 2_376, 1_000),  # KWD 2.376 of 7.125: 1,000.42
    ],
)
def test_r25_partial_refund_takes_floor_of_credits_times_a_over_p(
    credits: int, price_minor: int, amount_minor: int, taken: int
) -> None:
    """Rounded once, down, for the buyer."""
    asked = wanted([line(credits, price_minor)], price_minor, [back(amount_minor)], [])
    assert asked == {1: Wanted(taken, 0)}


def test_r25_a_plan_is_split_between_its_credits_and_its_chatbots() -> None:
    """A plan for $99.00 of which $60.00 are for 10,000 credits. Of the credits, $15.00 are a quarter;
    of the whole charge, $15.00 are 15/99 of everything."""
    plan = line(10_000, 6_000)
    assert wanted([plan], 9_900, [back(1_500, of=1)], []) == {1: Wanted(2_500, 0)}
    assert wanted([plan], 9_900, [back(1_500)], []) == {1: Wanted(1_515, 0)}
    assert wanted([plan], 9_900, [back(9_900)], []) == {1: Wanted(10_000, 0)}
    # All of the credits by name; then the rest of the charge takes none twice.
    named = [back(6_000, of=1), back(3_900)]
    assert wanted([plan], 9_900, named, []) == {1: Wanted(10_000, 0)}


def test_r13_r25_one_charge_with_several_packs_is_refunded_in_proportion() -> None:
    """2,000 for $10.00 and 12,500 for $50.00 in one charge: $30.00 of $60.00 are half of each."""
    packs = [line(2_000, 1_000, 1), line(12_500, 5_000, 2)]
    assert wanted(packs, 6_000, [back(3_000)], []) == {1: Wanted(1_000, 0), 2: Wanted(6_250, 0)}


def test_r25_what_is_under_way_freezes_and_what_failed_asks_for_nothing() -> None:
    """A refund freezes until the money went back; a dispute until it is decided."""
    lines = [line(1_000, 1_000)]
    states: list[tuple[RefundStage, Wanted]] = [
        ("requested", Wanted(0, 400)),
        ("pending", Wanted(0, 400)),
        ("succeeded", Wanted(400, 0)),
        ("failed", Wanted(0, 0)),
        ("canceled", Wanted(0, 0)),
        ("refused", Wanted(0, 0)),
    ]
    for state, asked in states:
        assert wanted(lines, 1_000, [back(400, state)], []) == {1: asked}
    disputes: list[tuple[DisputeState, Wanted]] = [
        ("inquiry", Wanted(0, 0)),
        ("open", Wanted(0, 400)),
        ("lost", Wanted(400, 0)),
        ("won", Wanted(0, 0)),
    ]
    for state_, asked in disputes:
        dispute = Dispute(amount_minor=400, state=state_)
        assert wanted(lines, 1_000, [], [dispute]) == {1: asked}


def test_r25_refunds_and_disputes_together_ask_for_no_more_than_was_bought() -> None:
    """A dispute of a charge that was refunded already, or of more than it was."""
    lines = [line(1_000, 1_000)]
    asked = wanted(lines, 1_000, [back(700)], [Dispute(amount_minor=1_200, state="open")])
    assert asked == {1: Wanted(700, 300)}


def test_r25_a_line_that_cost_nothing_goes_with_what_was_paid_for() -> None:
    """Its credits came with the rest of the charge."""
    assert wanted([line(10, 0)], 1_000, [back(999)], []) == {1: Wanted(9, 0)}
    assert wanted([line(10, 0)], 1_000, [back(1_000)], []) == {1: Wanted(10, 0)}


lines_of_a_charge = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(0, 9_999)), min_size=1, max_size=4
)


@given(
    lines_of_a_charge,
    st.integers(0, 5_000),
    st.lists(st.integers(1, 12_000), max_size=5),
    st.randoms(use_true_random=False),
)
def test_r25_order_does_not_matter_and_more_never_takes_less(
    figures: list[tuple[int, int]], other_minor: int, amounts: list[int], random: object
) -> None:
    """A function of the set; monotone; never more than was bought, and all of it for all the money."""
    lines = [line(*one, number) for number, one in enumerate(figures, 1)]
    charge = sum(one.price_minor for one in lines) + other_minor
    refunds = [back(amount) for amount in amounts]
    shuffled = [*refunds]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert wanted(lines, charge, refunds, []) == wanted(lines, charge, shuffled, [])
    steps = [wanted(lines, charge, refunds[:count], []) for count in range(len(refunds) + 1)]
    for before, after in pairwise(steps):
        assert all(before[one.line].take <= after[one.line].take for one in lines)
    for one in lines:
        assert 0 <= steps[-1][one.line].take <= one.credits
    if charge:
        assert all(
            asked.take == one.credits
            for one, asked in zip(
                lines, wanted(lines, charge, [back(charge)], []).values(), strict=True
            )
        )


@given(lines_of_a_charge, st.integers(1, 5_000), st.data())
def test_r25_the_most_that_is_refundable_is_the_most(
    figures: list[tuple[int, int]], other_minor: int, data: st.DataObject
) -> None:
    """It takes back no more than is unspent, and one minor unit more would."""
    lines = [line(*one, number) for number, one in enumerate(figures, 1)]
    charge = sum(one.price_minor for one in lines) + other_minor
    unspent = {one.line: data.draw(st.integers(0, one.credits)) for one in lines}
    most = refundable(lines, charge, [], unspent, None)

    def fits(amount: int) -> bool:
        asked = wanted(lines, charge, [back(amount)], [])
        return all(asked[one.line].take <= unspent[one.line] for one in lines)

    assert most == 0 or fits(most)
    assert most == charge or not fits(most + 1)


def test_r25_refunds_of_one_line_add_up_and_the_rest_of_the_charge_is_what_they_leave() -> None:
    """A plan for $90.00 with 10,000 credits for $60.00: $10.00 and $20.00 of them by name are half.
    Then $30.00 of the $60.00 that nobody named are half of all that is left."""
    plan = line(10_000, 6_000)
    named = [back(1_000, of=1), back(2_000, of=1)]
    assert wanted([plan], 9_000, named, []) == {1: Wanted(5_000, 0)}
    assert wanted([plan], 9_000, [*named, back(3_000)], []) == {1: Wanted(7_500, 0)}


PACKS = [line(2_000, 1_000, 1), line(12_500, 5_000, 2)]
WHOLE = {1: 2_000, 2: 12_500}


@pytest.mark.parametrize(
    ("refunds", "unspent", "number", "most"),
    [
        ([], WHOLE, None, 6_000),
        ([], WHOLE, 1, 1_000),  # no more than the line cost
        ([], WHOLE, 2, 5_000),
        ([], WHOLE, 3, 0),  # a line of another charge
        ([], {1: 1_000, 2: 12_500}, 1, 500),  # half of it is spent
        ([], {1: 1_000, 2: 12_500}, 2, 5_000),  # and of the other line nothing
        ([], {1: 1_000, 2: 12_500}, None, 3_002),  # of 2,000 that is 1,000.67, and takes 1,000
        ([], {1: 0, 2: 0}, 1, 0),
        ([back(400, of=1)], WHOLE, 1, 600),  # what was given of this line
        ([back(400, "pending", of=1)], WHOLE, 1, 600),  # or may be given yet
        ([back(400, "requested", of=1), back(100, of=1)], WHOLE, 1, 500),
        ([back(400, "failed", of=1)], WHOLE, 1, 1_000),
        ([back(400, of=2)], WHOLE, 1, 1_000),  # of another line nothing is counted against this
        ([back(400, of=2), back(5, "pending", of=2)], WHOLE, None, 5_595),
        ([back(5_500)], WHOLE, 1, 500),  # no more than is left of the charge
        ([back(6_000)], WHOLE, None, 0),
    ],
)
def test_r25_the_most_that_is_refundable_of_a_line_by_number(
    refunds: list[Refund], unspent: dict[int, int], number: int | None, most: int
) -> None:
    """2,000 for $10.00 and 12,500 for $50.00 in one charge."""
    assert refundable(PACKS, 6_000, refunds, unspent, number) == most


def test_r25_states_only_move_forward() -> None:
    """A late answer that tells an earlier state changes nothing; won is the last word."""
    refunds: tuple[RefundStage, ...] = ("requested", "pending", "succeeded", "failed")
    disputes: tuple[DisputeState, ...] = ("inquiry", "open", "lost", "won")
    for place, state in enumerate(refunds):
        assert [refund_moves(one, state) for one in refunds] == [
            other < place for other in range(4)
        ]
    for place, state_ in enumerate(disputes):
        assert [dispute_moves(one, state_) for one in disputes] == [
            other < place for other in range(4)
        ]
    assert refund_moves("refused", "succeeded")
    assert not refund_moves("canceled", "failed")
