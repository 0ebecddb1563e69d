"""For each check of the audit: changes to a world's rows that contradict the books in its way.

Each respects the constraints of the tables, which would refuse it otherwise; only the audit sees it.
"""

TAMPERINGS: dict[str, dict[str, str]] = {
    "allocations_add_up": {
        "a cent too much": "update purchase_demand set allocated_minor = allocated_minor + 1",
    },
    "archive_matches_carried": {
        "an archived entry is gone": "delete from archive.entry where kind = 'spend'",
        "an archived entry of another amount": (
            "update archive.entry set amount = amount + 1 where kind = 'spend'"
        ),
        "another balance after an archived entry": (
            "update archive.entry set free_after = free_after + 1"
        ),
        "archived with another number": "update archive.entry set seq = seq + 5 where kind = 'spend'",
        "carried more": "update archived_sum set amount = amount + 1 where place = 'used'",
        "a run is forgotten": "delete from archived_run",
    },
    "balances_match_entries": {
        "another sum was carried": "update archived_sum set amount = amount + 1 where place = 'used'",
        "moved without an entry": (
            "update balance set free = free - 1, held = held + 1 "
            "where resource = 'chatbots' and free > 0"
        ),
        "overdrawn without an entry": (
            "update balance set overdrawn = overdrawn + 1, held = held + 1 "
            "where resource = 'credits' and free > 0"
        ),
        "an entry is gone": "delete from entry where kind = 'spend'",
        "an entry of another amount": "update entry set amount = amount + 1 where kind = 'spend'",
    },
    "charges_match_purchases": {
        "charged more than the lines cost": (
            "update charge set amount_minor = amount_minor + 100 where state = 'captured'"
        ),
        "charged for no purchase": (
            "update charge set purchase_id = gen_random_uuid() where state = 'captured'"
        ),
    },
    "chatbots_are_of_the_seller": {
        "of one that sells to it no more": (
            "update transfer t set seller_id = buyer_id from account a "
            "where a.account_id = t.buyer_id and resource = 'chatbots' and kind <> 'return'"
        ),
    },
    "chatbots_have_seats": {
        "a seat without a chatbot": "update chatbot set state = 'deleted'",
        "a chatbot without a seat": (
            "insert into chatbot (tenant_id, chatbot_id, account_id, external_id, state, created_at) "
            "select tenant_id, gen_random_uuid(), account_id, 'another', state, created_at from chatbot"
        ),
    },
    "conservation": {
        "issued to nobody": (
            "update balance set issued = issued + 1, sold = sold + 1 where issued > 0"
        ),
        "used by nobody's debt": (
            "update balance set overdrawn = overdrawn + 1, sold = sold + 1 "
            "where resource = 'credits' and free > 0"
        ),
        "held by nobody's issue": (
            "update balance set received = received + 1, free = free + 1 where free > 0"
        ),
    },
    "deliveries_are_paid": {
        "delivered on a hold": "update charge set state = 'held' where state = 'captured'",
        "delivered without a charge": "delete from charge where state = 'captured'",
        "delivered and not owed": "delete from receivable",
        "owed at another price": "update receivable set amount_minor = amount_minor + 1",
        "captured and not delivered": (
            "update purchase set state = 'planned' where state = 'delivered' and mode = 'hold' "
            "and not automatic"
        ),
        "failed and not cancelled": "update charge set state = 'open' where state = 'canceled'",
    },
    "demands_have_operations": {
        "a purchase is done, its demand waits": (
            "update demand set state = 'waiting' where kind = 'purchase'"
        ),
        "a spend is done, its demand waits": (
            "update demand set state = 'waiting' where kind = 'spend'"
        ),
        "a chatbot is there, its demand waits": (
            "update demand set state = 'waiting' where kind = 'chatbot'"
        ),
        "a purchase is done, its demand is met": (
            "update demand set state = 'met', reserved_credits = credits, "
            "reserved_chatbots = chatbots where kind = 'purchase' and state = 'consumed'"
        ),
        "consumed by nothing": (
            "update demand set state = 'consumed' where kind = 'purchase' and state = 'failed'"
        ),
        "a demand of no operation": (
            "update demand set state = 'waiting', operation_id = gen_random_uuid() "
            "where kind = 'purchase'"
        ),
        "a purchase that waits for nothing": (
            "update purchase set state = 'waiting' where state = 'failed'"
        ),
    },
    "entries_chain": {
        "a run that was carried is gone": "delete from archived_run where resource = 'chatbots'",
        "a run of other numbers": "update archived_run set last_seq = last_seq + 1",
        "another balance after it": "update entry set free_after = free_after + 1 where seq = 1",
        "one is missing": "delete from entry where seq = 1",
        "two have changed places": (
            "update entry set seq = case seq when 1 then -2 else -1 end where seq in (1, 2)"
        ),
        "the balance counts another": "update balance set seq = seq + 1 where resource = 'chatbots'",
    },
    "expiries_are_watched": {
        "never looked at": "update lot set expires_at = now() where free > 0",
        "looked at a day too late": (
            "with ends as (update lot set expires_at = now() where free > 0 returning account_id) "
            "update balance b set next_expiry_at = now() + interval '1 day' from ends "
            "where b.account_id = ends.account_id and resource = 'credits'"
        ),
    },
    "grants_are_bought": {
        "granted for no purchase": (
            "update transfer set operation_id = gen_random_uuid() where kind = 'purchase'"
        ),
        "granted to another than who bought": (
            "update transfer set buyer_id = seller_id where kind = 'purchase'"
        ),
        "granted by another than who sold": (
            "update transfer set seller_id = buyer_id where kind = 'purchase'"
        ),
    },
    "holds_match_entries": {
        "holds more than its lots": "update credit_hold_lot set credits = credits + 1",
        "holds less than was moved": (
            "update credit_hold set held = held - 1 where state = 'standing'"
        ),
        "charged more than was moved": (
            "update credit_hold set captured = captured + 1 where state = 'captured'"
        ),
        "ended and its lots stay pinned": (
            "update credit_hold set state = 'released', held = 0 where state = 'standing'"
        ),
        "nobody asked for it": "delete from spend where state = 'held'",
        "asked for and not there": "update spend set state = 'held' where state = 'done'",
        "another is charged for it": (
            "update credit_hold set leased = not leased where state = 'standing'"
        ),
    },
    "lots_match_balances": {
        "held by nobody": (
            "update balance set free = free - 1, held = held + 1 "
            "where resource = 'credits' and free > 0"
        ),
        "a lot lacks one": "update lot set free = free - 1 where free > 0",
        "pinned for nobody": ("update lot set free = free - 1, pinned = pinned + 1 where free > 0"),
        "frozen for nobody": ("update lot set free = free - 1, frozen = frozen + 1 where free > 0"),
        "lapsed of no balance": (
            "update lot set lapsed = lapsed + 1 where amount > free + pinned + frozen + lapsed + returned"
        ),
        "never settled": (
            "update balance set unsettled = unsettled + 1 where resource = 'credits' and free > 0"
        ),
    },
    "nothing_open_too_long": {
        "a purchase that is open since yesterday": (
            "update purchase set state = 'planned', planned_real_at = now() - interval '1 day' "
            "where state = 'failed'"
        ),
        "a demand that waits since yesterday": (
            "update demand set state = 'waiting', registered_real_at = now() - interval '1 day'"
        ),
        "a hold that outlived its time": (
            "update credit_hold set ends_real_at = now() - interval '1 day' where state = 'standing'"
        ),
        "a refund of which nobody knows": (
            "update refund set state = 'requested', requested_real_at = now() - interval '2 days'"
        ),
    },
    "payments_are_delivered": {
        "paid for more credits": (
            "update purchase_line set credits = credits + 1 where kind = 'subscription'"
        ),
        "paid for more chatbots": (
            "update purchase_line set chatbots = chatbots + 1 where kind = 'extra_chatbots'"
        ),
        "brought as a gift": "update transfer set kind = 'allotment' where kind = 'purchase'",
        "brought for another": (
            "update transfer set operation_id = gen_random_uuid() where kind = 'purchase'"
        ),
        "brought though it failed": (
            "update purchase set state = 'failed' where state = 'delivered'"
        ),
    },
    "pins_match_lots": {
        "pinned in another lot of the same account": (
            "update lot set pinned = pinned + case when pinned > 0 then -1 else 1 end, "
            "free = free + case when pinned > 0 then 1 else -1 end "
            "where pinned > 0 or free > 0"
        ),
        "pins of another lot": "update credit_hold_lot set lot_id = gen_random_uuid()",
    },
    "receivables_are_collected": {
        "costs more than its lines": "update purchase set amount_minor = amount_minor + 1",
        "collected by one that failed": (
            "update receivable set collected_by = "
            "(select purchase_id from purchase where state = 'failed' limit 1)"
        ),
        "collected by one that says nothing of it": (
            "update receivable r set collected_by = "
            "(select purchase_id from purchase p where p.buyer_id = r.account_id limit 1)"
        ),
        "collected by nobody": "update receivable set collected_by = gen_random_uuid()",
    },
    "renewals_come_up_again": {
        "forgotten": "update subscription set wake_at = null where state = 'active'",
    },
    "reservations_match_demands": {
        "a lot pinned for a demand that has ended": (
            "insert into reservation select d.tenant_id, d.demand_id, l.lot_id, 1 "
            "from demand d join lot l using (tenant_id, account_id)"
        ),
    },
    "reserved_match_demands": {
        "credits reserved for nobody": (
            "update balance set free = free - 1, reserved = reserved + 1 "
            "where resource = 'credits' and free > 0"
        ),
        "chatbots reserved for nobody": (
            "update balance set free = free - 1, reserved = reserved + 1 "
            "where resource = 'chatbots' and free > 0"
        ),
    },
    "spends_are_debited_once": {
        "debited less": "update spend set credits = credits + 1 where state = 'done'",
        "debited and refused": "update spend set state = 'refused' where state = 'done'",
        "debited twice": (
            "insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, "
            "free_after, operation_id) select tenant_id, account_id, resource, seq + 1000, at, kind, "
            "source, target, amount, free_after, operation_id from entry where kind = 'spend'"
        ),
        "debited for another": (
            "update entry set operation_id = gen_random_uuid() where kind = 'spend'"
        ),
    },
    "returns_match_lots": {
        "returned by no transfer": "update lot set returned = returned + 1 where returned > 0",
        "returned by no lot": "update transfer set amount = amount + 1 where kind = 'return'",
        "given back to another lot": (
            "update transfer_lot set lot_id = gen_random_uuid() where transfer_id in "
            "(select transfer_id from transfer where kind = 'return' and resource = 'credits')"
        ),
        "given back by nothing that came": (
            "update transfer set returns = gen_random_uuid() where kind = 'return' and resource = 'credits'"
        ),
        "given back more than was taken": (
            "update transfer_lot set credits = credits - 20 where transfer_id in "
            "(select returns from transfer where kind = 'return') and credits > 20"
        ),
    },
    "reversals_add_up": {
        "money went back and the credits stayed": (
            "insert into refund select tenant_id, gen_random_uuid(), purchase_id, charge_id, account_id, "
            "null, 1000, currency, 'elsewhere', 'succeeded', 'r', null, created_at, created_at from charge "
            "where state = 'captured' and amount_minor >= 1000"
        ),
        "a dispute that is ignored": (
            "update dispute set amount_minor = amount_minor + 500 where state = 'open'"
        ),
        "a lost dispute that is ignored": "update dispute set state = 'lost' where state = 'open'",
        "a refund that failed and took all the same": (
            "update refund set state = 'failed' where state = 'succeeded'"
        ),
        "a debt that is forgotten": "update reversal set missing = 0 where missing > 0",
        "a debt that nobody made": "update reversal set missing = missing + 1",
        "frozen without a reason": "update dispute set state = 'won' where state = 'open'",
    },
    "reversals_match_lots": {
        "frozen by no dispute": "update reversal set frozen = frozen - 1 where frozen > 0",
        "taken by no transfer": "update reversal set taken = taken + 1 where taken > 0",
        "taken by no refund": "delete from refund",
        "frozen by no refund or dispute": "delete from dispute",
    },
    "sales_match_lots": {
        "taken out of more lots": "update transfer_lot set credits = credits + 1",
        "taken out of no lots": "delete from transfer_lot",
        "taken out of nobody's lots": "update transfer_lot set lot_id = gen_random_uuid()",
        "a lot of more than was sold": "update lot set amount = amount + 1",
        "a lot of another account": (
            "update lot l set account_id = t.seller_id from transfer t where t.transfer_id = l.transfer_id"
        ),
    },
    "spent_is_explained": {
        "used by no spend": (
            "update balance set free = free - 1, used = used + 1 "
            "where resource = 'credits' and free > 0"
        ),
        "a spend is gone": "delete from spend where state = 'done'",
        "more is forgotten than was spent": "update forgotten_spend set credits = credits + 1",
        "captured and not used": (
            "update credit_hold set captured = captured + 1 where state = 'captured'"
        ),
    },
    "subscriptions_hold_chatbots": {
        "pays for chatbots that it never received": (
            "update subscription set chatbots = chatbots + 100 where state <> 'ended'"
        ),
        "emptied while something is held": (
            "update account set emptied_at = now() where account_id in "
            "(select account_id from credit_hold where state = 'standing')"
        ),
        "emptied and not empty": (
            "update account set emptied_at = now() where account_id in "
            "(select account_id from balance where free > 0)"
        ),
    },
    "transfers_match_balances": {
        "sold more": "update transfer set amount = amount + 1",
        "bought by another": "update transfer set buyer_id = seller_id",
        "sold by another": "update transfer set seller_id = buyer_id",
        "a transfer is gone": "delete from transfer",
    },
    "tree_is_whole": {
        "a seller is skipped": (
            "update account set ancestors = ancestors[1:1] || account_id "
            "where cardinality(ancestors) > 2"
        ),
        "under another seller": (
            "update account a set parent_id = p.parent_id from account p "
            "where p.account_id = a.parent_id and p.parent_id is not null"
        ),
    },
    "usage_matches_entries": {
        "an hour has more": "update usage_sum set credits = credits + 1 where grain = 'hour'",
        "an hour is missing": "delete from usage_sum where grain = 'hour'",
        "an hour that nothing used": (
            "insert into usage_sum select tenant_id, account_id, grain, starts_at - interval '5 h', 7, 7 "
            "from usage_sum where grain = 'hour'"
        ),
    },
}
