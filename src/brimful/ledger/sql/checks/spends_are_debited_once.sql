select s.tenant_id, format('spend %s of %s is %s, debited %s', s.spend_id, s.credits, s.state, coalesce(e.amount, 0)) as detail
from spend s
left join (
    select tenant_id, operation_id, sum(amount) as amount from entry
    where kind = 'spend' and target = 'used' group by 1, 2
) e on e.tenant_id = s.tenant_id and e.operation_id = s.spend_id
where coalesce(e.amount, 0) <> case when s.state = 'done' then s.credits else 0 end;
