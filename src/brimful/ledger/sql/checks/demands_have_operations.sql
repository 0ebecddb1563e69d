-- No demand outlives its operation, and no operation waits without its demand.
select d.tenant_id, format('demand %s is %s, its %s is %s', d.demand_id, d.state, d.kind, coalesce(s.state, p.state, c.state, 'missing')) as detail
from demand d
left join spend s on d.kind = 'spend' and s.tenant_id = d.tenant_id and s.demand_id = d.demand_id
left join purchase p on d.kind = 'purchase' and p.tenant_id = d.tenant_id and p.purchase_id = d.operation_id
left join chatbot c on d.kind = 'chatbot' and c.tenant_id = d.tenant_id and c.chatbot_id = d.operation_id
where (d.state = 'waiting' and coalesce(s.state, c.state, p.state, 'missing') <> 'waiting')
   or (d.state = 'met' and coalesce(p.state, 'missing') not in ('planned', 'created', 'authenticating', 'capturing', 'canceling'))
   or (d.state = 'consumed' and d.kind = 'purchase' and p.state <> 'delivered')
union all
select p.tenant_id, format('purchase %s waits without a demand', p.purchase_id)
from purchase p
left join demand d on d.tenant_id = p.tenant_id and d.demand_id = p.demand_id and d.state = 'waiting'
where p.state = 'waiting' and d.demand_id is null;
