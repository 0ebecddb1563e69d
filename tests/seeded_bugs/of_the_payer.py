"""Bugs in what the payer set and is told, and in how amounts are counted (R13, R18, R25 to R30, R37)."""

from tests.seeded_bugs.bug import DOMAIN, TABLES, USECASES, Bug

BUGS = (
    Bug(
        "cap_counts_what_is_known_only",
        f"{TABLES}/092_spending.sql",
        "p.automatic and p.state <> 'failed'\n              and p.planned_at >= least",
        "p.automatic and p.state = 'delivered'\n              and p.planned_at >= least",
        "R28: unknown outcomes count as spent",
        ("tests/usecases/test_once.py::test_r28_a_charge_without_an_answer_counts_as_spent",),
    ),
    Bug(
        "caps_not_checked",
        f"{DOMAIN}/sizing.py",
        "            self._buyer.limits, self._buyer.spent, _amount(cover, seats)\n",
        "            type(self._buyer.limits)(), self._buyer.spent, _amount(cover, seats)\n",
        "R28: caps are checked where the intent is made",
        (
            "tests/domain/test_arrival_order.py::test_r28_at_a_cap_the_whole_purchase_is_refused_with_the_caps_reason",
        ),
    ),
    Bug(
        "cap_per_charge_off_by_one_pack",
        f"{DOMAIN}/caps.py",
        "    if limits.per_charge_minor is not None and charge > limits.per_charge_minor:\n",
        "    if limits.per_charge_minor is not None and charge > 2 * limits.per_charge_minor:\n",
        "R28: never passed by a minor unit",
        (
            "tests/domain/test_caps.py::test_r28_the_cap_may_be_reached_and_not_passed_by_one_minor_unit",
        ),
    ),
    Bug(
        "charged_after_switching_off",
        f"{USECASES}/set_auto_billing.py",
        "        if before.enabled and not setting.enabled:\n",
        "        if False:\n",
        "R27: switching off is immediate, what is under way included",
        (
            "tests/usecases/test_consent_and_cards.py::test_r27_off_before_the_confirm_is_not_charged",
        ),
    ),
    Bug(
        "switch_not_looked_at",
        f"{DOMAIN}/sizing.py",
        "    reason = may_buy(buyer, at)\n",
        "    reason = None\n",
        "R27: nothing is bought by who is switched off",
        ("tests/domain/test_planning.py::test_r10_r27_r29_each_obstacle_by_itself_refuses",),
    ),
    Bug(
        "clients_hear_of_the_agency",
        f"{DOMAIN}/reason.py",
        "    return Reason.temporarily_unavailable\n",
        "    return reason\n",
        "R18: a seller's troubles never reach a client",
        ("tests/domain/test_reason.py::test_r18_every_failure_above_is_neutral_to_a_client",),
    ),
    Bug(
        "caps_checked_on_an_earlier_reading",
        f"{USECASES}/plan_auto_billing.py",
        "        facts, shop = await read_buyer_and_offer(\n",
        "        earlier = _plan.__dict__.get(account_id)\n"
        "        facts, shop = _plan.__dict__[account_id] = earlier or await read_buyer_and_offer(\n",
        "R28: caps are checked in the transaction that records the intent",
        (
            "tests/usecases/test_once.py::test_r28_who_waits_behind_a_charge_meets_the_cap_that_it_reaches",
        ),
    ),
    Bug(
        "hard_decline_tried_again",
        f"{DOMAIN}/declines.py",
        "    elif decline.hard:\n",
        "    elif False:\n",
        "R29: a hard decline pauses at the first",
        ("tests/domain/test_declines.py::test_r29_a_hard_decline_pauses_at_the_first",),
    ),
    Bug(
        "tried_without_end",
        f"{DOMAIN}/declines.py",
        "    if len(tried) >= ATTEMPTS_PER_DAY:\n",
        "    if False:\n",
        "R29: at most 3 attempts per card in 24 hours",
        ("tests/domain/test_declines.py::test_r29_at_most_three_attempts_in_24_hours",),
    ),
    Bug(
        "brake_needs_no_history",
        f"{DOMAIN}/brake.py",
        "not pace.has_history or not pace.week_minor",
        "not pace.week_minor",
        "R30: the brake needs seven days of history",
        ("tests/domain/test_brake.py::test_r30_brakes_on_many_charges_of_ten_times_the_usual",),
    ),
    Bug(
        "brake_never_pulled",
        f"{DOMAIN}/brake.py",
        "    return pace.charges_today >= rule.charges and unusual\n",
        "    return False\n",
        "R30: auto-billing that runs away stops",
        ("tests/domain/test_brake.py::test_r30_brakes_on_many_charges_of_ten_times_the_usual",),
    ),
    Bug(
        "remainder_given_to_nobody",
        f"{DOMAIN}/allocation.py",
        "        shares[i] += 1\n",
        "        shares[i] += 0\n",
        "R13: what was charged is divided to the last minor unit",
        ("tests/domain/test_allocation.py::test_r13_shares_by_number",),
    ),
    Bug(
        "refund_rounded_up",
        f"{DOMAIN}/refunds.py",
        "    return floor(line.credits * min(paid_back / line.price_minor, Fraction(1)))\n",
        "    return -floor(-line.credits * min(paid_back / line.price_minor, Fraction(1)))\n",
        "R25: a partial refund takes back floor(credits x a / p)",
        (
            "tests/domain/test_refunds.py::test_r25_partial_refund_takes_floor_of_credits_times_a_over_p",
        ),
    ),
    Bug(
        "debt_forgotten",
        f"{DOMAIN}/reversal.py",
        "        missing=lacking - take_frozen - take_free,\n",
        "        missing=0,\n",
        "R25: what a refund should take and is used is a debt",
        (
            "tests/domain/test_reversal.py::test_r25_what_was_frozen_is_taken_first_and_the_rest_is_a_debt",
        ),
    ),
    Bug(
        "prorated_up",
        f"{DOMAIN}/proration.py",
        "price_minor * of_period * left + parts) //",
        "price_minor * of_period * left + 2 * parts - 1) //",
        "R37: prorated and rounded once, half up",
        ("tests/domain/test_proration.py::test_r37_a_price_of_march_by_number",),
    ),
)
