"""Bugs that a seller, a buyer or a coincidence could use: holds captured past the engine, refunds in doubt
or under a key that is ours, and two who act on one row at the same instant (R17, R20, R22, R25, R29, R36, R39)."""

from tests.seeded_bugs.bug import BILLING, EFFECTS, GATEWAYS, TABLES, USECASES, Bug

CAPTURES = "tests/usecases/test_seller_captures.py"
ELSEWHERE = "tests/usecases/test_refunds_elsewhere.py"

BUGS = (
    Bug(
        "part_of_a_hold_ignored",
        f"{USECASES}/record_payment.py",
        "        case Captured() if is_another(purchase, outcome):\n",
        "        case Captured() if False:\n",
        "R17: what a seller captures of a hold comes back when nothing is delivered for it",
        (
            f"{CAPTURES}::test_r17_r45_a_hold_that_the_seller_captures_in_part_is_not_what_was_agreed_on",
        ),
    ),
    Bug(
        "more_asked_back_than_is_left",
        f"{EFFECTS}/give_back.py",
        "    left_minor = left_to_give(seen)\n",
        "    left_minor = purchase.charge_minor or 0\n",
        "R17: what a seller refunded of it before is not asked back again",
        (
            f"{CAPTURES}::test_r17_r45_a_hold_that_the_seller_captures_is_delivered_or_given_back[700-1]",
        ),
    ),
    Bug(
        "a_cent_under_our_key_is_all_of_it",
        f"{USECASES}/record_reversals.py",
        "        if ours and one.amount_minor == fact.amount_minor:\n",
        "        if ours:\n",
        "R25, R45: a refund takes the credits of its own amount, whatever is written on it",
        (f"{ELSEWHERE}::test_r25_r45_a_cent_given_back_under_our_key_is_a_cent",),
    ),
    Bug(
        "a_closed_account_refuses_what_is_in_doubt",
        f"{EFFECTS}/drive_refund.py",
        "        unsaid = due.tries > 1 and is_disconnected(outcome)\n",
        "        unsaid = False\n",
        "R22: that an account is closed says nothing of an earlier try without an answer",
        (
            f"{ELSEWHERE}::test_r22_r25_a_refund_without_an_answer_is_in_doubt_while_its_account_is_closed",
        ),
    ),
    Bug(
        "cleared_while_it_is_collected",
        "src/brimful/billing/refunds.py",
        "    await lock_purchase(tx, tenant_id, debt.purchase_id)\n",
        "",
        "R25: a debt is cleared or collected, not both",
        (
            "tests/usecases/test_reversed_while_reserved.py::test_r25_what_is_just_being_taken_is_not_let_go_as_well",
        ),
    ),
    Bug(
        "lapsed_without_the_balance",
        f"{TABLES}/150_deliver.sql",
        "        cross join lateral (values (p.seller_id), (p.buyer_id)) v (account_id)\n",
        "        cross join lateral (values (p.seller_id)) v (account_id)\n",
        "R36: what ends lapses once",
        (
            "tests/usecases/test_lapse_once.py::test_r36_a_delivery_that_meets_a_spend_at_the_end_of_a_lot_lapses_it_once",
        ),
    ),
    Bug(
        "done_meanwhile_and_refused",
        f"{EFFECTS}/spending.py",
        '                short = tried.outcome == "short"\n',
        "                short = True\n",
        "R39: what was done is not answered as refused",
        (
            "tests/usecases/test_refuse_without_buying.py::test_r39_what_was_done_meanwhile_is_not_refused_with_what_was_not",
        ),
    ),
    Bug(
        "one_key_for_two_things",
        f"{TABLES}/095_command.sql",
        "    perform 1 from balance where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;\n",
        "",
        "R39: a key is unique per account, whatever it is used for",
        ("tests/usecases/test_one_key.py::test_r39_a_purchase_waits_for_a_spend_under_its_key",),
    ),
    Bug(
        "late_decline_dropped",
        f"{USECASES}/record_payment.py",
        '    if isinstance(outcome, Declined) and purchase.state == "canceling":\n        return False\n',
        '    if isinstance(outcome, Declined) and purchase.state == "canceling":\n        return True\n',
        "R29: a decline counts whatever became of its charge since",
        (
            "tests/usecases/test_told.py::test_r23_what_is_learnt_is_compared_with_the_state_under_lock",
        ),
    ),
    Bug(
        "paid_month_withheld",
        f"{USECASES}/renewal_lines.py",
        "    return paid or _in_one_charge(due, moment)\n",
        "    return _in_one_charge(due, moment)\n",
        "R34: a month of a period that was paid for is granted",
        (
            "tests/usecases/test_paid_months.py::test_r34_r35_a_paid_month_is_granted_beside_seats_that_are_declined",
        ),
    ),
    Bug(
        "older_page_wins",
        f"{USECASES}/record_page_card.py",
        "        if not owner_is_back and await card_pages.is_overtaken(tx, page):\n",
        "        if False:\n",
        "R27: the card that was saved last is charged",
        (
            "tests/events/test_pages_done.py::test_r27_the_late_event_of_an_older_page_takes_no_newer_card_s_place",
        ),
    ),
    Bug(
        "owners_time_taken",
        f"{BILLING}/note_try.sql",
        " and state = $4 ",
        " and $4::text is not null ",
        "R20, R29: an owner at the bank has a quarter of an hour",
        (
            "tests/usecases/test_authentication.py::test_r20_r29_a_lost_reply_takes_no_time_from_the_owner_at_the_bank",
        ),
    ),
    Bug(
        "swept_though_waited_for",
        f"{USECASES}/sweep.py",
        '        ended = [row["demand_id"]] if row["is_over"] else []\n',
        '        ended = [row["demand_id"]]\n',
        "R20: who waits for a spend that is being bought for is not refused",
        ("tests/usecases/test_once.py::test_r20_a_sweep_refuses_no_caller_that_came_meanwhile",),
    ),
    Bug(
        "card_that_is_gone_is_an_outage",
        f"{GATEWAYS}/stripe/payments.py",
        '                gone = not said.get("code") and await self._is_gone(account_ref, method_id)\n',
        "                gone = False\n",
        "R29: a card that is gone is its owner's affair and no outage",
        (
            "tests/gateways/stripe/test_cards_replaced.py::test_r29_a_detached_card_that_nobody_told_of_is_no_outage",
        ),
    ),
    Bug(
        "closed_and_let_overdraw",
        f"{USECASES}/set_overdraft.py",
        '        if account is None or account.state == "closed":\n',
        "        if account is None:\n",
        "R33: nobody overdraws who will never repay",
        (
            "tests/usecases/test_overdraft.py::test_r33_r46_what_is_closed_meanwhile_is_not_let_overdraw",
        ),
    ),
    Bug(
        "given_back_and_in_the_way",
        f"{TABLES}/087_renewing_above.sql",
        "(r.mode <> 'charge' or exists (",
        "(r.mode = 'none' or exists (",
        "R35: a renewal that brings nothing any more holds up none below it",
        (
            "tests/usecases/test_renewals_in_turn.py::test_r35_a_hold_that_is_given_back_holds_up_nobody_below",
        ),
    ),
    Bug(
        "closed_and_in_the_way",
        f"{TABLES}/087_renewing_above.sql",
        "x.account_id = r.seller_id",
        "x.account_id = r.buyer_id",
        "R35: a charge that cannot even be cancelled holds up none below it",
        (
            "tests/usecases/test_renewals_in_turn.py::test_r35_a_charge_at_a_closed_account_holds_up_nobody_below",
        ),
    ),
    Bug(
        "left_and_kept_its_place",
        f"{USECASES}/record_capture.py",
        '    if purchase.state == "waiting":\n',
        '    if purchase.state == "planned":\n',
        "R20: what leaves a queue gives what it had to the next",
        (
            "tests/usecases/test_seller_captures.py::test_r17_r20_what_such_a_hold_had_is_the_next_ones",
        ),
    ),
    Bug(
        "difference_charged_back",
        f"{TABLES}/047_given_back.sql",
        "where d.number >= (select coalesce(max(b.number) filter (where b.runs_begins_period), 1) from paid b)",
        "where d.number = (select coalesce(max(b.number) filter (where b.runs_begins_period), 1) from paid b)",
        "R17: no larger plan is granted for what a smaller one cost",
        (
            "tests/usecases/test_unpaid_periods.py::test_r17_r25_a_larger_year_is_granted_for_as_long_as_what_was_kept_pays",
        ),
    ),
    Bug(
        "given_back_before_it_is_taken",
        "src/brimful/ledger/sql/read_unused_lots.sql",
        "from lacking_reversal r where r.tenant_id = l.tenant_id",
        "from lacking_reversal r where false and r.tenant_id = l.tenant_id",
        "R25: what was held when its money went back is taken, and no debt",
        (
            "tests/usecases/test_refunds_late.py::test_r25_r46_what_was_held_at_the_closing_is_taken_and_no_debt[terms0]",
        ),
    ),
    Bug(
        "away_since_the_first_of_them",
        "src/brimful/ledger/sql/write_reversal.sql",
        "(greatest(excluded.taken + excluded.frozen - reversal.taken - reversal.frozen, 0)::numeric",
        "(0::numeric",
        "R25, R36: a refund that stays makes no lot longer",
        (
            "tests/usecases/test_refunds_late.py::test_r25_a_refund_that_stays_prolongs_nothing_beside_one_that_fails",
        ),
    ),
)
