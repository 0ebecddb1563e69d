"""Bugs of refusals that pass, or that are about somebody else than they seem to be (R10, R17, R22, R24, R29)."""

from tests.seeded_bugs.bug import DOMAIN, EFFECTS, GATEWAYS, USECASES, Bug

REFUSALS = "tests/gateways/stripe/test_refusals.py"
GIVEN_BACK = "tests/usecases/test_given_back.py"

BUGS = (
    Bug(
        "no_permission_is_a_seller_that_left",
        f"{GATEWAYS}/stripe/calls.py",
        '    if isinstance(error, PermissionError) and said.get("code") != _NO_ACCESS:\n',
        "    if False:\n",
        "R10: what our own key may not do says nothing of a seller",
        (f"{REFUSALS}::test_r10_a_key_that_lacks_a_permission_says_nothing_of_the_account",),
    ),
    Bug(
        "each_402_is_a_decline",
        f"{GATEWAYS}/stripe/calls.py",
        '        declined=said.get("type") == "card_error",\n',
        "        declined=isinstance(error, CardError),\n",
        "R29: an account that may take no payments is no card's decline",
        (f"{REFUSALS}::test_r29_a_402_that_is_no_cards_is_no_decline",),
    ),
    Bug(
        "refused_for_a_day",
        f"{GATEWAYS}/stripe/refunds.py",
        "            isinstance(answer, Right | Wrong) and answer.replayed\n",
        "            False\n",
        "R17, R25: a refusal that was saved is not one of now",
        (f"{REFUSALS}::test_r25_a_refund_that_was_refused_for_a_time_is_made_after_it",),
    ),
    Bug(
        "held_for_a_day",
        f"{GATEWAYS}/stripe/payments.py",
        "        if isinstance(answer, Wrong) and answer.replayed:\n",
        "        if False:\n",
        "R20: no hold outlives its operation for a refusal that was saved",
        (f"{REFUSALS}::test_r22_a_saved_refusal_to_cancel_holds_nothing_for_a_day",),
    ),
    Bug(
        "taken_back_twice",
        f"{EFFECTS}/give_back.py",
        "    return seen.amount_minor - seen.refunded_minor - lost_minor\n",
        "    return seen.amount_minor - seen.refunded_minor\n",
        "R17: what a lost dispute gave back is not refunded, and nothing waits for it",
        (f"{GIVEN_BACK}::test_r17_r25_a_refund_that_is_refused_is_asked_for_again[lost]",),
    ),
    Bug(
        "late_before_it_was_asked_for",
        f"{EFFECTS}/drive.py",
        "    first_real_at = purchase.refund_asked_real_at\n",
        "    first_real_at = purchase.step_real_at\n",
        "R22: the day of a refund begins with its first request",
        (f"{GIVEN_BACK}::test_r17_r25_a_refund_that_is_refused_is_asked_for_again[won]",),
    ),
    Bug(
        "a_late_decline_keeps_whoever_waits",
        f"{USECASES}/give_up.py",
        "        if seen.declined:\n",
        "        if seen.decline_code is not None:\n",
        "R20: whoever waits hears at once, whatever else is learnt of the card",
        (f"{GIVEN_BACK}::test_r20_r29_a_late_decline_does_not_keep_whoever_waits",),
    ),
    Bug(
        "disputes_passed_over",
        f"{DOMAIN}/reconciling.py",
        "        return _of_disputed(charge) if record.disputed else None\n",
        "        return None\n",
        "R24, R25: a dispute of which no event told is found",
        (
            "tests/domain/test_reconciling.py::test_r24_r25_a_dispute_of_which_no_event_told_is_found",
        ),
    ),
)
