"""R30: what is unusual: three charges today, and ten times the mean of the last seven days."""

from dataclasses import replace

import pytest

from brimful.domain.brake import BrakeRule, Pace, brakes
from brimful.domain.reason import Reason, Refuse
from tests.domain.makers import a_buyer, bought, decide, needs

# $70.00 in the week: a mean of $10.00 a day; $90.00 today, in three charges.
FAST = Pace(charges_today=3, today_minor=9_000, week_minor=7_000, has_history=True)


@pytest.mark.parametrize(
    ("pace", "amount", "expected"),
    [
        (FAST, 1_000, True),  # the tenfold to the cent
        (FAST, 999, False),
        (replace(FAST, charges_today=2), 100_000, False),
        (replace(FAST, charges_today=99), 999, False),
        (replace(FAST, has_history=False), 100_000, False),
        (replace(FAST, week_minor=0), 100_000, False),
        (replace(FAST, week_minor=7_001), 1_000, False),
    ],
)
def test_r30_brakes_on_many_charges_of_ten_times_the_usual(
    pace: Pace, amount: int, expected: bool
) -> None:
    """Both figures must be reached, and a week must tell what is usual."""
    assert brakes(BrakeRule(), pace, amount) is expected


def test_r30_both_figures_are_settings() -> None:
    """Fewer charges, another factor, or never."""
    assert brakes(BrakeRule(charges=4), FAST, 1_000) is False
    assert brakes(BrakeRule(factor=9), FAST, 0) is True
    assert brakes(BrakeRule(factor=None), FAST, 10**12) is False


def test_r30_the_planner_refuses_the_whole_purchase_but_one_for_renewals() -> None:
    """Renewals come in waves by themselves."""
    buyer = a_buyer(pace=FAST)
    refused = decide(buyer, needs(1_000))
    assert refused == Refuse(
        reason=Reason.auto_billing_braked, account_id="agency", detail={}, each=()
    )
    renewal = [replace(need, renewal=True) for need in needs(1_000)]
    assert bought(buyer, renewal).for_renewals
    assert not bought(a_buyer(), needs(1_000)).for_renewals


def test_r30_a_renewal_that_waits_lets_nothing_else_past_the_brake() -> None:
    """$30.00 for 6,000 credits, of which $10.00 are for what is no renewal: the tenfold to the cent. The
    renewal is bought for all the same."""
    [renewal, other] = needs(4_000, 2_000)
    mixed = [replace(renewal, renewal=True), other]
    alone = bought(a_buyer(pace=FAST), mixed)
    assert alone.amount_minor == 2_000
    assert [one.demand_id for one in alone.served] == [renewal.demand_id]
    assert alone.refused == ((other.demand_id, Reason.beyond_usual),)
    slower = replace(FAST, today_minor=8_999)
    assert bought(a_buyer(pace=slower), mixed).amount_minor == 3_000


def test_r30_who_is_braked_buys_nothing() -> None:
    """Not even for renewals, until the owner lets it go on."""
    renewal = [replace(need, renewal=True) for need in needs(1_000)]
    refused = decide(a_buyer(braked=True), renewal)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.auto_billing_braked
