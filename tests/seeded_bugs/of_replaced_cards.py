"""Bugs in cards that their networks replace, that somebody detached, or that are saved twice (R27, R29)."""

from tests.seeded_bugs.bug import BILLING, DOMAIN, EFFECTS, USECASES, Bug

TOLD = "tests/events/test_cards_replaced.py"
FOLLOWS = "tests/usecases/test_cards_replaced.py"
AT_STRIPE = "tests/gateways/stripe/test_cards_replaced.py"

BUGS = (
    Bug(
        "another_expiry_is_another_card",
        f"{BILLING}/note_card_reading.sql",
        "before.fingerprint <> m.fingerprint",
        "true",
        "R29: the same card brings no retry forward, whatever its expiry",
        (f"{FOLLOWS}::test_r29_another_expiry_brings_no_retry_forward",),
    ),
    Bug(
        "another_number_is_the_same_card",
        f"{BILLING}/note_card_reading.sql",
        "set fingerprint = $5,",
        "set fingerprint = coalesce(m.fingerprint, $5),",
        "R29: a pause belongs to a number, and a new number is tried at once",
        (f"{FOLLOWS}::test_r29_the_attempts_of_the_old_number_are_not_the_new_ones",),
    ),
    Bug(
        "older_reading_of_a_card_wins",
        f"{BILLING}/note_card_reading.sql",
        "m.read_real_at < $4",
        "m.read_real_at <> $4",
        "R45: what a later reading said of a card is not undone by an earlier one",
        (f"{TOLD}::test_r29_an_answer_that_was_overtaken_changes_nothing",),
    ),
    Bug(
        "card_with_another_customer_recorded",
        "src/brimful/billing/card_readings.py",
        "        return shown == (self.gateway_method, self.gateway_customer)\n",
        "        return shown[0] == self.gateway_method\n",
        "R45: a reading is recorded only of the card that was saved, for its customer",
        (f"{TOLD}::test_r45_a_card_with_another_customer_is_not_recorded",),
    ),
    Bug(
        "unanswered_reading_of_a_card_settled",
        f"{EFFECTS}/handle_method.py",
        "    if not isinstance(reading, SavedMethod | NotFound):\n        return None, ()\n",
        "    if not isinstance(reading, SavedMethod | NotFound):\n        return Verdict.recorded, ()\n",
        "R45: without an answer an event stays due",
        (f"{TOLD}::test_r45_without_an_answer_the_event_stays_due",),
    ),
    Bug(
        "detached_card_keeps_its_holds",
        f"{USECASES}/record_method.py",
        "    effects = await take_out_of_use(tx, tenant_id, account_id, card.method_id, moment)\n",
        "    gone = await cards.remove_card(tx, tenant_id, account_id, card.method_id, moment)\n"
        '    effects: tuple[Effect, ...] | Missing = () if gone else Missing(what="payment_method")\n',
        "R27: what is only held on a card that is gone is given back",
        (f"{FOLLOWS}::test_r27_a_detached_card_holds_nothing_any_more",),
    ),
    Bug(
        "card_saved_twice_detached",
        f"{BILLING}/open_card.sql",
        "update payment_method set detached_at = $13",
        "update payment_method set detached_at = null",
        "R27: the card in use is not removed at the gateway as the one that it replaced",
        (f"{AT_STRIPE}::test_r27_a_card_that_is_saved_again_stays_at_the_gateway",),
    ),
    Bug(
        "event_of_a_card_of_another_mode",
        f"{DOMAIN}/event.py",
        "    if mode != hint.mode:\n        return Verdict.other_mode\n    if account_ref is None:\n",
        "    if account_ref is None:\n",
        "R45: an event of the other mode leads to nothing",
        (
            "tests/domain/test_event.py::test_r45_an_event_about_a_card_is_judged_by_where_it_was_saved",
        ),
    ),
)
