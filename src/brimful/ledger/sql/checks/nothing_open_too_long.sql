-- Nothing is open too long: a purchase ends within an hour, a demand with its reservation; a refund is known or given up
-- before its gateway forgets the key (R22); a hold of credits ends with its time (R38).
select tenant_id, format('purchase %s is %s since %s', purchase_id, state, planned_real_at) as detail
from purchase
where state not in ('delivered', 'failed') and planned_real_at < now() - interval '1 hour'
union all
select tenant_id, format('demand %s is %s since %s', demand_id, state, registered_real_at)
from demand
where state in ('waiting', 'met') and registered_real_at < now() - interval '1 hour'
union all
select tenant_id, format('refund %s is %s since %s', refund_id, state, requested_real_at)
from refund
where state = 'requested' and requested_real_at < now() - interval '25 hours'
union all
select tenant_id, format('hold %s of %s credits was to end at %s', hold_id, held, ends_real_at)
from credit_hold
where state = 'standing' and ends_real_at < now() - interval '1 hour';
