"""Bugs of the kind that lose or double money, each a textual change of our own code.

Every one was found in public in some product, or is what a hasty change here would bring. ``old`` occurs
once in its file; ``tests`` are those that should notice it before any seed does. What only shows between
two statements is looked for in seeds that keep whoever comes to the second, ``at`` it.
"""

from dataclasses import dataclass

USECASES = "src/brimful/usecases"
EFFECTS = "src/brimful/effects"
BILLING = "src/brimful/billing/sql"
TABLES = "src/brimful/db/migrations/0001_ground"


@dataclass(frozen=True, slots=True)
class Bug:
    """One change of one file, and what it breaks."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()
    at: str | None = None


BUGS = (
    Bug(
        "timeout_is_failure",
        f"{EFFECTS}/drive.py",
        "    outcome = await ask(driver.gateway, purchase, fresh=fresh, real_at=driver.now().real_at)\n",
        "    outcome = await ask(driver.gateway, purchase, fresh=fresh, real_at=driver.now().real_at)\n"
        "    if isinstance(outcome, Unknown) and purchase.payment_id:\n"
        "        from brimful.domain.payment import Canceled\n\n"
        "        outcome = Canceled(payment_id=purchase.payment_id)\n",
        "R22: unknown is not failed",
    ),
    Bug(
        "cancel_omitted",
        f"{EFFECTS}/drive.py",
        "    return await gateway.cancel(\n",
        "    if purchase.payment_id:\n"
        "        from brimful.domain.payment import Canceled\n\n"
        "        return Canceled(payment_id=payment_id)\n"
        "    return await gateway.cancel(\n",
        "R22: cancelled at the gateway before failure is recorded",
    ),
    Bug(
        "asked_again_for_ever",
        "src/brimful/domain/resending.py",
        "RESEND_FOR = timedelta(hours=23)",
        "RESEND_FOR = timedelta(days=365)",
        "R22: no money request later than 23 hours after its first try",
    ),
    Bug(
        "overtaken_row_asked_for",
        f"{EFFECTS}/drive.py",
        "        if not purchase.driven:\n",
        "        if False:\n",
        "R17: what another has delivered between the claim and the reading is not given back",
        at="billing.read_purchases",
    ),
    Bug(
        "key_left_random",
        f"{EFFECTS}/drive.py",
        'idempotency_key=f"create-{purchase.gateway_account}-{purchase.charge_id}",',
        'idempotency_key=__import__("brimful.db.ids").db.ids.new_id().hex,',
        "R22: a key names the account and the attempt",
    ),
    Bug(
        "grant_before_capture",
        f"{USECASES}/record_payment.py",
        "                created[purchase.purchase_id] = payment_id\n",
        "                created[purchase.purchase_id] = payment_id\n"
        '                if purchase.mode == "charge":\n'
        "                    effects += await deliver(tx, purchase, moment)\n",
        "R17, R23: granted once captured",
    ),
    Bug(
        "declined_is_failed_at_once",
        f"{USECASES}/record_card_result.py",
        '    await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)\n',
        '    await purchases.set_state(tx, purchase, "failed", reason=reason, moment=moment)\n',
        "R22: a declined payment is cancelled first",
    ),
    Bug(
        "given_up_without_cancelling",
        f"{USECASES}/give_up.py",
        '            tx, purchase, "canceling", reason=Reason.gateway_unavailable, moment=moment\n',
        '            tx, purchase, "failed", reason=Reason.gateway_unavailable, moment=moment\n',
        "R22: an outage leaves nothing that may still take money",
    ),
    Bug(
        "stock_not_reserved_with_the_grant",
        f"{USECASES}/deliver.py",
        "    granted, _ = await balances.read_stock(tx, tenant_id, buyer_id)\n"
        "    moved = await demands.offer_stock(tx, tenant_id=tenant_id, account_id=buyer_id, "
        "moment=moment)\n",
        "    granted, _ = await balances.read_stock(tx, tenant_id, buyer_id)\n    moved = []\n",
        "R17: reserved in the transaction of the grant",
        ("tests/usecases/test_order_of_things.py",),
    ),
    Bug(
        "reservation_not_honoured",
        f"{TABLES}/110_demand.sql",
        "        v_credits := least(b.free, d.credits - d.reserved_credits);\n",
        "        v_credits := least(b.free, d.credits);\n",
        "R17: a demand takes what it lacks, no more",
    ),
    Bug(
        "pending_although_it_was_debited",
        "src/brimful/wiring.py",
        "            else:\n                row = await self.waiters.wait(tenant_id, answer.spend_id, 1)\n",
        "",
        "R20: whoever hears that it is pending was not debited",
    ),
    Bug(
        "abandoned_spend_completed",
        f"{TABLES}/140_spend.sql",
        "    perform end_demand_v1(p_tenant, v_demand, 'abandoned', 'auto_billing_pending', p_at);\n"
        "    return true;\n",
        "    update spend set state = 'waiting' where tenant_id = p_tenant and spend_id = p_spend;\n"
        "    return true;\n",
        "R20: abandoned by compare-and-set",
    ),
    Bug(
        "spend_key_forgotten",
        f"{TABLES}/140_spend.sql",
        "    elsif found and s.state in ('done', 'waiting') then\n",
        "    elsif found and s.state = 'waiting' then\n",
        "R39: a key is debited once",
    ),
    Bug(
        "purchase_key_forgotten",
        f"{USECASES}/buy_package.py",
        '            if before is not None and before.state != "failed":\n',
        '            if before is not None and before.state == "delivered":\n',
        "R39: a key buys once, one that is under way included",
    ),
    Bug(
        "other_body_accepted",
        f"{TABLES}/140_spend.sql",
        "    if found and s.body_hash <> p_hash then\n",
        "    if false then\n",
        "R39: the same key with another body is an error",
    ),
    Bug(
        "cap_counts_what_is_known_only",
        f"{BILLING}/read_spent.sql",
        "p.automatic and p.state <> 'failed'",
        "p.automatic and p.state = 'delivered'",
        "R28: unknown outcomes count as spent",
    ),
    Bug(
        "caps_not_checked",
        "src/brimful/domain/sizing.py",
        "            self._buyer.limits, self._buyer.spent, _amount(cover, seats)\n",
        "            type(self._buyer.limits)(), self._buyer.spent, _amount(cover, seats)\n",
        "R28: caps are checked where the intent is made",
        ("tests/domain/test_sizing.py", "tests/domain/test_caps.py"),
    ),
    Bug(
        "cap_per_charge_off_by_one_pack",
        "src/brimful/domain/caps.py",
        "    if limits.per_charge_minor is not None and charge > limits.per_charge_minor:\n",
        "    if limits.per_charge_minor is not None and charge > 2 * limits.per_charge_minor:\n",
        "R28: never passed by a minor unit",
        ("tests/domain/test_caps.py",),
    ),
    Bug(
        "charged_after_switching_off",
        f"{USECASES}/set_auto_billing.py",
        "        if before.enabled and not setting.enabled:\n",
        "        if False:\n",
        "R27: switching off is immediate, what is under way included",
        ("tests/usecases/test_consent_and_cards.py",),
    ),
    Bug(
        "switch_not_looked_at",
        "src/brimful/domain/sizing.py",
        "    reason = may_buy(buyer, at)\n",
        "    reason = None\n",
        "R27: nothing is bought by who is switched off",
        ("tests/domain/test_sizing.py",),
    ),
    Bug(
        "recorded_twice",
        f"{USECASES}/record_payment.py",
        "    if purchase.ended:\n        if isinstance(outcome, Captured)",
        "    if False:\n        if isinstance(outcome, Captured)",
        "R23: granted once, whichever of reply and event comes first",
    ),
    Bug(
        "recorded_without_a_lock",
        f"{BILLING}/lock_purchases.sql",
        "order by purchase_id for update;",
        "order by purchase_id;",
        "R23: recording is a compare-and-set under lock",
    ),
    Bug(
        "pools_not_locked",
        "src/brimful/ledger/sql/lock_pools.sql",
        "select lock_pools_v1($1, $2::uuid[]);",
        "select $1::uuid, $2::uuid[];",
        "R17: whoever changes several things of a pool locks it first",
    ),
    Bug(
        "two_at_once",
        f"{USECASES}/plan_auto_billing.py",
        "    if await purchases.is_at_gateway(tx, tenant_id, account_id):\n        return effects\n",
        "",
        "R19: one open auto-billing per account",
    ),
    Bug(
        "reservation_leaks",
        f"{USECASES}/fail_purchase.py",
        "    if purchase.demand_id is not None:\n",
        "    if False:\n",
        "R20: no reservation outlives its operation",
    ),
    Bug(
        "nobody_takes_over",
        f"{BILLING}/find_due_purchases.sql",
        "wake_real_at <= $1 and lease_until <= $1",
        "wake_real_at <= $1 and lease_until = '-infinity'",
        "R24: another process finishes what one that died had begun",
    ),
    Bug(
        "cancelling_never_resumed",
        f"{BILLING}/find_due_purchases.sql",
        "'capturing', 'canceling')",
        "'capturing')",
        "R24: what is to be undone is undone",
    ),
    Bug(
        "swept_never",
        f"{USECASES}/sweep.py",
        "    for row in overdue:\n",
        "    for row in overdue[:0]:\n",
        "R20: nothing outlives its operation",
    ),
    Bug(
        "clients_hear_of_the_agency",
        "src/brimful/domain/reason.py",
        "    return Reason.temporarily_unavailable\n",
        "    return reason\n",
        "R18: a seller's troubles never reach a client",
        ("tests/usecases/test_neutral_answers.py",),
    ),
    Bug(
        "captured_before_the_seller_has_it",
        f"{USECASES}/record_payment.py",
        "    await payments.queue(tx, tenant_id, met, moment)\n",
        "    await payments.queue(tx, tenant_id, dict.fromkeys(met, True), moment)\n",
        "R17: a hold is captured once the stock is reserved",
    ),
    Bug(
        "hold_not_given_back",
        f"{TABLES}/130_offer.sql",
        "                update purchase set state = 'canceling', reason = p_child_reason",
        "                update purchase set state = 'failed', reason = p_child_reason",
        "R17: if a step fails, holds are released",
    ),
    Bug(
        "bought_other_than_checked",
        "src/brimful/domain/sizing.py",
        "        cover, seats = self.cover(self.credits), self.seats(self.chatbots)\n        lines",
        "        cover, seats = self.cover(self.credits + 900), self.seats(self.chatbots)\n        lines",
        "R12, R28: what was checked is what is bought",
    ),
    Bug(
        "renewed_again_and_again",
        f"{TABLES}/150_deliver.sql",
        "else excluded.wake_at end",
        "else subscription.wake_at end",
        "R34: nothing is renewed twice, and nothing too late",
    ),
    Bug(
        "given_back_while_it_is_charged",
        f"{USECASES}/release_holds.py",
        '        if purchase.state == "waiting":\n',
        "        if purchase.demand_id is not None:\n",
        "R17: a reservation is given back once the cancellation is confirmed",
    ),
    Bug(
        "other_callers_forgotten",
        f"{USECASES}/spend_credits.py",
        "        await spends.extend_wait(ctx.db, new.tenant_id, tried.spend_id, "
        "_answer_by(moment, wait_ms))\n",
        "",
        "R20: a spend waits for the last of those who sent its key",
    ),
    Bug(
        "leases_ignored",
        f"{BILLING}/claim_purchases.sql",
        "and (p.lease_until <= $3 or p.fence = t.fence)\n    order",
        "and (p.lease_until <= $3 or p.fence = t.fence or true)\n    order",
        "R24: one process drives a purchase at a time",
    ),
)
