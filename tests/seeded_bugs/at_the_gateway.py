"""Bugs in what is asked of the gateway and what is made of its answers (R21 to R25, R44, R45)."""

from tests.seeded_bugs.bug import BILLING, DOMAIN, EFFECTS, GATEWAYS, TABLES, USECASES, Bug

BUGS = (
    Bug(
        "timeout_is_failure",
        f"{EFFECTS}/drive.py",
        "    if isinstance(outcome, Unknown | Unreachable | NotFound):\n        busy",
        "    if isinstance(outcome, Unknown) and purchase.payment_id:\n"
        "        from brimful.domain.payment import Canceled\n\n"
        "        outcome = Canceled(payment_id=purchase.payment_id)\n"
        "    if isinstance(outcome, Unknown | Unreachable | NotFound):\n        busy",
        "R22: unknown is not failed",
        ("tests/usecases/test_once.py::test_r22_a_lost_reply_is_unknown_and_not_failed",),
    ),
    Bug(
        "cancel_omitted",
        f"{EFFECTS}/drive.py",
        "    return await cancel(gateway, purchase)\n",
        "    if purchase.payment_id:\n"
        "        from brimful.domain.payment import Canceled\n\n"
        "        return Canceled(payment_id=payment_id)\n"
        "    return await cancel(gateway, purchase)\n",
        "R22: cancelled at the gateway before failure is recorded",
        (
            "tests/usecases/test_authentication.py::test_r29_cancelled_first_then_paused_with_a_link",
        ),
    ),
    Bug(
        "asked_again_for_ever",
        f"{DOMAIN}/resending.py",
        "RESEND_FOR = timedelta(hours=23)",
        "RESEND_FOR = timedelta(days=365)",
        "R22: no money request later than 23 hours after its first try",
        (
            "tests/domain/test_resending.py::test_r22_the_boundary_is_an_hour_before_keys_are_forgotten",
            "tests/usecases/test_resending.py::test_r22_a_late_request_is_not_sent_again_but_cancelled",
        ),
    ),
    Bug(
        "ended_purchase_driven",
        f"{TABLES}/105_driven.sql",
        "        where p.tenant_id = p_tenant and p.state in ('planned', 'created', 'authenticating', 'capturing', 'canceling')\n"
        "          and (p.lease_until <= p_real_at or p.fence = t.fence)\n",
        "        where p.tenant_id = p_tenant and p.state in ('planned', 'created', 'authenticating', 'capturing', 'canceling', 'delivered')\n"
        "          and (p.lease_until <= p_real_at or p.fence = t.fence)\n",
        "R23: what another has delivered meanwhile is not asked for again",
        (
            "tests/usecases/test_stale_answers.py::test_r23_what_ended_between_lease_and_call_is_not_given_back",
        ),
    ),
    Bug(
        "refusal_of_an_earlier_step_counts",
        f"{USECASES}/record_payment.py",
        "    return isinstance(outcome, Refused | Declined) and asked not in (None, purchase.state)\n",
        "    return False\n",
        "R17: a refusal of one step says nothing of the next",
        (
            "tests/usecases/test_stale_answers.py::test_r17_a_refusal_of_an_earlier_step_does_not_stop_the_capture",
        ),
    ),
    Bug(
        "confirmed_without_reading_again",
        f"{EFFECTS}/drive.py",
        "    if is_unconfirmed(purchase, outcome):\n        return Next.confirm, before\n",
        "    if is_unconfirmed(purchase, outcome):\n"
        "        outcome = await ask(\n"
        "            driver.gateway, purchase, fresh=True, real_at=driver.now().real_at\n        )\n",
        "R27: switched off while the payment is read back",
        (
            "tests/usecases/test_stale_answers.py::test_r27_switched_off_while_it_is_looked_up_is_not_charged",
        ),
    ),
    Bug(
        "key_left_random",
        f"{EFFECTS}/drive.py",
        'idempotency_key=f"create-{purchase.gateway_account}-{purchase.charge_id}",',
        'idempotency_key=__import__("brimful.db.ids").db.ids.new_id().hex,',
        "R22: a key names the account and the attempt",
        ("tests/usecases/test_once.py::test_r22_a_lost_reply_is_unknown_and_not_failed",),
    ),
    Bug(
        "grant_before_capture",
        f"{USECASES}/record_payment.py",
        "                created[purchase.purchase_id] = payment_id\n",
        "                created[purchase.purchase_id] = payment_id\n"
        '                if purchase.mode == "charge":\n'
        "                    effects += await deliver_renewals(tx, [purchase], moment)\n",
        "R17, R23: granted once captured",
        ("tests/usecases/test_worked_example.py::test_r14_worked_example",),
    ),
    Bug(
        "declined_is_failed_at_once",
        f"{USECASES}/record_card_result.py",
        '    await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)\n',
        '    await purchases.set_state(tx, purchase, "failed", reason=reason, moment=moment)\n',
        "R22: a declined payment is cancelled first",
        (
            "tests/usecases/test_authentication.py::test_r29_cancelled_first_then_paused_with_a_link",
        ),
    ),
    Bug(
        "given_up_without_cancelling",
        f"{USECASES}/give_up.py",
        '            tx, purchase, "canceling", reason=Reason.gateway_unavailable, moment=moment\n',
        '            tx, purchase, "failed", reason=Reason.gateway_unavailable, moment=moment\n',
        "R22: an outage leaves nothing that may still take money",
        ("tests/usecases/test_outage.py::test_r29_while_it_lasts_a_shortage_is_refused_at_once",),
    ),
    Bug(
        "recorded_twice",
        f"{USECASES}/record_payment.py",
        "    if purchase.ended:\n        if isinstance(outcome, Captured)",
        "    if False:\n        if isinstance(outcome, Captured)",
        "R23: granted once, whichever of reply and event comes first",
        (
            "tests/usecases/test_told.py::test_r23_what_is_told_of_a_delivered_purchase_changes_nothing",
        ),
    ),
    Bug(
        "recorded_without_a_lock",
        f"{TABLES}/105_driven.sql",
        "order by p.purchase_id for update;",
        "order by p.purchase_id;",
        "R23: recording is a compare-and-set under lock",
        (
            "tests/usecases/test_told.py::test_r23_what_is_learnt_is_compared_with_the_state_under_lock",
        ),
    ),
    Bug(
        "captured_before_the_seller_has_it",
        f"{USECASES}/queue_at_sellers.py",
        "    await payments.queue(tx, tenant_id, met, moment)\n",
        "    await payments.queue(tx, tenant_id, dict.fromkeys(met, True), moment)\n",
        "R17: a hold is captured once the stock is reserved",
        (
            "tests/usecases/test_worked_example.py::test_r8_r17_a_clients_query_cascades_to_both_cards",
        ),
    ),
    Bug(
        "nobody_takes_over",
        f"{BILLING}/find_due_purchases.sql",
        "wake_real_at <= $1 and lease_until <= $1",
        "wake_real_at <= $1 and lease_until = '-infinity'",
        "R24: another process finishes what one that died had begun",
        (
            "tests/usecases/test_resending.py::test_r22_within_the_time_the_same_request_is_sent_again",
        ),
    ),
    Bug(
        "cancelling_never_resumed",
        f"{BILLING}/find_due_purchases.sql",
        "'capturing', 'canceling')",
        "'capturing')",
        "R24: what is to be undone is undone",
        (
            "tests/usecases/test_queue.py::test_r20_r29_a_decline_is_told_though_its_cancellation_gets_no_answer",
        ),
    ),
    Bug(
        "leases_ignored",
        f"{TABLES}/105_driven.sql",
        "and (p.lease_until <= p_real_at or p.fence = t.fence)",
        "and (p.lease_until <= p_real_at or p.fence = t.fence or true)",
        "R24: one process drives a purchase at a time",
        ("tests/usecases/test_hostile_payer.py::test_r24_a_lease_keeps_others_out",),
    ),
    Bug(
        "refunded_twice",
        f"{USECASES}/record_reversals.py",
        "        if one.gateway_refund == fact.refund_id:\n",
        "        if False:\n",
        "R25: a refund is recorded once, by the gateway's id for it",
        (
            "tests/usecases/test_refunds.py::test_r25_a_whole_refund_gives_all_credits_back_to_the_seller",
        ),
    ),
    Bug(
        "refund_key_random",
        "src/brimful/billing/refunds.py",
        '    return f"refund-{gateway_account}-{refund_id}"\n',
        '    return f"refund-{gateway_account}-{refund_id}-{new_id()}"\n',
        "R22: a refund that is sent again is the same refund",
        ("tests/usecases/test_refunds.py::test_r22_r25_a_lost_reply_refunds_once",),
    ),
    Bug(
        "dispute_ignored",
        f"{USECASES}/record_reversals.py",
        "    for fact in captured.disputes:\n",
        "    for fact in captured.disputes[:0]:\n",
        "R25: what a dispute took is frozen, and taken when it is lost",
        (
            "tests/usecases/test_disputes.py::test_r25_a_dispute_freezes_what_is_left_and_takes_it_when_lost",
        ),
    ),
    Bug(
        "late_win_ignored",
        f"{DOMAIN}/refunds.py",
        '"lost": 2, "won": 3}',
        '"lost": 2, "won": 2}',
        "R25: a dispute may be won after it was lost",
        ("tests/domain/test_refunds.py::test_r25_states_only_move_forward",),
    ),
    Bug(
        "other_currency_granted",
        f"{USECASES}/record_capture.py",
        "        and captured.currency == purchase.currency\n",
        "",
        "R45: a grant follows only from the currency that was stored",
        (
            "tests/usecases/test_seller_captures.py::test_r17_r45_a_payment_that_the_seller_edits_brings_nothing_and_comes_back",
        ),
    ),
    Bug(
        "other_amount_granted",
        f"{USECASES}/record_capture.py",
        "        and captured.amount_minor == purchase.charge_minor\n",
        "",
        "R45: a grant follows only from the amount that was stored",
        (
            "tests/usecases/test_seller_captures.py::test_r17_r45_a_payment_that_the_seller_edits_brings_nothing_and_comes_back",
        ),
    ),
    Bug(
        "other_payment_granted",
        f"{USECASES}/record_payment.py",
        "    return named is None or purchase.payment_id in (None, named)\n",
        "    return True\n",
        "R45: an answer about another payment says nothing of this one",
        (
            "tests/usecases/test_told.py::test_r45_an_answer_about_another_payment_says_nothing_of_this_one",
        ),
    ),
    Bug(
        "signature_not_checked",
        f"{GATEWAYS}/stripe/events.py",
        '            return BadEvent(why="not signed by the gateway")\n',
        "            pass\n",
        "R45: what is not signed by the gateway is not believed",
        ("tests/gateways/stripe/test_events.py::test_r45_a_forged_signature_is_no_signature",),
    ),
    Bug(
        "old_event_believed",
        f"{GATEWAYS}/stripe/events.py",
        "        if abs(self._now() - int(stamp[1])) > AGE_S:\n",
        "        if int(stamp[1]) - self._now() > AGE_S:\n",
        "R45: a message that was signed long ago is a replay",
        (
            "tests/gateways/stripe/test_events.py::test_r45_neither_old_nor_future_messages_are_taken",
        ),
    ),
    Bug(
        "test_money_granted",
        f"{DOMAIN}/event.py",
        "    if hint.mode != mode:\n",
        "    if False:\n",
        "R45: test mode moves no money",
        ("tests/domain/test_event.py::test_r45_an_event_is_judged_by_what_we_stored",),
    ),
    Bug(
        "agency_speaks_for_the_platform",
        f"{DOMAIN}/event.py",
        "    if hint.account_ref != ours.account_ref:\n",
        "    if False:\n",
        "R45: nothing in an agency's own gateway account counts at the platform's",
        ("tests/domain/test_event.py::test_r45_an_event_is_judged_by_what_we_stored",),
    ),
    Bug(
        "stale_hold_acted_on",
        f"{USECASES}/record_payment.py",
        "            case Held(capture_before=before) if purchase.state in ASKED:\n",
        "            case Held(capture_before=before) if not purchase.ended:\n",
        "R23: an answer to a step that is over changes nothing",
        (
            "tests/usecases/test_told.py::test_r23_a_hold_that_is_told_twice_takes_one_place_in_the_queue",
        ),
    ),
    Bug(
        "stale_decline_acted_on",
        f"{USECASES}/record_payment.py",
        '        case Declined(code=code, hard=hard) if purchase.state in (*ASKED, "capturing"):\n',
        "        case Declined(code=code, hard=hard):\n",
        "R23: an answer to a step that is over changes nothing",
        (
            "tests/usecases/test_told.py::test_r23_what_is_learnt_is_compared_with_the_state_under_lock",
        ),
    ),
    Bug(
        "fence_ignored",
        f"{BILLING}/release_purchases.sql",
        " and t.fence = p.fence\n",
        "\n",
        "R24: a late holder of a lease does not give away another's",
        ("tests/usecases/test_once.py::test_r24_only_the_holder_gives_a_lease_back",),
    ),
    Bug(
        "late_handler_heard",
        f"{BILLING}/settle_event.sql",
        " and tries = $3 and",
        " and tries >= $3 and",
        "R24: a late holder of an event is not heard",
        ("tests/events/test_handling.py::test_r24_a_late_holder_of_an_event_is_not_heard",),
    ),
    Bug(
        "event_handled_by_two",
        f"{BILLING}/take_event.sql",
        " and due_real_at <= $3\n",
        "\n",
        "R45: one process handles an event at a time",
        ("tests/events/test_handling.py::test_r45_one_who_dies_with_an_event_leaves_it_due",),
    ),
    Bug(
        "called_within_a_transaction",
        "src/brimful/db/transaction.py",
        "    if _open.get():\n        raise NetworkInTransaction",
        "    if False:\n        raise NetworkInTransaction",
        "R21: no call leaves while a transaction is open",
        ("tests/gateways/test_contract.py::test_r21_no_call_leaves_while_a_transaction_is_open",),
    ),
    Bug(
        "payment_index_dropped",
        f"{TABLES}/040_operations.sql",
        "create unique index charge_payment on",
        "create index charge_payment on",
        "R23: a payment belongs to one charge, by the database itself",
        (
            "tests/db/test_guards.py::test_r19_r23_the_database_refuses_by_itself[r23_one_payment_of_two_charges]",
        ),
    ),
)
