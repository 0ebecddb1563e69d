"""Bugs in holds of credits, credit leases, batches of spends, archived keys, and refunds made at two places
(R2, R17, R20, R25, R33, R36, R38, R39)."""

from tests.seeded_bugs.bug import DOMAIN, TABLES, USECASES, Bug

HOLDS = "tests/usecases/test_holds.py"
LEASES = "tests/usecases/test_credit_leases.py"
AT_ONCE = "tests/usecases/test_refuse_without_buying.py"

BUGS = (
    Bug(
        "lease_given_back_at_its_end",
        f"{DOMAIN}/holding.py",
        "        return self.credits if self.leased and self.told else self.captured\n",
        "        return self.captured\n",
        "R39: what a client did not tell of a lease is charged at its end",
        (f"{LEASES}::test_r39_what_a_crashed_client_did_not_report_is_charged_at_the_end",),
    ),
    Bug(
        "lease_for_ever",
        f"{DOMAIN}/leasing.py",
        "        ends_at = min(wanted, hold.placed_real_at + LASTS_AT_MOST)\n",
        "        ends_at = wanted\n",
        "R36: what a lease pins cannot lapse, so it lasts a day at most",
        (f"{LEASES}::test_r36_a_lease_is_made_to_last_longer_for_a_day_at_most",),
    ),
    Bug(
        "captured_beyond_what_is_there",
        f"{DOMAIN}/holding.py",
        "    if credits > hold.held + beside:\n",
        "    if False:\n",
        "R2, R33: more than is held is captured as far as the overdraft allows",
        (f"{HOLDS}::test_r33_more_than_is_held_takes_what_is_free_and_the_overdraft",),
    ),
    Bug(
        "captured_after_its_end",
        f"{DOMAIN}/holding.py",
        "    if hold.is_over(real_at):\n        return _over(hold)\n",
        "",
        "R38: what is over is not captured, whether or not a worker came by",
        (f"{HOLDS}::test_r38_what_is_over_is_not_captured_though_nobody_ended_it",),
    ),
    Bug(
        "let_go_meanwhile_and_not_settled",
        f"{TABLES}/138_lock_spenders.sql",
        "        exit when (true = any (v_over)) is not true;\n",
        "        exit when (true = any (v_over)) is not true or p_twice is not null;\n        p_twice := '{}';\n",
        "R36: a spend after an expiry never uses lapsed credits",
        (
            "tests/ledger/test_spend_many.py::test_r36_what_is_let_go_while_another_is_settled_is_settled_too",
        ),
    ),
    Bug(
        "ended_and_set_aside",
        f"{TABLES}/100_move.sql",
        "    select unsettled > 0 or coalesce(next_expiry_at <= p_at, false) into strict v_due from balance\n",
        "    select unsettled > 0 into strict v_due from balance\n",
        "R20, R36: a demand has nothing of what has ended",
        (
            "tests/ledger/test_expiry.py::test_r20_r36_a_demand_at_the_end_of_a_lot_has_nothing_of_it",
        ),
    ),
    Bug(
        "met_beyond_the_pool",
        f"{TABLES}/112_register.sql",
        "bool_and(w.kind = 'purchase' and w.credits_by_then <= v_credits and w.chatbots_by_then <= v_chatbots)\n",
        "bool_and(w.kind = 'purchase' and w.chatbots_by_then <= v_chatbots)\n",
        "R17, R20: purchases in line are met as far as the pool covers them",
        (
            "tests/ledger/test_offer_together.py::test_r20_purchases_in_line_are_met_as_one_after_the_other",
        ),
    ),
    Bug(
        "forgotten_and_not_summed",
        "src/brimful/ledger/sql/forget_spends.sql",
        "from gone where state = 'done' group by account_id order by account_id\n",
        "from gone where false group by account_id order by account_id\n",
        "R39: what was spent under forgotten keys still explains what was used",
        ("tests/archive/test_archive.py::test_r25_r39_life_goes_on_over_an_archived_past",),
    ),
    Bug(
        "one_refund_recorded_as_two",
        f"{USECASES}/record_refund.py",
        "    if told is not None:\n",
        "    if False:\n",
        "R25: a refund whose key was taken off it is one refund",
        (
            "tests/usecases/test_refunds_elsewhere.py::test_r22_r25_a_refund_whose_key_was_taken_off_it_at_the_dashboard_is_one_refund",
        ),
    ),
    Bug(
        "refused_at_once_though_others_wait",
        "src/brimful/ledger/sql/read_final_free.sql",
        "d.account_id = n.account_id and d.state = 'waiting')\n",
        "d.account_id = n.account_id and d.state = 'met')\n",
        "R17: who stands behind others waits like them",
        (f"{AT_ONCE}::test_r17_who_stands_behind_others_waits_like_them",),
    ),
    Bug(
        "refused_at_once_though_it_buys",
        "src/brimful/billing/sql/find_not_buying.sql",
        "where not (coalesce(s.enabled, false) and a.state = 'open')\n",
        "where true\n",
        "R16: who is short and buys by itself is bought for",
        (f"{AT_ONCE}::test_r16_who_buys_is_not_refused_at_once",),
    ),
    Bug(
        "refused_counts_as_taken",
        f"{TABLES}/140_spend.sql",
        "        return ~p_taken;\n",
        "        return ~(p_taken + p_credits);\n",
        "R2: one that is refused does not stand in the way of a smaller one behind it",
        (
            "tests/ledger/test_spend_many.py::test_r2_a_refused_spend_does_not_stand_in_the_way_of_a_smaller_one",
        ),
    ),
)
