"""Bugs in sellers' accounts that are closed to us, in amounts that a card can pay, in cards saved on
pages, in owners who come back from the bank, and in seats that come back (R10, R26, R27, R29, R31)."""

from tests.seeded_bugs.bug import BILLING, DOMAIN, EFFECTS, GATEWAYS, TABLES, USECASES, Bug

BUGS = (
    Bug(
        "renewed_at_a_closed_account",
        f"{USECASES}/renew.py",
        "    if amount_minor and payer.disconnected_at is not None:\n",
        "    if False:\n",
        "R10, R35: renewals stay due while their seller's gateway account is closed to us",
        (
            "tests/usecases/test_disconnected.py::test_r10_r35_renewals_stay_due_and_are_done_when_it_is_over",
        ),
    ),
    Bug(
        "bought_at_a_closed_account",
        f"{USECASES}/buy_line.py",
        "    if facts.disconnected_at is not None and line.amount_minor > 0:\n",
        "    if False:\n",
        "R10: nothing is begun that a closed account would have to charge",
        (
            "tests/usecases/test_disconnected.py::test_r10_r18_a_purchase_by_hand_is_refused_neutrally_and_begins_nothing",
        ),
    ),
    Bug(
        "reading_of_before_ends_it",
        f"{BILLING}/end_disconnection.sql",
        " and noted_real_at < $3\n",
        " and (noted_real_at < $3 or true)\n",
        "R10: only a reading asked for after the last 'closed' ends the fact",
        ("tests/usecases/test_disconnected.py::test_r10_a_reading_of_before_ends_nothing",),
    ),
    Bug(
        "closed_account_event_believed",
        f"{EFFECTS}/handle_account_event.py",
        "    outcome = await driver.connections.read_account(account_ref=hint.account_ref)\n",
        "    outcome = await driver.connections.read_account(account_ref=hint.account_ref)\n"
        "    if hint.kind != SAYS_CHANGED:\n"
        "        outcome = Disconnected()\n",
        "R45: an account is closed when a reading says so, not when an event does",
        ("tests/events/test_accounts.py::test_r45_an_event_that_a_reading_contradicts_is_refused",),
    ),
    Bug(
        "page_card_recorded_twice",
        f"{USECASES}/record_page_card.py",
        "        if now.method_id is not None:\n",
        "        if False:\n",
        "R27: the card of a page is recorded once, whoever says that the page is done",
        (
            "tests/events/test_pages_done.py::test_r27_whoever_says_it_first_the_card_is_recorded_once",
        ),
    ),
    Bug(
        "page_of_another_gateway_account",
        f"{DOMAIN}/event.py",
        "    return None if hint.account_ref == account_ref else Verdict.other_account\n",
        "    return None\n",
        "R45: a page is of the gateway account under which we made it",
        ("tests/events/test_pages_done.py::test_r45_hostile_pages_bring_no_card_to_anybody",),
    ),
    Bug(
        "page_of_another_account",
        f"{BILLING}/read_card_page.sql",
        "p.account_id = $2",
        "(p.account_id = $2 or true)",
        "R27: a page brings a card to the account that it was made for, and to no other",
        (
            "tests/api/test_hosted_pages.py::test_r27_a_card_is_saved_by_a_page_for_its_own_account_alone",
        ),
    ),
    Bug(
        "krona_charged_as_hundredths",
        f"{GATEWAYS}/stripe/units.py",
        '_FINER = {"ISK": 100, "UGX": 100}\n',
        "_FINER: dict[str, int] = {}\n",
        "R26: what is charged is the price, however the gateway writes it",
        ("tests/gateways/stripe/test_amounts.py::test_r26_what_a_card_pays_is_the_price",),
    ),
    Bug(
        "prorated_between_the_steps",
        "src/brimful/billing/offers.py",
        "            step_minor=charge_step_minor(self.currency),\n",
        "            step_minor=1,\n",
        "R26, R37: what is prorated is rounded to what a card can be charged",
        (
            "tests/gateways/stripe/test_amounts.py::test_r37_chatbots_in_mid_period_are_charged_in_steps",
        ),
    ),
    Bug(
        "price_between_the_steps_published",
        f"{USECASES}/publish_package.py",
        "    if price_minor % step:\n",
        "    if False:\n",
        "R26: a price that no card can be charged is not published",
        (
            "tests/gateways/stripe/test_amounts.py::test_r26_prices_that_no_card_can_pay_are_not_published",
        ),
    ),
    Bug(
        "unchargeable_price_bought",
        f"{USECASES}/buy_line.py",
        "    if uncharged := cannot_charge(facts, line):\n"
        "        return Stopped(reason=uncharged.reason, detail=uncharged.detail)\n",
        "",
        "R26: what no card can be charged is refused before anything is written",
        (
            "tests/usecases/test_chargeable.py::test_r26_an_old_price_between_the_steps_is_refused_when_it_is_bought",
        ),
    ),
    Bug(
        "unchargeable_cover_planned",
        f"{DOMAIN}/sizing.py",
        "            breach = self._not_chargeable(cover, seats)\n",
        "            breach = None\n",
        "R26: auto-billing plans no charge that is more than one can be of",
        ("tests/domain/test_chargeable.py::test_r26_what_is_too_much_by_itself_is_refused",),
    ),
    Bug(
        "renewals_in_too_large_a_charge",
        f"{USECASES}/renewal_lines.py",
        "        if amount_minor + owed_minor <= most_minor:\n",
        "        if amount_minor + owed_minor:\n",
        "R26, R35: renewals that are too much for one charge are charged one by one",
        (
            "tests/usecases/test_chargeable.py::test_r26_r35_renewals_that_are_too_much_together_are_charged_one_by_one",
        ),
    ),
    Bug(
        "refused_amount_is_an_outage",
        f"{USECASES}/record_payment.py",
        "    elif code in OF_THE_AMOUNT:\n",
        "    elif False:\n",
        "R26, R29: an amount that the gateway does not charge is no outage of it",
        (
            "tests/gateways/stripe/test_amounts.py::test_r26_an_amount_that_the_gateway_does_not_charge_is_no_outage",
        ),
    ),
    Bug(
        "owners_return_believed",
        "src/brimful/api/routes/authentications.py",
        "async def come_back(reference: str, engine: EngineDep) -> Response | dict[str, Any]:\n"
        '    """How the payment stands is asked of the gateway; what the address\'s query says is not read."""\n'
        "    await engine.follow_clock()\n",
        'async def come_back(reference: str, engine: EngineDep, redirect_status: str = "") -> Any:\n'
        "    from brimful.billing import purchases\n"
        "    from brimful.domain.payment import Captured\n"
        "    from brimful.usecases.come_back import read_return\n"
        "    from brimful.usecases.record_payment import record_payment\n\n"
        "    back = await read_return(engine.ctx.db, reference)\n"
        '    if back is not None and redirect_status == "succeeded":\n'
        "        ids = back.tenant_id, back.purchase_id\n"
        "        one = await purchases.read_purchase(engine.ctx.db, *ids)\n"
        "        captured = Captured(\n"
        "            payment_id=one.payment_id, amount_minor=one.charge_minor, currency=one.currency\n"
        "        )\n"
        "        moment = engine.clock.moment()\n"
        "        await record_payment(\n"
        "            engine.ctx, tenant_id=ids[0], purchase_id=ids[1], outcome=captured, moment=moment\n"
        "        )\n"
        "    await engine.follow_clock()\n",
        "R29, R45: what a browser says of a payment is not believed",
        (
            "tests/gateways/stripe/test_owner_returns.py::test_r29_the_owner_goes_to_the_bank_and_comes_back",
        ),
    ),
    Bug(
        "seat_stays_paused",
        f"{USECASES}/fail_purchase.py",
        "        effects.extend(await offer(tx, purchase.tenant_id, purchase.seller_id, moment))\n",
        "        where = {'tenant_id': purchase.tenant_id, 'account_id': purchase.seller_id}\n"
        "        await demands.offer_stock(tx, **where, moment=moment)\n",
        "R31: a seat that a failed purchase gives back goes to the seller's own paused chatbot",
        (
            "tests/usecases/test_period_end.py::test_r31_a_seat_bought_for_a_purchase_that_failed_goes_to_the_agencys_paused_chatbot",
        ),
    ),
    Bug(
        "seat_used_twice",
        f"{TABLES}/170_return.sql",
        "        perform move_v1(p_tenant, p_account, 'chatbots', 'resume', 'free', 'used', 1, v_chatbot, p_at);\n",
        "",
        "R31: a chatbot that comes back takes a free seat, which is not sold to another",
        (
            "tests/usecases/test_period_end.py::test_r31_a_seat_bought_for_a_purchase_that_failed_goes_to_the_agencys_paused_chatbot",
        ),
    ),
)
