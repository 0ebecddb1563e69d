"""Bugs by which somebody sees or commands what lies outside its scope (R40, R46), or fills the
server without a key (R39)."""

from tests.seeded_bugs.bug import TABLES, USECASES, Bug

BALANCES = "tests/api/test_plain_balances.py"
AFTER_MOVES = "tests/api/test_trust_after_moves.py"
WHOLE = "tests/api/test_whole_spends.py"
NO_KEY = "tests/api/test_without_a_key.py"
SILENCE = "tests/api/test_silence.py"
WAITS = "tests/api/test_what_waits.py"
WITH_KEYS = "tests/usecases/test_spend_with_keys.py"
KEYS_END = f"{AFTER_MOVES}::test_r40_keys_that_the_old_seller_vouches_for_end_with_a_move"

BUGS = (
    Bug(
        "planted_and_left_there",
        f"{USECASES}/move_account.py",
        "    left = sorted({*account.ancestors} - {account.account_id} - {*to.ancestors})\n",
        "    left: list[UUID] = []\n",
        "R40: a seller commands nobody that has moved away from it",
        (KEYS_END,),
    ),
    Bug(
        "vouched_for_by_itself",
        f"{USECASES}/issue_key.py",
        "            vouched_by=by.vouchers,\n",
        "            vouched_by=(by.account_id,),\n",
        "R40: a key that was planted plants no other that stays",
        (KEYS_END,),
    ),
    Bug(
        "turned_and_not_vouched_for",
        "src/brimful/notices/sql/change_webhook_endpoint.sql",
        "array(select distinct v from unnest(vouched_by || $8::uuid[]) v)",
        "coalesce(vouched_by, $8::uuid[])",
        "R40: whoever says where an endpoint sends to hears of nobody that moved away",
        (
            f"{AFTER_MOVES}::test_r40_endpoints_that_the_old_seller_opened_or_changed_end_with_a_move",
        ),
    ),
    Bug(
        "recalled_from_elsewhere",
        "src/brimful/api/routes/accounts.py",
        "    if not is_in_scope(target.principal, found):\n",
        "    if False:\n",
        "R40: a request that is sent again shows nobody that has left",
        (f"{AFTER_MOVES}::test_r40_a_key_sent_again_does_not_show_who_has_left",),
    ),
    Bug(
        "asked_before_the_move",
        f"{USECASES}/in_scope.py",
        "    if by is not None and not await keys.stands(tx, by.key_id):\n",
        "    if False:\n",
        "R40: a key that ended meanwhile leaves no other behind",
        (f"{AFTER_MOVES}::test_r40_r46_a_key_that_ends_with_a_move_issues_none_after_it",),
    ),
    Bug(
        "let_go_by_whoever_owes_it",
        f"{USECASES}/clear_debt.py",
        "    return above in creditor.ancestors and above != debt.account_id\n",
        "    return above in creditor.ancestors\n",
        "R25, R46: nobody lets go of what it owes itself",
        ("tests/api/test_refunds.py::test_r25_r46_who_owes_a_debt_does_not_clear_it_from_above",),
    ),
    Bug(
        "revoked_and_still_spending",
        f"{TABLES}/138_lock_spenders.sql",
        "where k.secret_hash = g.secret_hash and k.revoked_at is null and not k.read_only limit 1",
        "where k.secret_hash = g.secret_hash and not k.read_only limit 1",
        "R40: a key that was revoked spends nothing",
        (f"{WITH_KEYS}::test_r40_a_key_spends_what_its_account_and_those_below_have",),
    ),
    Bug(
        "twins_with_any_key",
        "src/brimful/effects/in_line.py",
        "new.credits, new.secret_hash)",
        "new.credits, None)",
        "R40: the answer to one who may is not told to one who may not",
        (f"{WITH_KEYS}::test_r39_r40_the_same_spend_with_a_key_that_may_not",),
    ),
    Bug(
        "a_spend_inside_a_body",
        "src/brimful/api/spend_protocol.py",
        "        if not self._in_parts and (cycle is None or cycle.response_complete):\n",
        "        if cycle is None or cycle.response_complete:\n",
        "R39: what is sent as a body debits nobody",
        (f"{WHOLE}::test_r39_a_spend_inside_a_body_that_nobody_read_is_none",),
    ),
    Bug(
        "overtaken_on_a_connection",
        "src/brimful/api/spend_protocol.py",
        "        if isinstance(cycle, _Whole) and not cycle.response_complete:\n",
        "        if isinstance(cycle, _Whole) and cycle.disconnected:\n",
        "R39: requests of a connection are answered in their order",
        (f"{WHOLE}::test_r39_what_comes_behind_one_that_is_settled_waits",),
    ),
    Bug(
        "any_header_at_all",
        "src/brimful/api/plain_requests.py",
        "        elif name not in _UNREAD and (name, value) != _KEPT:\n",
        "        elif not name:\n",
        "R39: where a request ends is said by its length alone",
        (f"{WHOLE}::test_r39_what_might_be_read_otherwise_is_not_read",),
    ),
    Bug(
        "a_request_of_every_byte",
        "src/brimful/api/connection.py",
        "            if self.pipeline:\n",
        "            if False:\n",
        "R39: nobody fills the memory over one connection",
        (f"{WAITS}::test_r39_of_thousands_that_are_sent_in_one_go_few_wait",),
    ),
    Bug(
        "decoded_for_anybody",
        "src/brimful/api/limits.py",
        "        await find_out_who_asks(scope)\n",
        "        pass\n",
        "R39: nobody keeps the server busy without a key",
        (f"{NO_KEY}::test_r40_a_batch_is_decoded_for_whom_may_command",),
    ),
    Bug(
        "a_drop_now_and_then",
        "src/brimful/api/connection.py",
        "        if self._timer is None and self._owes():\n",
        "        self._arrived()\n        if self._owes():\n",
        "R39: nobody keeps a connection by sending next to nothing",
        (f"{SILENCE}::test_r39_a_drop_now_and_then_is_no_request",),
    ),
    Bug(
        "cut_off_while_served",
        "src/brimful/api/connection.py",
        "        idle = self.cycle is None or self.cycle.response_complete\n",
        "        idle = True\n",
        "R39: whoever waits for an answer gets it",
        (f"{SILENCE}::test_r39_who_is_waited_for_is_not_who_is_slow",),
    ),
    Bug(
        "read_on_by_whoever_is_done",
        "src/brimful/api/connection.py",
        "        if not self.holds:\n            super()",
        "        if True:\n            super()",
        "R39: nothing more is read while something waits",
        (f"{WAITS}::test_r39_nothing_more_is_read_while_something_waits",),
    ),
    Bug(
        "anybodys_balance",
        "src/brimful/ledger/sql/find_stocks.sql",
        "k.account_id = any (a.ancestors)",
        "true",
        "R40: what is above an account, or beside it, it does not see",
        (f"{BALANCES}::test_r40_both_ways_answer_alike_to_everybody",),
    ),
    Bug(
        "a_balance_with_a_revoked_key",
        "src/brimful/ledger/sql/find_stocks.sql",
        " and k.revoked_at is null",
        "",
        "R40: a key that was revoked sees nothing from then on",
        (f"{BALANCES}::test_r40_both_ways_answer_alike_to_everybody",),
    ),
)
