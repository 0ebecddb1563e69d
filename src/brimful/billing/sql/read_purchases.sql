select p.tenant_id, p.purchase_id, p.buyer_id, p.seller_id, p.origin, p.mode, p.state, p.reason, p.amount_minor,
       p.currency, p.credits, p.chatbots, p.demand_id, p.trigger_kind, p.explanation, p.planned_at,
       p.tries, p.step_real_at,
       c.charge_id, c.gateway, c.gateway_account, c.gateway_customer, c.gateway_method, c.fingerprint, c.card,
       c.payment_id, c.amount_minor as charge_minor, c.capture, c.state as charge_state, c.decline_code, c.decline_hard,
       c.attempted_at, p.present, p.wake_real_at
from purchase p
left join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id
where p.tenant_id = $1 and p.purchase_id = any ($2::uuid[])
order by p.purchase_id;
