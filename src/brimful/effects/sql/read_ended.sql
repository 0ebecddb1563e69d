-- What callers may be told by now. A purchase being cancelled that only held its card has failed, whatever
-- the gateway says next; one whose charge may have been taken has not, until the cancellation is known (R22).
with asked as (
    select * from unnest($1::uuid[], $2::uuid[]) as a (tenant_id, operation_id)
)
select a.operation_id, s.state, s.reason, s.balance_after
from asked a join spend s on s.tenant_id = a.tenant_id and s.spend_id = a.operation_id
where s.state <> 'waiting'
union all
select a.operation_id, p.state, p.reason, null::bigint
from asked a join purchase p on p.tenant_id = a.tenant_id and p.purchase_id = a.operation_id
where p.state in ('delivered', 'failed') or (p.state = 'canceling' and p.mode <> 'charge')
union all
select a.operation_id, c.state, c.reason, null::bigint
from asked a join chatbot c on c.tenant_id = a.tenant_id and c.chatbot_id = a.operation_id
where c.state <> 'waiting'
union all
select a.operation_id, r.state, r.code, null::bigint
from asked a join refund r on r.tenant_id = a.tenant_id and r.refund_id = a.operation_id
where r.state not in ('requested', 'pending') or r.state = 'pending' and r.lease_until = '-infinity';
