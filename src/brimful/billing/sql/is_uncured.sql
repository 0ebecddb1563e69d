select exists (
    select 1 from purchase_demand s
    join demand d on d.tenant_id = s.tenant_id and d.demand_id = s.demand_id
    where s.tenant_id = $1 and s.purchase_id = $2 and d.state = 'waiting'
);
