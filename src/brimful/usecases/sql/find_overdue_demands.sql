-- Demands that wait for nobody any more: a spend's caller was due its answer, or the time of a reservation is over.
select d.tenant_id, d.account_id, d.demand_id, d.registered_real_at < $2 as is_over
from demand d
left join spend s on s.tenant_id = d.tenant_id and s.spend_id = d.operation_id and d.kind = 'spend'
where d.state = 'waiting' and (s.answer_by < $1 or d.registered_real_at < $2)
order by d.registered_real_at
limit $3;
