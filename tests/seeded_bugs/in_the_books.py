"""Bugs in demands, reservations, keys and renewals: what is whose, and once (R17, R19, R20, R34, R39)."""

from tests.seeded_bugs.bug import BILLING, DOMAIN, TABLES, USECASES, Bug

BUGS = (
    Bug(
        "stock_not_reserved_with_the_grant",
        f"{TABLES}/150_deliver.sql",
        "    from offer_stock_v1(p_tenant, p_buyer, p_at, p_real_at, p_purchase) o;\n",
        "    from (select 1) n, lateral (select '' as kind, null::uuid as operation_id, '' as outcome) o where false;\n",
        "R17: reserved in the transaction of the grant",
        (
            "tests/usecases/test_order_of_things.py::test_r16_the_notice_is_written_with_the_grant_and_the_spends_completion",
        ),
    ),
    Bug(
        "bought_for_one_given_to_another",
        f"{TABLES}/150_deliver.sql",
        "p_real_at, p_purchase) o;\n",
        "p_real_at, null) o;\n",
        "R17: reserved for the demands it was bought for",
        (
            "tests/usecases/test_bought_for.py::test_r17_stock_goes_to_those_it_was_bought_for_before_others_that_came_earlier",
        ),
    ),
    Bug(
        "reservation_not_honoured",
        f"{TABLES}/110_demand.sql",
        "        v_credits := least(v_free, d.credits - d.reserved_credits);\n",
        "        v_credits := least(v_free, d.credits);\n",
        "R17: a demand takes what it lacks, no more",
        (
            "tests/usecases/test_queue.py::test_r28_what_fits_a_sellers_cap_is_served_though_all_together_does_not",
        ),
    ),
    Bug(
        "pending_although_it_was_debited",
        "src/brimful/effects/spending.py",
        "                rows |= await self.waiters.wait_all(tenant_id, answered, 1)\n",
        "                pass\n",
        "R20: whoever hears that it is pending was not debited",
        ("tests/usecases/test_once.py::test_r20_whoever_hears_pending_was_not_debited",),
    ),
    Bug(
        "given_up_before_it_is_planned",
        "src/brimful/effects/giving_up.py",
        "            ended = await abandon(late, unplanned_too=self.waiters.ended)\n",
        "            ended = await abandon(late, unplanned_too=True)\n",
        "R20: the auto-billing of who is answered that it is pending goes on",
        ("tests/usecases/test_queue.py::test_r20_the_auto_billing_of_who_will_not_wait_goes_on",),
    ),
    Bug(
        "swept_before_it_is_planned",
        f"{TABLES}/130_offer.sql",
        "            return 'late';\n",
        "            v_left := true;\n",
        "R20: the auto-billing of who is answered that it is pending goes on",
        (
            "tests/usecases/test_queue.py::test_r20_what_is_about_to_be_given_up_is_not_ended_by_others",
        ),
    ),
    Bug(
        "bought_for_one_who_has_it",
        f"{TABLES}/130_offer.sql",
        " and not reserve_v1(p_tenant, p_demand, p_at) then\n            return 'late';",
        " then\n            return 'late';",
        "R11: what is missing is bought, and no more",
        ("tests/usecases/test_queue.py::test_r11_r20_what_came_in_time_is_not_bought_as_well",),
    ),
    Bug(
        "bought_beside_a_held_card",
        f"{TABLES}/042_under_way.sql",
        "'planned', 'created', 'waiting', 'capturing'",
        "'planned', 'created', 'capturing'",
        "R19: a shortage waits for a purchase by hand at the gateway",
        (
            "tests/usecases/test_queue.py::test_r19_a_shortage_waits_for_a_purchase_by_hand_whose_card_is_held",
        ),
    ),
    Bug(
        "bought_ahead_beside_a_renewal",
        f"{TABLES}/050_ahead.sql",
        "s.wake_at as next_at",
        "s.due_at as next_at",
        "R33: what is under way is not bought for again",
        (
            "tests/usecases/test_forecast.py::test_r33_a_renewal_that_is_under_way_is_not_bought_for_again",
        ),
    ),
    Bug(
        "abandoned_spend_completed",
        f"{TABLES}/140_spend.sql",
        "            perform give_up_spend_v1(p_tenant, spend_id, v_demand, p_at);\n",
        "",
        "R20: abandoned by compare-and-set",
        ("tests/usecases/test_queue.py::test_r20_what_an_abandoned_spend_frees_serves_the_next",),
    ),
    Bug(
        "spend_key_forgotten",
        f"{TABLES}/140_spend.sql",
        "                 when s.state in ('done', 'waiting') then s.state\n",
        "                 when s.state = 'waiting' then s.state\n",
        "R39: a key is debited once",
        ("tests/usecases/test_once.py::test_r39_a_key_is_debited_once_and_belongs_to_one_body",),
    ),
    Bug(
        "purchase_key_forgotten",
        f"{USECASES}/buy_package.py",
        '            if before is not None and before.state != "failed":\n',
        '            if before is not None and before.state == "delivered":\n',
        "R39: a key buys once, one that is under way included",
        (
            "tests/acceptance/test_same_key_at_once.py::test_r20_r39_every_caller_of_a_key_is_answered_when_it_is_done",
        ),
    ),
    Bug(
        "other_body_accepted",
        f"{TABLES}/140_spend.sql",
        "            case when s.body_hash <> n.body_hash then 'conflict'\n",
        "            case when false then 'conflict'\n",
        "R39: the same key with another body is an error",
        ("tests/usecases/test_once.py::test_r39_a_key_is_debited_once_and_belongs_to_one_body",),
    ),
    Bug(
        "pools_not_locked",
        f"{TABLES}/100_move.sql",
        "account_id = any (p_accounts) order by account_id for update;\n",
        "account_id = any (p_accounts) order by account_id;\n",
        "R17: whoever changes several things of a pool locks it first",
        (
            "tests/usecases/test_once.py::test_r17_whoever_changes_several_things_of_a_pool_locks_it_first",
        ),
    ),
    Bug(
        "two_at_once",
        f"{TABLES}/135_plan.sql",
        "    at_gateway := exists (select from awaited_purchase w where w.tenant_id = p_tenant and w.buyer_id = p_account);\n",
        "    at_gateway := false;\n",
        "R19: one open auto-billing per account",
        (
            "tests/usecases/test_once.py::test_r19_a_later_shortage_waits_for_the_purchase_under_way",
        ),
    ),
    Bug(
        "reservation_leaks",
        f"{USECASES}/fail_purchase.py",
        "    if purchase.demand_id is not None:\n",
        "    if False:\n",
        "R20: no reservation outlives its operation",
        (
            "tests/usecases/test_consent_and_cards.py::test_r10_inactive_before_the_confirm_is_not_charged",
        ),
    ),
    Bug(
        "swept_never",
        f"{USECASES}/sweep.py",
        "    for row in overdue:\n",
        "    for row in overdue[:0]:\n",
        "R20: nothing outlives its operation",
        ("tests/usecases/test_once.py::test_r20_a_caller_that_died_leaves_nothing_that_waits",),
    ),
    Bug(
        "hold_not_given_back",
        f"{TABLES}/130_offer.sql",
        "                update purchase set state = 'canceling', reason = p_child_reason",
        "                update purchase set state = 'failed', reason = p_child_reason",
        "R17: if a step fails, holds are released",
        (
            "tests/usecases/test_worked_example.py::test_r18_a_declined_agency_costs_the_client_nothing",
        ),
    ),
    Bug(
        "bought_other_than_checked",
        f"{DOMAIN}/sizing.py",
        "        cover, seats = self.cover(self.credits), self.seats(self.chatbots)\n        lines",
        "        cover, seats = self.cover(self.credits + 900), self.seats(self.chatbots)\n        lines",
        "R12, R28: what was checked is what is bought",
        ("tests/domain/test_sizing.py::test_r15_the_price_list",),
    ),
    Bug(
        "renewed_again_and_again",
        f"{TABLES}/150_deliver.sql",
        "else excluded.wake_at end",
        "else subscription.wake_at end",
        "R34: nothing is renewed twice, and nothing too late",
        ("tests/usecases/test_renewals.py::test_r34_nothing_is_granted_twice",),
    ),
    Bug(
        "given_back_while_it_is_charged",
        f"{USECASES}/release_holds.py",
        '        if purchase.state == "waiting":\n',
        "        if purchase.demand_id is not None:\n",
        "R17: a reservation is given back once the cancellation is confirmed",
        (
            "tests/usecases/test_once.py::test_r17_stock_is_kept_until_the_cancellation_is_confirmed",
        ),
    ),
    Bug(
        "other_callers_forgotten",
        f"{USECASES}/spend_credits.py",
        "        await spends.extend_wait(ctx.db, new.tenant_id, tried.spend_id, answer_by)\n",
        "",
        "R20: a spend waits for the last of those who sent its key",
        ("tests/usecases/test_queue.py::test_r20_callers_of_one_key_wait_each_its_own_time",),
    ),
    Bug(
        "open_auto_billing_index_dropped",
        f"{TABLES}/040_operations.sql",
        "create unique index one_open_auto_billing on",
        "create index one_open_auto_billing on",
        "R19: one open auto-billing per account, by the database itself",
        (
            "tests/db/test_guards.py::test_r19_r23_the_database_refuses_by_itself[r19_two_open_auto_billings]",
        ),
    ),
    Bug(
        "reservation_check_dropped",
        f"{TABLES}/030_ledger.sql",
        " and reserved_credits <= credits)",
        ")",
        "R17: nothing reserves more than it asked for, by the database itself",
        (
            "tests/db/test_guards.py::test_r19_r23_the_database_refuses_by_itself[r17_more_reserved_than_asked_for]",
        ),
    ),
    Bug(
        "balance_may_go_below_zero",
        f"{TABLES}/030_ledger.sql",
        "    free bigint not null default 0 check (free >= 0),\n"
        "    reserved bigint not null default 0 check (reserved >= 0),\n"
        "    held",
        "    free bigint not null default 0,\n"
        "    reserved bigint not null default 0 check (reserved >= 0),\n"
        "    held",
        "R2: a balance is never negative, by the database itself",
        (
            "tests/db/test_guards.py::test_r19_r23_the_database_refuses_by_itself[r2_a_balance_below_zero]",
        ),
    ),
    Bug(
        "lapsed_credits_spent",
        f"{TABLES}/138_lock_spenders.sql",
        "n (tenant_id, account_id, is_over) where n.is_over loop\n",
        "n (tenant_id, account_id, is_over) where false loop\n",
        "R36: a spend after an expiry uses nothing that has lapsed, whether or not a job has run",
        ("tests/ledger/test_expiry.py::test_r36_a_spend_at_the_end_of_a_lot_never_uses_it",),
    ),
    Bug(
        "small_sum_collected_twice",
        f"{TABLES}/092_spending.sql",
        "\n                     and r.collected_by is null), 0)::bigint as minor,",
        "), 0)::bigint as minor,",
        "R26: what is owed is collected by one charge",
        (
            "tests/usecases/test_receivables.py::test_r26_what_is_owed_is_collected_with_the_next_charge",
        ),
    ),
    Bug(
        "small_sum_claimed_again",
        f"{BILLING}/claim_receivables.sql",
        "r.seller_id = a.parent_id\n  and r.collected_by is null;",
        "r.seller_id = a.parent_id;",
        "R26: what one charge has collected is no other's",
        (
            "tests/usecases/test_receivables.py::test_r26_what_was_collected_is_not_owed_again_when_a_later_charge_fails",
        ),
    ),
)
