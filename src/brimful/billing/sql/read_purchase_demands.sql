select p.demand_id, p.child_id, p.short_credits, p.short_chatbots, p.allocated_minor, d.kind, d.operation_id, d.state,
       d.credits, d.chatbots, d.seq, a.name as child_name
from purchase_demand p
join demand d on d.tenant_id = p.tenant_id and d.demand_id = p.demand_id
left join account a on a.tenant_id = p.tenant_id and a.account_id = p.child_id
where p.tenant_id = $1 and p.purchase_id = $2
order by d.seq;
