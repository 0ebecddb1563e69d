"""Bugs in who keeps whom waiting, and in what stands from one step to the next (R20, R24, R35, R36, R38, R39)."""

from tests.seeded_bugs.bug import DOMAIN, EFFECTS, USECASES, Bug

FOLLOWING = "tests/usecases/test_following.py"
COMES_FREE = "tests/usecases/test_pool_comes_free.py"

BUGS = (
    Bug(
        "batches_beside_the_places",
        f"{EFFECTS}/spending.py",
        "        async with self.following.place(asked[0][0].account_id, within_s) as came:\n",
        "        many = type(self.following._places)(100, 100)\n"
        "        async with many.place(asked[0][0].account_id) as came:\n",
        "R20: those who are short take no connection from those who are not",
        (f"{FOLLOWING}::test_r20_batches_share_the_places_of_all",),
    ),
    Bug(
        "given_up_one_by_one",
        f"{EFFECTS}/giving_up.py",
        "AT_ONCE, TOGETHER = 4, 500\n",
        "AT_ONCE, TOGETHER = 4, 1\n",
        "R20: whoever waits is answered when its wait is over",
        (f"{FOLLOWING}::test_r20_a_batch_whose_wait_is_over_is_given_up_at_once",),
    ),
    Bug(
        "full_for_everybody",
        f"{EFFECTS}/gatherer.py",
        " and self._keeps_out(news)",
        "",
        "R39: who fills the line keeps out nobody else",
        ("tests/usecases/test_gatherer.py::test_r39_who_fills_the_line_keeps_out_nobody_else",),
    ),
    Bug(
        "a_key_with_two_spends",
        "src/brimful/api/routes/spend_batches.py",
        "    second = _let_one_have_each_key(asked)\n",
        "    second: set[int] = set()\n",
        "R39: one key is one spend",
        ("tests/api/test_spend_batches.py::test_r39_a_key_for_two_spends_is_taken_by_the_first",),
    ),
    Bug(
        "confirmed_on_a_lease_that_is_over",
        f"{EFFECTS}/drive.py",
        " if lasts else None\n",
        "\n",
        "R24: whoever drives a purchase has its lease",
        (
            "tests/usecases/test_stale_answers.py::test_r24_a_lease_that_is_half_over_is_renewed_before_the_payment_is_confirmed",
        ),
    ),
    Bug(
        "hold_that_ends_wakes_nobody",
        f"{USECASES}/end_hold.py",
        "*effects_of(tenant_id, moved), *woken)",
        "*effects_of(tenant_id, moved))",
        "R35: a renewal that lacked credits is made at once when the pool fills",
        (f"{COMES_FREE}::test_r35_a_hold_that_ends_brings_what_was_put_off",),
    ),
    Bug(
        "given_up_spend_wakes_nobody",
        f"{USECASES}/spend_credits.py",
        "(*effects_of(tenant_id, moved), *woken)",
        "effects_of(tenant_id, moved)",
        "R35: a renewal that lacked credits is made at once when the pool fills",
        (f"{COMES_FREE}::test_r35_a_spend_that_is_given_up_brings_what_was_put_off",),
    ),
    Bug(
        "untold_lease_charged",
        f"{DOMAIN}/holding.py",
        "        return self.credits if self.leased and self.told else self.captured\n",
        "        return self.credits if self.leased else self.captured\n",
        "R38: what could not be spent is not charged",
        (
            "tests/usecases/test_lease_time.py::test_r38_a_lease_that_nobody_was_told_of_is_given_back",
        ),
    ),
    Bug(
        "what_has_ended_shown_as_free",
        "src/brimful/ledger/sql/find_stocks.sql",
        "b.free - ended_credits_v1(b, $3) as free",
        "b.free",
        "R36: what has ended is free to nobody, whether or not a job has run",
        (
            "tests/api/test_ended_credits.py::test_r36_r39_what_has_ended_is_shown_as_free_by_neither_way",
        ),
    ),
)
