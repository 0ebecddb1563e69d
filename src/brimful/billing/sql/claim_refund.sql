-- A lease in real time; what is recorded under it is compared with the state again (R24).
update refund r set lease_until = $4, tries = r.tries + 1
from purchase p
join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id and c.state = 'captured'
where r.tenant_id = $1 and r.refund_id = $2 and r.wake_real_at <= $3 and r.lease_until <= $3
  and p.tenant_id = $1 and p.purchase_id = r.purchase_id
returning r.refund_id, r.purchase_id, r.state, r.amount_minor, r.currency, r.tries, r.requested_real_at, c.gateway_account, c.payment_id;
